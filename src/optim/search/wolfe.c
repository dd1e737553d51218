/* wolfe.c - a step that satisfies the strong Wolfe conditions
 *
 *   phi(a) <= phi(0) + c1 a phi'(0),   |phi'(a)| <= c2 |phi'(0)|
 *
 * by bracketing and safeguarded cubic and quadratic interpolation. As long as no step of sufficient decrease with phi' >= 0
 * was seen, the interpolation works on psi(a) = phi(a) - c1 a phi'(0), whose minimum satisfies the first condition. A
 * value that is not finite bounds the bracket from above. When the interval is as small as rounding allows, the best
 * length seen is taken if it lowers the value.
 * Source: More and Thuente, Line search algorithms with guaranteed sufficient decrease (1994). */
#include <math.h>

#include "optim/solver.h"

static const double xtol = 1e-15, stretch_least = 1.1, stretch_most = 4, shrink = 0.66;

static void start(const ds_part *p, ds_search *s)
{
    (void)p;
    s->bracketed = 0;
    s->stage = 1;
    s->top = 1e20;
    s->width = s->top;
    s->width1 = 2 * s->width;
    s->ax = s->ay = 0;
    s->fx = s->fy = s->f0;
    s->sx = s->sy = s->s0;
    s->low = 0;
    s->high = s->a + stretch_most * s->a;
}

/* Minimizer of the cubic through (u, fu, su), (v, fv, sv), from the side of u; theta and gamma as in the paper. */
static double cubic(double u, double fu, double su, double v, double fv, double sv)
{
    double theta = 3 * (fu - fv) / (v - u) + su + sv;
    double size = ds_larger(fabs(theta), ds_larger(fabs(su), fabs(sv)));
    double gamma = size * sqrt(ds_larger(0, theta / size * (theta / size) - su / size * (sv / size)));
    if (v < u) gamma = -gamma;
    return u + (gamma - su + theta) / (gamma - su + gamma + sv) * (v - u);
}

/* The next trial and the new bracket from the ends x (best), y and the trial (a, f, s). The four cases of section 4. */
static void step(ds_search *q, double f, double slope)
{
    double a = q->a, next, sign = slope * copysign(1, q->sx);
    if (f > q->fx) { /* higher value: the minimum is bracketed */
        double c = cubic(q->ax, q->fx, q->sx, a, f, slope);
        double quadratic = q->ax + q->sx / ((q->fx - f) / (a - q->ax) + q->sx) / 2 * (a - q->ax);
        next = fabs(c - q->ax) < fabs(quadratic - q->ax) ? c : c + (quadratic - c) / 2;
        q->bracketed = 1;
    } else if (sign < 0) { /* lower value, slope of the other sign: bracketed too */
        double c = cubic(a, f, slope, q->ax, q->fx, q->sx), secant = a + slope / (slope - q->sx) * (q->ax - a);
        next = fabs(c - a) > fabs(secant - a) ? c : secant;
        q->bracketed = 1;
    } else if (fabs(slope) < fabs(q->sx)) { /* the slope flattens: the cubic's minimum if it lies beyond a */
        double theta = 3 * (q->fx - f) / (a - q->ax) + q->sx + slope;
        double size = ds_larger(fabs(theta), ds_larger(fabs(q->sx), fabs(slope)));
        double gamma = size * sqrt(ds_larger(0, theta / size * (theta / size) - q->sx / size * (slope / size)));
        if (a > q->ax) gamma = -gamma;
        double r = (gamma - slope + theta) / (gamma + (q->sx - slope) + gamma);
        double c = r < 0 && gamma != 0 ? a + r * (q->ax - a) : a > q->ax ? q->high : q->low;
        double secant = a + slope / (slope - q->sx) * (q->ax - a);
        bool nearer = fabs(c - a) < fabs(secant - a);
        if (q->bracketed != 0) {
            double limit = a + shrink * (q->ay - a);
            next = nearer ? c : secant;
            next = a > q->ax ? ds_smaller(limit, next) : ds_larger(limit, next);
        } else {
            next = nearer ? secant : c;
            next = ds_larger(q->low, ds_smaller(q->high, next));
        }
    } else if (q->bracketed != 0) { /* the slope does not flatten */
        next = cubic(a, f, slope, q->ay, q->fy, q->sy);
    } else {
        next = a > q->ax ? q->high : q->low;
    }
    if (f > q->fx) {
        q->ay = a, q->fy = f, q->sy = slope;
    } else {
        if (sign < 0) q->ay = q->ax, q->fy = q->fx, q->sy = q->sx;
        q->ax = a, q->fx = f, q->sx = slope;
    }
    q->a = next;
}

