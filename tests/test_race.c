/* test_race.c - statistics of races: exact rank tests against SciPy 1.10 and newer (mannwhitneyu method="exact"; with equal
 * numbers permutation_test over all choices of the sum of scipy.stats.rankdata), Holm's correction by hand, rates of false
 * verdicts on runs that are drawn, performance profiles by hand. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "descent/race.h"
#include "descent/random.h"

static void close_to(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-12 * fabs(wanted))) fail_msg("found %.17g, wanted %.17g", found, wanted);
}

#define N(...)                                                                                                         \
    (int)(sizeof((double[]){ __VA_ARGS__ }) / sizeof(double)), (const double[]) { __VA_ARGS__ }
#define X(...) N(__VA_ARGS__)

static void rank_sums_are_those_of_scipy(void **state)
{
    (void)state;
    close_to(ds_rank_sum(X(2.041, -2.556, 0.418), X(0.232, 0.347, 0.584)), 1.0);
    close_to(ds_rank_sum(X(-2.02, -0.232, -0.865, 3.323, 0.226), X(0.447, 0.519, 0.132, -0.255, 0.409)),
             0.42063492063492064);
    close_to(ds_rank_sum(X(0.482, -0.239, 0.958, -0.2), X(0.824, 2.346, 1.345, 0.295, 0.617, 1.341, 2.735)),
             0.07272727272727272);
    close_to(ds_rank_sum(X(-0.27, -0.244, 1.002, -0.886, -0.292, 0.883, 0.58, 0.092),
                         X(1.47, -2.028, 1.821, -0.16, -0.869, 1.076, 1.501, 0.355)),
             0.32820512820512815);
    close_to(ds_rank_sum(X(-1.076, 0.026, -0.053, 1.406, 0.747, 0.194, 1.112, -0.206, -0.926, 0.584),
                         X(1.383, 0.585, 0.017, 1.029, -1.694, 1.49)),
             0.42782217782217785);
}

static void equal_numbers_share_their_rank(void **state)
{
    (void)state;
    close_to(ds_rank_sum(X(2, 3, 1, 1), X(4, 1, 4, 3)), 0.3142857142857143);
    close_to(ds_rank_sum(X(0, 0, 0, 2, 2), X(2, 5, 2, 2, 5, 1)), 0.06493506493506493);
    close_to(ds_rank_sum(X(1, 0, 1, 2, 1, 1), X(3, 1, 1, 2, 3, 1)), 0.21212121212121213);
    close_to(ds_rank_sum(X(7, 7, 7), X(7, 7, 7)), 1);
    /* runs that diverged are the last, all alike */
    close_to(ds_rank_sum(X(1, 2, 3, 4), X(INFINITY, INFINITY, INFINITY, INFINITY)), 2.0 / 70);
    assert_true(isnan(ds_rank_sum(0, NULL, X(1))));
}

static void few_runs_give_no_small_p(void **state)
{
    (void)state;
    close_to(ds_rank_sum_least(3, 3), 0.1);
    close_to(ds_rank_sum_least(4, 4), 2.0 / 70);
    close_to(ds_rank_sum_least(1, 1), 1);
    close_to(ds_rank_sum(X(1, 2, 3), X(4, 5, 6)), ds_rank_sum_least(3, 3));
    assert_int_equal(ds_duels_need(2, 0.05), 4);
    assert_int_equal(ds_duels_need(9, 0.05), 7); /* 36 pairs: 36 * 2 / 3432 */
}

static void holm_by_hand(void **state)
{
    (void)state;
    double p[] = { 0.01, 0.04, 0.03, 0.005, 0.04 };
    /* sorted .005 .01 .03 .04 .04 times 5 4 3 2 1 = .025 .04 .09 .08 .04, each at least the one before */
    const double wanted[] = { 0.04, 0.09, 0.09, 0.025, 0.09 };
    assert_int_equal(ds_holm(5, p), DS_OK);
    for (int i = 0; i < 5; i++) close_to(p[i], wanted[i]);
}

static void quantiles_are_those_of_numpy(void **state)
{
    (void)state;
    const double x[] = { 3, 1, 2, 10 };
    close_to(ds_quantile(4, x, 0.5), 2.5);
    close_to(ds_quantile(4, x, 0.25), 1.75);
    close_to(ds_quantile(4, x, 0.75), 4.75);
    close_to(ds_quantile(4, x, 1), 10);
    assert_true(isinf(ds_quantile(3, (double[]){ 1, INFINITY, INFINITY }, 0.5)));
}

/* ---- known truth ------------------------------------------------------------------------------------------------- */

enum { RACERS = 4, RUNS = 7, RACES = 2000, PAIRS = RACERS * (RACERS - 1) / 2 };

