/* saddle_free.c - saddle-free Newton: d = -|H|^-1 g, the Hessian with its eigenvalues made positive, so that a direction of
 * negative curvature is left and not entered. Eigenvalues below `damping` times the largest count as that.
 * Source: Dauphin et al., Identifying and attacking the saddle point problem (2014); Goodfellow et al. 8.2.3. */
#include <math.h>

#include "kernel/eigen.h"
#include "optim/solver.h"

static ds_status open(ds_solver *s)
{
    return ds_solver_vector(s, s->n * s->n) && ds_solver_vector(s, s->n * s->n + 4 * s->n) ? DS_OK : DS_EMEM;
}

static bool direction(ds_solver *s)
{
    int64_t n = s->n;
    double *h = s->block[s->blocks - 2].data, *value = s->block[s->blocks - 1].data, most = 0;
    if (!ds_gather_hessian(s, h)) return false;
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) h[i * n + j] = h[j * n + i] = (h[i * n + j] + h[j * n + i]) / 2;
    bool good = ds_symmetric_eigen(n, h, value, value + n);
    for (int64_t k = 0; k < n; k++) most = ds_larger(most, fabs(value[k]));
    for (int64_t i = 0; i < n; i++) s->d[i] = good && most > 0 ? 0 : -s->g[i];
    for (int64_t k = 0; k < n && good && most > 0; k++) {
        double size = ds_larger(fabs(value[k]), ds_solver_real(s, "damping") * most);
        ds_axpy(n, -ds_dot(n, h + k * n, s->g) / size, h + k * n, s->d);
    }
    return true;
}

static const ds_option options[] = {
    { "damping", DS_OPT_REAL, 0, 1, "1e-8", NULL, NULL, "least eigenvalue, as a share of the largest" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_saddle_free = {
    .head = { .name = "saddle_free",
              .summary = "Newton's method on the absolute values of the curvature",
              .formula = "d = -|H|^-1 g",
              .cite = "Dauphin et al. 2014; Goodfellow et al. 8.2.3",
              .options = options },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT | DS_ASK_PRODUCT,
    .search = "wolfe",
    .dense = true,
    .open = open,
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = ds_line_whole,
};
