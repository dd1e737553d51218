/* ops.c - every registered op on its own samples, in f32 and f64: the value and its pull-back of a fixed r to each input.
 * A new op is in the table by being registered. Larger shapes, past every tile and leaf, follow in large.c. */
#include "hashes.h"

#include <stdio.h>
#include <string.h>

#include "graph/graph.h"
#include "descent/op.h"
#include "descent/random.h"
#include "op/ops.h"

/* Element i of input k: a number in [lo, hi), a different one for every pair. */
static double draw(uint32_t k, int64_t i)
{
    ds_draw4 d = ds_draw(77, DS_FOR_TEST, k, 0, (uint64_t)i);
    return ds_uniform_f64(d.u[0], d.u[1]);
}

static void fill(void *data, ds_dtype t, int64_t n, uint32_t k, char kind, double lo, double hi)
{
    for (int64_t i = 0; i < n; i++) {
        double u = kind == 'p' ? ((double)(i * 7919 % n) + 0.5) / (double)n : draw(k, i); /* p: all different */
        if (kind == 'i' || kind == 'k')
            ((int32_t *)data)[i] = (int32_t)((kind == 'i' ? hi : 1000) * u);
        else if (t == DS_F32)
            ((float *)data)[i] = (float)(lo + (hi - lo) * u);
        else
            ((double *)data)[i] = lo + (hi - lo) * u;
    }
}

enum { MOST = 1 + DS_MAX_IN };

/* Plan y and the gradients, run, hash each. */
static void run(const char *name, ds_graph *g, int nin, const ds_val *in, const ds_op_sample *s, ds_val y)
{
    ds_val out[MOST] = { y }, dx[DS_MAX_IN], real[DS_MAX_IN];
    int nreal = 0, nout = 1;
    ds_shape ys = ds_val_shape(g, y);
    ds_ctx *ctx = hash_ctx();
    void *memory[MOST] = { NULL };
    ds_plan *plan = NULL;
    for (int k = 0; k < nin; k++)
        if (ds_val_dtype(g, in[k]) != DS_I32) real[nreal++] = in[k];
    memory[nin] = ds_buffer_alloc((size_t)(ds_shape_count(ys) + 16) * 8);
    ds_val r = ds_val_dtype(g, y) == DS_I32 ? DS_NONE : ds_input(g, "r", ds_val_dtype(g, y), ys);
    if (ds_val_ok(r) && nreal) {
        fill(memory[nin], ds_val_dtype(g, y), ds_shape_count(ys), 99, 'r', -1, 1);
        ds_vjp(g, 1, &y, &r, nreal, real, dx);
        for (int k = 0; k < nreal; k++)
            if (ds_val_ok(dx[k]) && dx[k].id != r.id) out[nout++] = dx[k]; /* r itself says nothing */
    }
    ds_status status = ds_plan_create(&plan, g, nout, out, NULL);
    for (int k = 0; k < nin && status == DS_OK; k++) {
        int64_t n = ds_shape_count(ds_val_shape(g, in[k]));
        memory[k] = ds_buffer_alloc((size_t)(n + 16) * 8);
        fill(memory[k], ds_val_dtype(g, in[k]), n, (uint32_t)k, s->kind[k], s->lo, s->hi);
        ds_plan_bind(plan, in[k], memory[k]); /* refused for an input that the outputs do not need */
    }
    if (status == DS_OK && nout > 1) status = ds_plan_bind(plan, r, memory[nin]);
    if (status == DS_OK) status = ds_plan_run(plan);
    if (status != DS_OK) hash_failure(name, ds_error(ctx));
    for (int k = 0; k < nout && status == DS_OK; k++) {
        char row[96];
        snprintf(row, sizeof row, k ? "%s.d%d" : "%s", name, k);
        if (nin == 1 && out[k].id == in[0].id) continue; /* a cast to its own type is no node */
        hash_row(row, ds_val_dtype(g, out[k]), ds_plan_data(plan, out[k]), ds_shape_count(ds_val_shape(g, out[k])));
    }
    ds_plan_free(plan);
    for (int k = 0; k < MOST; k++) ds_buffer_free(memory[k]);
}

void hash_sample(const char *name, const ds_op_sample *s, ds_dtype t)
{
    ds_graph *g;
    ds_val in[DS_MAX_IN];
    char row[80];
    snprintf(row, sizeof row, "%s.%s", name, ds_dtype_name(t));
    if (ds_graph_create(&g, hash_ctx()) != DS_OK) {
        hash_failure(row, ds_error(hash_ctx()));
        return;
    }
    for (int k = 0; k < s->nin; k++)
        in[k] = ds_input(g, "x", s->kind[k] == 'i' || s->kind[k] == 'k' ? DS_I32 : t, s->shape[k]);
    run(row, g, s->nin, in, s, s->build(g, in));
    ds_graph_free(g);
}

void hash_ops(void)
{
    int count;
    const ds_op *const *ops = ds_ops(&count);
    for (int o = 0; o < count; o++)
        for (int k = 0; ops[o]->samples && ops[o]->samples[k].build; k++) {
            char name[64];
            snprintf(name, sizeof name, "%s.%d", ops[o]->head.name, k);
            hash_sample(name, &ops[o]->samples[k], DS_F32);
            hash_sample(name, &ops[o]->samples[k], DS_F64);
        }
}
