/* test_nn_support.h - shared by the tests of networks: making problems, reading golden data. */
#ifndef TEST_NN_SUPPORT_H
#define TEST_NN_SUPPORT_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "descent/graph.h"
#include "descent/problem.h"

/* A model of lines such as "dense 5 act=tanh", closed by NULL. */
static inline ds_model *model_of(ds_ctx *ctx, const char *const *lines)
{
    ds_model *m;
    assert_int_equal(ds_model_create(&m, ctx), DS_OK);
    for (; *lines; lines++)
        if (ds_model_add(m, *lines) != DS_OK) fail_msg("%s: %s", *lines, ds_error(ctx));
    return m;
}

static inline ds_problem *problem_of(ds_ctx *ctx, const char *const *lines, const ds_problem_settings *settings)
{
    ds_model *m = model_of(ctx, lines);
    ds_problem *p;
    if (ds_problem_create(&p, ctx, m, settings) != DS_OK) fail_msg("%s", ds_error(ctx));
    ds_model_free(m);
    return p;
}

static inline void *vector_of(const ds_problem *p)
{
    void *v = ds_buffer_alloc((size_t)ds_space_dim(ds_problem_space(p)) * ds_dtype_bytes(ds_problem_dtype(p)));
    assert_non_null(v);
    return v;
}

/* Distance over length, as the comparisons with other software measure it. */
static inline double relative(int64_t n, const double *a, const double *b, double floor_length)
{
    double d = 0, l = 0;
    for (int64_t i = 0; i < n; i++) {
        d += (a[i] - b[i]) * (a[i] - b[i]);
        l += b[i] * b[i];
    }
    l = sqrt(l);
    return sqrt(d) / (l > floor_length ? l : floor_length);
}

#define OK(call)                                                                                                       \
    do {                                                                                                               \
        if ((call) != DS_OK) fail_msg("%s", ds_error(ctx));                                                            \
    } while (0)

#endif
