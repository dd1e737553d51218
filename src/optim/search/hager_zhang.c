/* hager_zhang.c - a step that satisfies Wolfe's conditions, or, where phi is as low as at 0 to within its rounding, the
 * approximate ones, which ask slopes alone and so hold on where differences of values are noise:
 *
 *   phi(a) <= phi(0) + delta a phi'(0)  and  phi'(a) >= sigma phi'(0),   or
 *   (2 delta - 1) phi'(0) >= phi'(a) >= sigma phi'(0)  and  phi(a) <= phi(0) + eps |phi(0)|
 *
 * Ends x < y enclose a minimum: phi'(x) < 0 with phi(x) <= phi(0) + eps |phi(0)|, phi'(y) >= 0. A round takes the secant of
 * the slopes, then one more from the end that it replaced, and halves where the ends came not near enough. A point that
 * goes down but lies too high, or is no number, is no end: what is between it and x is halved until one is found.
 * Source: Hager and Zhang, A new conjugate gradient method with guaranteed descent and an efficient line search (2005), 4. */
#include <math.h>

#include "optim/solver.h"

enum { BRACKET, FIRST, SECOND, MIDDLE }; /* stage: what the trial is */
static const double eps = 1e-6, expand = 5, farthest = 1e20;

static void start(const ds_part *p, ds_search *s)
{
    (void)p;
    s->stage = BRACKET;
    s->bracketed = 0; /* 1: the trial halves what is between x and `high` */
    s->ax = s->ay = 0;
    s->fx = s->f0;
    s->sx = s->s0;
}

static double secant(double u, double su, double v, double sv) { return (u * sv - v * su) / (sv - su); }

static bool inside(const ds_search *q, double c) { return c > q->ax && c < q->ay; }

static bool too_high(const ds_search *q, double f, double slope)
{
    return !isfinite(slope) || !(f <= q->f0 + eps * fabs(q->f0));
}

/* The trial becomes an end. false: it cannot, and another one halves its distance from x. */
static bool update(ds_search *q, double f, double slope)
{
    if (isfinite(f) && slope >= 0) {
        q->ay = q->a, q->fy = f, q->sy = slope;
        q->bracketed = 0;
        return true;
    }
    if (too_high(q, f, slope)) {
        q->high = q->a;
        q->bracketed = 1;
    } else {
        q->ax = q->a, q->fx = f, q->sx = slope;
        if (q->bracketed == 0) return true;
    }
    q->a = q->ax + (q->high - q->ax) / 2;
    return false;
}

static void try_at(ds_search *q, double a, int stage)
{
    q->a = a;
    q->stage = stage;
}

static void begin_round(ds_search *q)
{
    double c = secant(q->ax, q->sx, q->ay, q->sy);
    q->width = q->ay - q->ax;
    if (inside(q, c))
        try_at(q, c, FIRST);
    else
        try_at(q, q->ax + (q->ay - q->ax) / 2, MIDDLE);
}

static void end_round(const ds_part *p, ds_search *q)
{
    if (q->ay - q->ax > ds_search_option(p, "gamma") * q->width)
        try_at(q, q->ax + (q->ay - q->ax) / 2, MIDDLE);
    else
        begin_round(q);
}

/* The trial was the first secant, and is an end unless halving has found others: the second starts from the one replaced. */
static void second(const ds_part *p, ds_search *q, const ds_search *before, bool halved)
{
    double c = q->ay == before->a   ? secant(before->ay, before->sy, q->ay, q->sy)
               : q->ax == before->a ? secant(before->ax, before->sx, q->ax, q->sx)
                                    : NAN;
    if (!halved && inside(q, c))
        try_at(q, c, SECOND);
    else
        end_round(p, q);
}

/* The lower end, where it lowers the value. */
static ds_search_verdict settle(ds_search *q)
{
    bool at = q->a == q->ax;
    q->a = q->ax;
    return q->ax > 0 && q->fx < q->f0 ? at ? DS_SEARCH_TAKE : DS_SEARCH_GO_ON : DS_SEARCH_FAILED;
}

static bool good(const ds_part *p, const ds_search *q, double f, double slope)
{
    double delta = ds_search_option(p, "delta"), sigma = ds_search_option(p, "sigma");
    bool flat = slope >= sigma * q->s0;
    bool wolfe = f <= q->f0 + delta * q->a * q->s0 && flat;
    return wolfe || (flat && slope <= (2 * delta - 1) * q->s0 && !too_high(q, f, slope));
}

static ds_search_verdict next(const ds_part *p, ds_search *q, double f, double slope)
{
    if (isfinite(f) && good(p, q, f, slope)) return DS_SEARCH_TAKE;
    if (q->trials >= ds_search_option(p, "trials")) return settle(q);
    const ds_search before = *q;
    bool halved = q->bracketed != 0;
    if (q->stage == BRACKET && !halved && slope < 0 && !too_high(q, f, slope)) { /* on downhill */
        q->ax = q->a, q->fx = f, q->sx = slope;
        q->a = expand * q->a;
        return q->a < farthest ? DS_SEARCH_GO_ON : settle(q);
    }
    if (!update(q, f, slope)) return q->a > q->ax && q->a < q->high ? DS_SEARCH_GO_ON : settle(q);
    switch ((int)q->stage) {
    case FIRST: second(p, q, &before, halved); break;
    case SECOND: end_round(p, q); break;
    default: begin_round(q);
    }
    return inside(q, q->a) ? DS_SEARCH_GO_ON : settle(q);
}

static const ds_option options[] = {
    { "delta", DS_OPT_REAL, 0, 0.5, "0.1", NULL, "c1", "share of the decrease that the slope promises" },
    { "sigma", DS_OPT_REAL, 0, 1, "0.9", NULL, "c2", "share of the slope that may be left" },
    { "gamma", DS_OPT_REAL, 0, 1, "0.66", NULL, NULL,
      "a round that leaves more of the interval is followed by halving" },
    { "trials", DS_OPT_INT, 1, 1000, "50", NULL, "maxls", "lengths tried before it settles for the best one" },
    DS_OPTIONS_END,
};

const ds_search_def ds_search_hager_zhang = {
    .head = { .name = "hager_zhang",
              .summary = "Wolfe's conditions or approximate ones that rounding does not disturb, by secants of slopes",
              .formula = "phi(a) <= phi(0) + delta a phi'(0), or phi'(a) <= (2 delta - 1) phi'(0) where phi is level; "
                         "phi'(a) >= sigma phi'(0)",
              .cite = "Hager and Zhang 2005, 4",
              .options = options,
              .elsewhere = "Optim.jl HagerZhang(), CG_DESCENT" },
    .slope = true,
    .start = start,
    .next = next,
};
