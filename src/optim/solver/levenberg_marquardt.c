/* levenberg_marquardt.c - least squares: f = |r(x)|^2 by its residuals r [m] and their Jacobian J [m, n]:
 *
 *   minimize |J p + r|^2 over |D p| <= radius:  p(a) = argmin |J p + r|^2 + a |D p|^2,  D_j the largest norm of column j so far
 *
 * a is 0 where the Gauss-Newton step fits; otherwise the root of |D p(a)| = radius to a tenth, by Newton's method on its
 * reciprocal between bounds. p(a) comes from the QR factors of J with sqrt(a) D below it, never from J'J, whose condition is
 * squared.
 *
 *   rho = (|r|^2 - |r(x + p)|^2) / (|J p|^2 + 2 a |D p|^2): up to 1/4 the radius shrinks, from 3/4 it becomes 2 |D p|; the step is
 *   taken from 1e-4 on.
 * Source: More, The Levenberg-Marquardt algorithm: implementation and theory (1978); MINPACK lmder. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "optim/solver.h"

enum { START, SLOPES, STEP };
enum { RADIUS, DAMPING, NORM, REDUCTION, SLOPE, LENGTH }; /* NORM: |r| at x; of the step: predicted, its slope, |D p| */
enum { TAKEN };

/* Vectors of its own, from the last. */
enum { COLUMN = 1, RHS, ROWS, SCALE, RESIDUAL };
static double *own(const ds_solver *s, int k) { return s->block[s->blocks - k].data; }

static ds_status open(ds_solver *s)
{
    int64_t n = s->n, m = s->set.m;
    const int64_t count[] = { m, m * n, m, n, (m + n) * n, m + n, n };
    double **const at[] = { &s->residual, &s->jacobian };
    for (size_t k = 0; k < sizeof count / sizeof count[0]; k++) {
        double *v = ds_solver_vector(s, count[k]);
        if (!v) return DS_EMEM;
        if (k < 2) *at[k] = v;
    }
    return DS_OK;
}

static void begin(ds_solver *s)
{
    s->phase = START;
    ds_solver_want(s, DS_ASK_RESIDUALS);
}

/* ---- least squares by QR ----------------------------------------------------------------------------------------- */

/* Householder's factors of a [rows, n], row by row; R stays above the diagonal, b becomes Q'b. */
static void factor(int64_t rows, int64_t n, double *a, double *b)
{
    for (int64_t k = 0; k < n; k++) {
        double size = 0;
        for (int64_t i = k; i < rows; i++) size = fma(a[i * n + k], a[i * n + k], size);
        size = copysign(sqrt(size), a[k * n + k]);
        if (size == 0) continue;
        double head = a[k * n + k] + size; /* v = (head, a_{k+1,k}, ...), v'v = 2 size head */
        for (int64_t j = k + 1; j <= n; j++) {
            double sum = head * (j < n ? a[k * n + j] : b[k]);
            for (int64_t i = k + 1; i < rows; i++) sum = fma(a[i * n + k], j < n ? a[i * n + j] : b[i], sum);
            sum /= size * head;
            *(j < n ? &a[k * n + j] : &b[k]) -= sum * head;
            for (int64_t i = k + 1; i < rows; i++) {
                double *at = j < n ? &a[i * n + j] : &b[i];
                *at = fma(-sum, a[i * n + k], *at);
            }
        }
        a[k * n + k] = -size;
    }
}

/* p(a) into d; R is left in ROWS. false: R is singular to rounding. */
static bool solve(ds_solver *s, double damping)
{
    int64_t n = s->n, m = s->set.m;
    double *a = own(s, ROWS), *b = own(s, RHS), most = 0, least = INFINITY;
    memcpy(a, s->jacobian, (size_t)(m * n) * sizeof *a);
    memset(a + m * n, 0, (size_t)(n * n) * sizeof *a);
    for (int64_t j = 0; j < n; j++) a[(m + j) * n + j] = sqrt(damping) * own(s, SCALE)[j];
    for (int64_t i = 0; i < m + n; i++) b[i] = i < m ? -own(s, RESIDUAL)[i] : 0;
    factor(m + n, n, a, b);
    for (int64_t j = 0; j < n; j++) {
        double size = fabs(a[j * n + j]) / own(s, SCALE)[j];
        most = ds_larger(most, size);
        least = ds_smaller(least, size);
    }
    if (!(least > (double)n * DBL_EPSILON * most)) return false;
    for (int64_t j = n - 1; j >= 0; j--) {
        double sum = b[j];
        for (int64_t k = j + 1; k < n; k++) sum = fma(-a[j * n + k], s->d[k], sum);
        s->d[j] = sum / a[j * n + j];
    }
    return true;
}

