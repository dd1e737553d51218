/* newton_cg.c - trust-region Newton: minimize the model m(d) = g'd + d'Hd / 2 in the ball |d| <= radius by conjugate
 * gradients on products H v; at negative curvature or the border it goes to the border.
 *
 *   rho = (f - f(x + d)) / -m(d):  below 1/4 the radius becomes a quarter of |d|, above 3/4 at the border it doubles; the step
 *   is taken when rho > 1e-4. Inner accuracy |r| <= min(1/2, sqrt |g|) |g|: superlinear convergence. Where the function
 *   changes, a step that is not taken ends its iteration too.
 * Source: Steihaug 1983; Nocedal and Wright 2006, algorithms 4.1 and 7.2; Goodfellow et al. 8.2.3 (negative curvature). */
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { START, INNER, STEP };
enum { RADIUS, RR, MODEL, EDGE }; /* reals: trust radius, r'r, m(d), 1 when d ends at the border */
enum { INNER_STEPS };

static double *vector(const ds_solver *s, int k) { return s->block[s->blocks - 3 + k].data; } /* r, p, H d */

static ds_status open(ds_solver *s)
{
    for (int k = 0; k < 3; k++)
        if (!ds_solver_vector(s, s->n)) return DS_EMEM;
    return DS_OK;
}

static void begin(ds_solver *s)
{
    s->phase = START;
    s->real[RADIUS] = ds_solver_real(s, "radius");
    ds_solver_want(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
}

static void ask_product(ds_solver *s)
{
    memcpy(s->trial, s->x, (size_t)s->n * sizeof(double));
    memcpy(s->probe, vector(s, 1), (size_t)s->n * sizeof(double));
    s->phase = INNER;
    ds_solver_want(s, DS_ASK_PRODUCT);
}

static void begin_inner(ds_solver *s)
{
    double *r = vector(s, 0), *p = vector(s, 1);
    if (s->set.gtol > 0 && ds_largest(s->n, s->g) <= s->set.gtol) {
        ds_solver_end(s, DS_SOLVER_GRADIENT);
        return;
    }
    for (int64_t i = 0; i < s->n; i++) {
        s->d[i] = vector(s, 2)[i] = 0;
        r[i] = s->g[i];
        p[i] = -r[i];
    }
    s->real[RR] = ds_dot(s->n, r, r);
    s->real[EDGE] = 0;
    s->integer[INNER_STEPS] = 0;
    ask_product(s);
}

static void try_step(ds_solver *s)
{
    s->real[MODEL] = ds_dot(s->n, s->g, s->d) + ds_dot(s->n, s->d, vector(s, 2)) / 2;
    for (int64_t i = 0; i < s->n; i++) s->trial[i] = s->x[i] + s->d[i];
    s->phase = STEP;
    ds_solver_want(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
}

/* d + a p on the border, a > 0. */
static void to_border(ds_solver *s)
{
    const double *p = vector(s, 1);
    double pp = ds_dot(s->n, p, p), dp = ds_dot(s->n, s->d, p), dd = ds_dot(s->n, s->d, s->d);
    double room = ds_larger(0, s->real[RADIUS] * s->real[RADIUS] - dd), a = room / (dp + sqrt(dp * dp + pp * room));
    if (dp < 0) a = (-dp + sqrt(dp * dp + pp * room)) / pp;
    ds_axpy(s->n, a, p, s->d);
    ds_axpy(s->n, a, s->product, vector(s, 2));
    s->real[EDGE] = 1;
    try_step(s);
}

/* One step of conjugate gradients, told H p. */
static void inner(ds_solver *s)
{
    double *r = vector(s, 0), *p = vector(s, 1), curvature = ds_dot(s->n, p, s->product), a = s->real[RR] / curvature;
    double dd = ds_dot(s->n, s->d, s->d) + 2 * a * ds_dot(s->n, s->d, p) + a * a * ds_dot(s->n, p, p);
    if (!(curvature > 0) || !(sqrt(dd) < s->real[RADIUS])) {
        to_border(s);
        return;
    }
    ds_axpy(s->n, a, p, s->d);
    ds_axpy(s->n, a, s->product, vector(s, 2));
    ds_axpy(s->n, a, s->product, r);
    double rr = ds_dot(s->n, r, r), g = ds_norm(s->n, s->g), b = rr / s->real[RR];
    int64_t most = ds_solver_integer(s, "inner") ? ds_solver_integer(s, "inner") : 2 * s->n;
    s->real[RR] = rr;
    if (sqrt(rr) <= ds_smaller(0.5, sqrt(g)) * g || ++s->integer[INNER_STEPS] >= most) {
        try_step(s);
        return;
    }
    for (int64_t i = 0; i < s->n; i++) p[i] = fma(b, p[i], -r[i]);
    ask_product(s);
}

static void judge(ds_solver *s)
{
    double rho = (s->f - s->ft) / -s->real[MODEL], length = ds_norm(s->n, s->d);
    bool good = isfinite(s->ft) && isfinite(ds_largest(s->n, s->gt)) && rho > 1e-4;
    if (!good || rho < 0.25)
        s->real[RADIUS] = length / 4;
    else if (rho > 0.75 && s->real[EDGE] != 0)
        s->real[RADIUS] = ds_smaller(2 * s->real[RADIUS], 1e10);
    if (good) {
        memcpy(s->x, s->trial, (size_t)s->n * sizeof(double));
        memcpy(s->g, s->gt, (size_t)s->n * sizeof(double));
        s->f = s->ft;
    } else if (s->real[RADIUS] <= 1e-16 * (1 + ds_norm(s->n, s->x))) {
        s->real[RADIUS] = ds_solver_real(s, "radius");
        if (!s->set.changes) {
            ds_solver_end(s, DS_SOLVER_STUCK);
            return;
        }
    }
    if (good || s->set.changes) s->iteration++;
    if (!s->set.changes) {
        begin_inner(s);
        return;
    }
    s->phase = START;
    ds_solver_anew(s, DS_ASK_VALUE | DS_ASK_GRADIENT);
}

static void told(ds_solver *s)
{
    if (s->phase == INNER) {
        inner(s);
    } else if (s->phase == STEP) {
        judge(s);
    } else if (!isfinite(s->ft) || !isfinite(ds_largest(s->n, s->gt))) {
        ds_solver_end(s, DS_SOLVER_NONFINITE);
    } else {
        memcpy(s->g, s->gt, (size_t)s->n * sizeof(double));
        s->f = s->ft;
        begin_inner(s);
    }
}

static const ds_option options[] = {
    { "radius", DS_OPT_REAL, 1e-30, 1e30, "1", NULL, NULL, "trust radius of the first step" },
    { "inner", DS_OPT_INT, 0, 1e9, "0", NULL, NULL, "products an iteration, at most; 0: 2 n" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_newton_cg = {
    .head = { .name = "newton_cg",
              .summary = "trust-region Newton, solved by conjugate gradients",
              .formula = "min g'd + d'Hd / 2 over |d| <= radius",
              .cite = "Steihaug 1983; Nocedal and Wright 2006, algorithms 4.1, 7.2",
              .options = options,
              .elsewhere = "SciPy trust-ncg" },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_PRODUCT,
    .open = open,
    .begin = begin,
    .told = told,
};