/* Races of which something false was said, when racer 0 is `ahead` standard deviations better; *found: those in which it was
 * found to be ahead of all others. */
static int false_verdicts(ds_ctx *ctx, double ahead, double grain, int *found)
{
    int wrong = 0;
    *found = 0;
    for (uint32_t race = 0; race < RACES; race++) {
        double value[RACERS * RUNS];
        ds_duel duel[PAIRS];
        ds_rng r = ds_rng_at(5, DS_FOR_TEST, race, 0);
        for (int i = 0; i < RACERS * RUNS; i++) value[i] = ds_rng_normal(&r) - (i < RUNS ? ahead : 0);
        for (int i = 0; i < RACERS * RUNS && grain > 0; i++) value[i] = grain * floor(value[i] / grain);
        assert_int_equal(ds_duels(ctx, RACERS, RUNS, value, 0.05, duel), DS_OK);
        bool said = false;
        int won = 0;
        for (int k = 0; k < PAIRS; k++) {
            won += duel[k].a == 0 && duel[k].ahead == 0;
            said = said || (duel[k].ahead >= 0 && (ahead == 0 || duel[k].ahead != 0));
        }
        wrong += said;
        *found += won == RACERS - 1;
    }
    return wrong;
}

/* At level 0.05 a share of at most 0.05 of the races may say something false; 3 standard errors of 2,000 races are 0.015. */
static void false_verdicts_stay_below_the_level(void **state)
{
    int found;
    int equal = false_verdicts(*state, 0, 0, &found), tied = false_verdicts(*state, 0, 0.5, &found);
    if (equal > 130 || tied > 130) fail_msg("%d and %d of %d races of equals have a winner", equal, tied, RACES);
    if (equal == 0) fail_msg("no race of equals has a winner: the test says nothing");
}

static void a_clear_lead_is_found(void **state)
{
    int found, wrong = false_verdicts(*state, 4, 0, &found);
    if (found < RACES * 9 / 10 || wrong > 130) fail_msg("found %d, false %d of %d", found, wrong, RACES);
}

/* ---- profiles and rates ------------------------------------------------------------------------------------------ */

static void profiles_by_hand(void **state)
{
    (void)state;
    /* workload 0: 100, 200, never; workload 1: 300, 150, 900; workload 2: nobody */
    const double cost[] = { 100, 300, INFINITY, 200, 150, INFINITY, INFINITY, 900, INFINITY };
    close_to(ds_profile_at(3, 3, cost, 0, 1), 1.0 / 3);
    close_to(ds_profile_at(3, 3, cost, 0, 2), 2.0 / 3);
    close_to(ds_profile_at(3, 3, cost, 1, 1.9), 1.0 / 3);
    assert_true(ds_profile_at(3, 3, cost, 2, 5) == 0);
    close_to(ds_profile_at(3, 3, cost, 2, 6), 1.0 / 3);
    close_to(ds_profile_area(3, 3, cost, 0, 4), (3.0 + 2.0) / 9);
    assert_true(ds_profile_area(3, 3, cost, 2, 4) == 0);
}

static void rates_cover_the_range_evenly_in_ratio(void **state)
{
    (void)state;
    for (int k = 0; k < 8; k++) {
        double rate = ds_race_rate(k, 8, 1e-4, 1, 1), low = pow(10, -4 + k / 2.0), high = pow(10, -4 + (k + 1) / 2.0);
        if (rate < 0.995 * low || rate > 1.005 * high) fail_msg("rate %d is %g, wanted %g to %g", k, rate, low, high);
        char text[32];
        double back;
        snprintf(text, sizeof text, "%.3g", rate);
        assert_int_equal(sscanf(text, "%lf", &back), 1);
        close_to(back, rate);
    }
    assert_true(ds_race_rate(0, 8, 1e-4, 1, 1) != ds_race_rate(0, 8, 1e-4, 1, 2));
}

static int setup(void **state) { return ds_ctx_create((ds_ctx **)state, 1) == DS_OK ? 0 : -1; }
static int teardown(void **state)
{
    ds_ctx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rank_sums_are_those_of_scipy),
        cmocka_unit_test(equal_numbers_share_their_rank),
        cmocka_unit_test(few_runs_give_no_small_p),
        cmocka_unit_test(holm_by_hand),
        cmocka_unit_test(quantiles_are_those_of_numpy),
        cmocka_unit_test(false_verdicts_stay_below_the_level),
        cmocka_unit_test(a_clear_lead_is_found),
        cmocka_unit_test(profiles_by_hand),
        cmocka_unit_test(rates_cover_the_range_evenly_in_ratio),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
