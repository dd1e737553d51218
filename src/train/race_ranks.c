/* race_ranks.c - statistics of few runs (descent/race.h): exact rank-sum tests, Holm's correction, performance profiles.
 *
 *   W = sum of the mid-ranks of x among all m + n        p = min(1, 2 min(P(W' <= W), P(W' >= W)))
 *
 * W' over all choices of m of the m + n ranks, counted by the recursion c[k][s] += c[k - 1][s - r] over the ranks r, doubled
 * so that halves are whole numbers. Counts are at most (128 over 64) < 2.4e37 and positive: their sums in f64 keep 1e-13.
 *
 * Source: Mann and Whitney, Annals of Mathematical Statistics 18 (1947); Lehmann, Nonparametrics 1.2, 1.4 (ties). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/ctx.h"
#include "base/random.h"
#include "descent/race.h"
#include "kernel/math_big.h"

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* ---- quantiles --------------------------------------------------------------------------------------------------- */

/* Element k of x by size, equal ones in any order; n is small. */
static double element(int n, const double *x, int k)
{
    for (int i = 0; i < n; i++) {
        int below = 0, equal = 0;
        for (int j = 0; j < n; j++) {
            below += x[j] < x[i];
            equal += x[j] == x[i];
        }
        if (below <= k && k < below + equal) return x[i];
    }
    return NAN;
}

double ds_quantile(int n, const double *x, double q)
{
    double at = q * (n - 1), share = at - floor(at);
    double low = element(n, x, (int)floor(at));
    if (share == 0) return low;
    double high = element(n, x, (int)floor(at) + 1);
    return low == high ? low : low + share * (high - low);
}

/* ---- the rank-sum test ------------------------------------------------------------------------------------------- */

enum { BOTH = 2 * DS_RANK_LIMIT };

/* Twice the mid-ranks of x, then of y, among all of them. */
static void double_ranks(int m, const double *x, int n, const double *y, int *rank)
{
    double all[BOTH];
    memcpy(all, x, (size_t)m * sizeof *x);
    memcpy(all + m, y, (size_t)n * sizeof *y);
    for (int i = 0; i < m + n; i++) {
        int below = 0, equal = 0;
        for (int j = 0; j < m + n; j++) {
            below += all[j] < all[i];
            equal += all[j] == all[i];
        }
        rank[i] = 2 * below + equal + 1;
    }
}

/* c[k][s]: choices of k ranks with sum s. No sum of m ranks is above m times the largest. */
static double two_tails(int m, int total, const int *rank, int w)
{
    int most = 0;
    for (int i = 0; i < total; i++) most += rank[i];
    size_t width = (size_t)most + 1;
    double *c = calloc((size_t)(m + 1) * width, sizeof *c);
    if (!c) return NAN;
    c[0] = 1;
    for (int i = 0; i < total; i++)
        for (int k = i + 1 < m ? i + 1 : m; k >= 1; k--)
            for (int s = rank[i]; s <= most; s++)
                c[(size_t)k * width + (size_t)s] += c[(size_t)(k - 1) * width + (size_t)(s - rank[i])];
    double low = 0, high = 0, all = 0;
    const double *last = c + (size_t)m * width;
    for (int s = 0; s <= most; s++) {
        all += last[s];
        if (s <= w) low += last[s];
        if (s >= w) high += last[s];
    }
    free(c);
    double p = 2 * (low < high ? low : high) / all;
    return p < 1 ? p : 1;
}

static bool fits(int m, int n) { return m >= 1 && n >= 1 && m <= DS_RANK_LIMIT && n <= DS_RANK_LIMIT; }

double ds_rank_sum(int m, const double *x, int n, const double *y)
{
    int rank[BOTH], w = 0;
    if (!fits(m, n)) return NAN;
    double_ranks(m, x, n, y, rank);
    for (int i = 0; i < m; i++) w += rank[i];
    return two_tails(m, m + n, rank, w);
}

/* One choice of all, on either side. */
double ds_rank_sum_least(int m, int n)
{
    double choices = 1;
    if (!fits(m, n)) return NAN;
    for (int k = 1; k <= m; k++) choices = choices * (n + k) / k;
    return choices > 2 ? 2 / choices : 1;
}

/* ---- many tests -------------------------------------------------------------------------------------------------- */

