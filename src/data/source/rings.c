/* rings.c - a built-in table: points of the square [-1, 1]^2, classed by the ring around its middle that they lie in.
 * Class 0 within radius 0.6, 1 within 0.95, 2 outside; then each coordinate moves by noise of deviation 0.1 difficulty.
 * 3,000 training and 1,000 test rows: enough for a small net to learn what no linear model can. */
#include <stdlib.h>

#include "data/source.h"

enum { TRAIN_ROWS = 3000, TEST_ROWS = 1000 };
enum { SET = 16 }; /* apart from the sets of digits, which draw for the same purpose */

static const ds_option options[] = {
    { .name = "difficulty",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 1,
      .def = "0.5",
      .help = "0: rings apart, 1: blurred ones",
      .why = "a small net misses one row in ten, a linear model more than half" },
    { .name = "seed",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 9007199254740992.0,
      .def = "0",
      .help = "another set of points for every seed",
      .why = "any number would do" },
    { .type = DS_OPT_END },
};

static ds_status name_columns(ds_ctx *ctx, ds_source *s)
{
    s->column_names = ds_arena_alloc(&s->arena, 2 * sizeof *s->column_names);
    if (!s->column_names) return ds_fail_memory(ctx, 2 * sizeof *s->column_names, "names of columns");
    s->column_names[0] = "x";
    s->column_names[1] = "y";
    return DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    (void)train;
    if (split == DS_VAL) return DS_OK;
    if (!(set->difficulty >= 0 && set->difficulty <= 1))
        return ds_fail_at(ctx, DS_ERANGE, "data.difficulty", "data: difficulty is %g; wanted 0 to 1", set->difficulty);
    s->rows = split == DS_TRAIN ? TRAIN_ROWS : TEST_ROWS;
    s->layout = DS_SHAPE(2);
    s->elements = 2;
    s->cell = DS_CELL_F64;
    s->classes = 3;
    double *x = calloc((size_t)s->rows, 2 * sizeof *x);
    s->memory = s->first = (uint8_t *)x;
    s->labels = calloc((size_t)s->rows, sizeof *s->labels);
    if (!x || !s->labels) return ds_fail_memory(ctx, (size_t)s->rows * 2 * sizeof *x, "rings");
    for (int64_t i = 0; i < s->rows; i++) {
        ds_rng r = ds_rng_at(set->seed, DS_FOR_DIGITS, SET + (uint32_t)split, (uint32_t)i);
        double u = 2 * ds_rng_uniform(&r) - 1, v = 2 * ds_rng_uniform(&r) - 1, square = u * u + v * v;
        s->labels[i] = (square >= 0.36) + (square >= 0.9025);
        x[2 * i] = u + 0.1 * set->difficulty * ds_rng_normal(&r);
        x[2 * i + 1] = v + 0.1 * set->difficulty * ds_rng_normal(&r);
    }
    DS_TRY(name_columns(ctx, s));
    return ds_number_classes(ctx, s);
}

const ds_source_def ds_source_rings = {
    .head = { .name = "rings",
              .summary = "generated table: points of a square by the ring they lie in, no file needed",
              .formula = "class = [r >= 0.6] + [r >= 0.95], r^2 = x^2 + y^2 before the noise",
              .options = options,
              .elsewhere = "near to scikit-learn make_circles" },
    .generated = true,
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
};