static double scaled_length(const ds_solver *s)
{
    double sum = 0;
    for (int64_t j = 0; j < s->n; j++) sum += own(s, SCALE)[j] * s->d[j] * own(s, SCALE)[j] * s->d[j];
    return sqrt(sum);
}

/* Newton's step for |D p(a)| = radius: ((|D p| - radius) / radius) / |R'^-1 D^2 p / |D p||^2. */
static double correction(ds_solver *s, double length)
{
    int64_t n = s->n;
    double *q = own(s, COLUMN), *r = own(s, ROWS);
    for (int64_t j = 0; j < n; j++) {
        double sum = own(s, SCALE)[j] * own(s, SCALE)[j] * s->d[j] / length;
        for (int64_t k = 0; k < j; k++) sum = fma(-r[k * n + j], q[k], sum);
        q[j] = sum / r[j * n + j];
    }
    return (length - s->real[RADIUS]) / s->real[RADIUS] / ds_dot(n, q, q);
}

/* The damping whose step is as long as the radius, and the step. */
static void find_step(ds_solver *s)
{
    double radius = s->real[RADIUS], low = 0, high = 0, *damping = &s->real[DAMPING], length = 0;
    bool whole = solve(s, 0);
    if (whole) {
        length = scaled_length(s);
        if (length <= 1.1 * radius) {
            *damping = 0;
            return;
        }
        low = correction(s, length);
    }
    for (int64_t j = 0; j < s->n; j++) {
        double slope = s->g[j] / 2 / own(s, SCALE)[j];
        high += slope * slope;
    }
    high = sqrt(high) / radius;
    if (high == 0) high = DBL_MIN / ds_smaller(radius, 0.1);
    *damping = ds_smaller(high, ds_larger(low, *damping));
    if (*damping == 0) *damping = length > 0 ? high * radius / length : high;
    for (int tries = 0; tries < 10; tries++) {
        if (*damping == 0) *damping = ds_larger(DBL_MIN, 0.001 * high);
        if (!solve(s, *damping)) {
            *damping = ds_larger(10 * *damping, 0.001 * high); /* too little to be told from none */
            continue;
        }
        length = scaled_length(s);
        double off = length - radius, step = correction(s, length);
        if (fabs(off) <= 0.1 * radius || length == 0) return;
        if (off > 0) low = ds_larger(low, *damping);
        if (off < 0) high = ds_smaller(high, *damping);
        *damping = ds_larger(low, *damping + step);
    }
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void try_step(ds_solver *s)
{
    int64_t n = s->n, m = s->set.m;
    find_step(s);
    double jp = 0, length = s->real[LENGTH] = scaled_length(s), norm = s->real[NORM];
    for (int64_t i = 0; i < m; i++) {
        double sum = ds_dot(n, s->jacobian + i * n, s->d);
        jp += sum * sum;
    }
    if (s->iteration == 0) s->real[RADIUS] = ds_smaller(s->real[RADIUS], length);
    double linear = jp / (norm * norm), damped = s->real[DAMPING] * (length / norm) * (length / norm);
    s->real[REDUCTION] = linear + 2 * damped;
    s->real[SLOPE] = -(linear + damped);
    for (int64_t j = 0; j < n; j++) s->trial[j] = s->x[j] + s->d[j];
    s->phase = STEP;
    ds_solver_want(s, DS_ASK_RESIDUALS);
}

/* J at x is told: gradient, scales, the first radius. */
static void looked(ds_solver *s)
{
    int64_t n = s->n, m = s->set.m;
    double *scale = own(s, SCALE), size = 0;
    for (int64_t j = 0; j < n; j++) {
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < m; i++) {
            double a = s->jacobian[i * n + j];
            sum = fma(a, own(s, RESIDUAL)[i], sum);
            squares = fma(a, a, squares);
        }
        s->g[j] = 2 * sum;
        scale[j] = ds_larger(scale[j], sqrt(squares));
        if (scale[j] == 0) scale[j] = 1;
        size += scale[j] * s->x[j] * scale[j] * s->x[j];
    }
    if (!isfinite(ds_largest(n, s->g))) {
        ds_solver_end(s, s->iteration ? DS_SOLVER_STUCK : DS_SOLVER_NONFINITE);
        return;
    }
    s->best_g = ds_largest(n, s->g);
    if (s->best_g <= s->set.gtol && s->set.gtol > 0) {
        ds_solver_end(s, DS_SOLVER_GRADIENT);
    } else if (s->best_g == 0) {
        ds_solver_end(s, DS_SOLVER_STUCK);
    } else {
        double factor = ds_solver_real(s, "factor");
        if (s->iteration == 0) s->real[RADIUS] = size > 0 ? factor * sqrt(size) : factor;
        try_step(s);
    }
}

