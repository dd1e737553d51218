/* network.h - the objective that is a network: its layout, and one program per (rows, mode, question). */
#ifndef DS_PROBLEM_NETWORK_H
#define DS_PROBLEM_NETWORK_H

#include "problem/problem.h"

/* A planned graph with its values and what they are bound to. NULL or none where the graph has no such value. */
typedef struct ds_program {
    int64_t rows;
    ds_mode mode;
    unsigned want; /* one of DS_WANT_* */
    ds_plan *plan;
    ds_val x, y, ids;
    ds_val *theta, *v, *out; /* per segment; out: gradient or product */
    ds_val *stat;            /* per statistic: running value (eval) or this batch's */
    ds_val outputs, value;
    int32_t *own_ids; /* 0, 1, 2, ...: for batches without ids */
    void *own_y;      /* zeros, for batches without labels; labels that are drawn */
    /* bound now */
    const void *at_x, *at_y, *at_ids, *at_theta, *at_v, *at_out;
    const void *value_data, *outputs_data;
    bool fresh; /* has run since its inputs other than v were bound */
    struct ds_program *next;
} ds_program;

typedef struct ds_network {
    ds_problem base;
    ds_net *net;
    ds_problem_settings settings;
    ds_program *first, *last[6]; /* last[k]: the latest that answered DS_WANT_* = 1 << k */
    ds_program *pending;         /* the latest gradient whose statistics wait for commit */
    ds_program *measured;        /* the latest outputs in DS_MODE_ROWS */
    int32_t *rng;                /* seed low, high, step low, high */
    void *class_weights;         /* [classes] in the problem's dtype; NULL */
    double *row;                 /* [2, width] outputs and draws of a row; NULL: labels are never drawn */
    size_t bytes;
} ds_network;

/* The graph for rows rows in a mode: values common to all questions. b->product may be set by the caller. */
typedef struct ds_network_graph {
    ds_graph *g;
    ds_val x, y, rng, ids, *theta, *stat;
    ds_val weights;        /* [classes], of the rows' classes; may be none */
    ds_val z, loss, value; /* outputs, mean loss, mean loss with penalty */
    bool drawn;            /* labels come from the model; set before */
} ds_network_graph;

ds_status ds_network_graph_make(ds_network *w, int64_t rows, ds_mode mode, ds_val *product, ds_network_graph *out);
void ds_network_graph_free(ds_network_graph *n);
ds_status ds_network_init(ds_problem *p, uint64_t seed, void *theta, const ds_init_data *from);
ds_status ds_network_prepare(ds_problem *p, int64_t rows, ds_mode mode, unsigned want);
ds_status ds_network_run(ds_problem *p, const ds_ask *ask);
void ds_network_reset_running(ds_network *w); /* mean 0, variance 1 */
void ds_program_free(ds_program *p);

/* Address of element `at` of a vector of the problem's dtype. */
static inline void *ds_network_at(const ds_network *w, const void *v, int64_t at)
{
    return (char *)(uintptr_t)v + (size_t)at * ds_dtype_bytes(w->base.dtype);
}

#endif