ds_status ds_holm(int n, double *p)
{
    double *sorted = malloc((size_t)(n > 0 ? n : 1) * sizeof *sorted);
    if (!sorted) return DS_EMEM;
    memcpy(sorted, p, (size_t)(n > 0 ? n : 0) * sizeof *p);
    qsort(sorted, (size_t)(n > 0 ? n : 0), sizeof *sorted, by_size);
    for (int i = 0; i < n; i++) {
        double adjusted = 0;
        for (int k = 0; k < n && sorted[k] <= p[i]; k++) {
            double a = (n - k) * sorted[k];
            if (a > adjusted) adjusted = a;
        }
        p[i] = adjusted < 1 ? adjusted : 1;
    }
    free(sorted);
    return DS_OK;
}

/* Wins of x against y over all pairs, half for equal ones, minus those of y. */
static int lead(int n, const double *x, const double *y)
{
    int wins = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < n; j++) wins += (x[i] < y[j]) - (x[i] > y[j]);
    return wins;
}

ds_status ds_duels(ds_ctx *ctx, int k, int n, const double *value, double level, ds_duel *duel)
{
    int pairs = k * (k - 1) / 2, at = 0;
    if (n < 1 || n > DS_RANK_LIMIT)
        return ds_fail(ctx, DS_ERANGE, "%d runs of a racer: wanted 1 to %d", n, DS_RANK_LIMIT);
    double *p = malloc((size_t)(pairs > 0 ? pairs : 1) * sizeof *p);
    if (!p) return ds_fail_memory(ctx, (size_t)pairs * sizeof *p, "rank tests");
    for (int a = 0; a < k; a++)
        for (int b = a + 1; b < k; b++, at++) {
            p[at] = ds_rank_sum(n, value + a * n, n, value + b * n);
            duel[at] = (ds_duel){ a, b, p[at], 0, -1 };
        }
    for (at = 0; at < pairs && !isnan(p[at]);) at++;
    ds_status status = at == pairs ? ds_holm(pairs, p) : DS_EMEM;
    for (int i = 0; i < pairs && status == DS_OK; i++) {
        ds_duel *d = &duel[i];
        d->holm = p[i];
        if (d->holm <= level) d->ahead = lead(n, value + d->a * n, value + d->b * n) > 0 ? d->a : d->b;
    }
    free(p);
    return status == DS_OK ? DS_OK : ds_fail_memory(ctx, (size_t)pairs * sizeof *p, "rank tests");
}

int ds_duels_need(int k, double level)
{
    for (int n = 2; n <= DS_RANK_LIMIT; n++)
        if (k * (k - 1) / 2 * ds_rank_sum_least(n, n) <= level) return n;
    return 0;
}

/* ---- performance profiles ---------------------------------------------------------------------------------------- */

/* cost against the least of the workload; INFINITY where it did not get there. */
static double ratio(int racers, int workloads, const double *cost, int racer, int w)
{
    double least = INFINITY, own = cost[racer * workloads + w];
    for (int i = 0; i < racers; i++)
        if (cost[i * workloads + w] < least) least = cost[i * workloads + w];
    return isfinite(own) ? own / least : INFINITY;
}

double ds_profile_at(int racers, int workloads, const double *cost, int racer, double t)
{
    int within = 0;
    for (int w = 0; w < workloads; w++) within += ratio(racers, workloads, cost, racer, w) <= t;
    return (double)within / workloads;
}

/* rho is a staircase: each workload adds to - r. */
double ds_profile_area(int racers, int workloads, const double *cost, int racer, double to)
{
    double sum = 0;
    for (int w = 0; w < workloads; w++) {
        double r = ratio(racers, workloads, cost, racer, w);
        if (r < to) sum += to - r;
    }
    return sum / (workloads * (to - 1));
}

/* ---- rates to try ------------------------------------------------------------------------------------------------ */

static double round_to_three(double x)
{
    double unit = 1;
    while (x / unit >= 1000) unit *= 10;
    while (x / unit < 100) unit /= 10;
    return rint(x / unit) * unit;
}

double ds_race_rate(int k, int n, double lo, double hi, uint64_t seed)
{
    ds_rng r = ds_rng_at(seed, DS_FOR_RACE, 0, (uint32_t)k);
    return round_to_three(lo * ds_power(hi / lo, (k + ds_rng_uniform(&r)) / n));
}