static void take(ds_solver *s)
{
    memcpy(s->x, s->trial, (size_t)s->n * sizeof(double));
    memcpy(own(s, RESIDUAL), s->residual, (size_t)s->set.m * sizeof(double));
    s->f = s->ft;
    s->real[NORM] = sqrt(s->ft);
    s->phase = SLOPES;
    ds_solver_want(s, DS_ASK_JACOBIAN);
}

static void judge(ds_solver *s)
{
    double norm = sqrt(s->ft), old = s->real[NORM], shrink;
    bool finite = isfinite(norm);
    double reduction = finite && 0.1 * norm < old ? 1 - norm / old * (norm / old) : -1;
    double rho = s->real[REDUCTION] > 0 ? reduction / s->real[REDUCTION] : 0;
    if (rho <= 0.25) {
        shrink = reduction >= 0 ? 0.5 : 0.5 * s->real[SLOPE] / (s->real[SLOPE] + 0.5 * reduction);
        if (!finite || 0.1 * norm >= old || shrink < 0.1) shrink = 0.1;
        s->real[RADIUS] = shrink * ds_smaller(s->real[RADIUS], 10 * s->real[LENGTH]);
        s->real[DAMPING] /= shrink;
    } else if (s->real[DAMPING] == 0 || rho >= 0.75) {
        s->real[RADIUS] = 2 * s->real[LENGTH];
        s->real[DAMPING] /= 2;
    }
    double size = 0;
    for (int64_t j = 0; j < s->n; j++) size += own(s, SCALE)[j] * s->x[j] * own(s, SCALE)[j] * s->x[j];
    bool still = s->real[RADIUS] <= DBL_EPSILON * sqrt(size) || s->real[RADIUS] < DBL_MIN;
    bool level = fabs(reduction) <= DBL_EPSILON && s->real[REDUCTION] <= DBL_EPSILON && rho <= 2;
    if (rho >= 1e-4) {
        s->iteration++;
        take(s);
    } else if (still || level) {
        ds_solver_end(s, DS_SOLVER_STUCK);
    } else {
        try_step(s);
    }
}

static void told(ds_solver *s)
{
    if (s->phase == SLOPES)
        looked(s);
    else if (s->phase == STEP)
        judge(s);
    else if (!isfinite(s->ft))
        ds_solver_end(s, DS_SOLVER_NONFINITE);
    else
        take(s);
}

static const ds_option options[] = {
    { "factor", DS_OPT_REAL, 1e-30, 1e30, "100", NULL, NULL,
      "first radius, as a share of |D x|, or itself where that is 0" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_levenberg_marquardt = {
    .head = { .name = "levenberg_marquardt",
              .summary = "least squares by damped Gauss-Newton steps within a scaled trust region",
              .formula = "min |J p + r|^2 over |D p| <= radius",
              .cite = "More 1978; Nocedal and Wright 2006, 10.3",
              .options = options,
              .elsewhere = "MINPACK lmder, SciPy least_squares(method='lm')" },
    .needs = DS_ASK_RESIDUALS | DS_ASK_JACOBIAN,
    .compares = true,
    .open = open,
    .begin = begin,
    .told = told,
};
