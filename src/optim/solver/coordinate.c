/* coordinate.c - coordinate descent: one number at a time (or a block of them) along the gradient's entries, others kept,
 * each by a line search; blocks in turn.
 * Source: Goodfellow et al. 8.7.2. */
#include "optim/solver.h"

static bool direction(ds_solver *s)
{
    int64_t block = ds_solver_integer(s, "block"), blocks = (s->n + block - 1) / block, k = 0;
    /* the next block in turn that has a slope */
    for (int64_t tries = 0; tries < blocks; tries++) {
        k = (s->iteration + tries) % blocks;
        int64_t end = (k + 1) * block < s->n ? (k + 1) * block : s->n;
        if (ds_largest(end - k * block, s->g + k * block) > 0) break;
    }
    for (int64_t i = 0; i < s->n; i++) s->d[i] = i / block == k ? -s->g[i] : 0;
    return true;
}

static double first(const ds_solver *s)
{
    double most = ds_largest(s->n, s->d);
    return most > 1 ? 1 / most : 1;
}

static const ds_option options[] = {
    { "block", DS_OPT_INT, 1, 1e9, "1", NULL, NULL, "numbers that move together" },
    DS_OPTIONS_END,
};

const ds_solver_def ds_solver_coordinate = {
    .head = { .name = "coordinate",
              .summary = "coordinate and block coordinate descent",
              .formula = "d_i = -g_i for i in the block in turn, else 0",
              .cite = "Goodfellow et al. 8.7.2",
              .options = options },
    .needs = DS_ASK_VALUE | DS_ASK_GRADIENT,
    .search = "wolfe(c2=0.1)",
    .begin = ds_line_begin,
    .told = ds_line_told,
    .direction = direction,
    .first = first,
};