/* The interpolation on psi instead of phi. */
static void step_modified(ds_search *q, double f, double slope, double c)
{
    double a = q->a;
    q->fx -= q->ax * c, q->fy -= q->ay * c, q->sx -= c, q->sy -= c;
    step(q, f - a * c, slope - c);
    q->fx += q->ax * c, q->fy += q->ay * c, q->sx += c, q->sy += c;
}

static void limit(ds_search *q)
{
    if (q->bracketed != 0) {
        double width = fabs(q->ay - q->ax);
        if (width >= shrink * q->width1) q->a = q->ax + (q->ay - q->ax) / 2;
        q->width1 = q->width;
        q->width = width;
        q->low = ds_smaller(q->ax, q->ay);
        q->high = ds_larger(q->ax, q->ay);
    } else {
        q->low = q->a + stretch_least * (q->a - q->ax);
        q->high = q->a + stretch_most * (q->a - q->ax);
    }
    q->a = ds_larger(0, q->a);
    if (q->a >= q->top) q->a = q->ax + (q->top - q->ax) / 2; /* there is a wall: half way to it */
    if (q->bracketed != 0 && (q->a <= q->low || q->a >= q->high || q->high - q->low <= xtol * q->high)) q->a = q->ax;
}

/* Nothing better can be told from rounding: the best length, unless that is 0. */
static ds_search_verdict settle(ds_search *q)
{
    bool at = q->a == q->ax;
    q->a = q->ax;
    return q->ax > 0 && q->fx < q->f0 ? at ? DS_SEARCH_TAKE : DS_SEARCH_GO_ON : DS_SEARCH_FAILED;
}

static ds_search_verdict next(const ds_part *p, ds_search *q, double f, double slope)
{
    double c1 = ds_search_option(p, "c1"), c2 = ds_search_option(p, "c2"), c = c1 * q->s0;
    if (!isfinite(f) || !isfinite(slope)) { /* a wall: nearer, and never again that far */
        q->top = q->a;
        q->a = q->ax + (q->a - q->ax) / 10;
        q->high = ds_smaller(q->high, q->top);
        return q->a > q->ax && q->trials < ds_search_option(p, "trials") ? DS_SEARCH_GO_ON : DS_SEARCH_FAILED;
    }
    double enough = q->f0 + q->a * c;
    if (f <= enough && fabs(slope) <= -c2 * q->s0) return DS_SEARCH_TAKE;
    bool tight = q->bracketed != 0 && (q->a <= q->low || q->a >= q->high || q->high - q->low <= xtol * q->high);
    if (tight || q->trials >= ds_search_option(p, "trials")) return settle(q);
    if (q->stage == 1 && f <= enough && slope >= 0) q->stage = 2;
    if (q->stage == 1 && f <= q->fx && f > enough)
        step_modified(q, f, slope, c);
    else
        step(q, f, slope);
    limit(q);
    return DS_SEARCH_GO_ON;
}

static const ds_option options[] = {
    { "c1", DS_OPT_REAL, 0, 0.5, "1e-4", NULL, NULL, "share of the decrease that the slope promises" },
    { "c2", DS_OPT_REAL, 0, 1, "0.9", NULL, NULL, "share of the slope that may be left; 0.4 for conjugate gradients" },
    { "trials", DS_OPT_INT, 1, 1000, "40", NULL, "maxls", "lengths tried before it settles for the best one" },
    DS_OPTIONS_END,
};

const ds_search_def ds_search_wolfe = {
    .head = { .name = "wolfe",
              .summary = "strong Wolfe conditions, safeguarded cubic interpolation",
              .formula = "phi(a) <= phi(0) + c1 a phi'(0), |phi'(a)| <= c2 |phi'(0)|",
              .cite = "More and Thuente 1994; Goodfellow et al. 8.6.2",
              .options = options },
    .slope = true,
    .start = start,
    .next = next,
};
