/* program.c - questions to a network, planned: a graph and a plan per (rows, mode, question), made once, bound when
 * memory moves, run. */
#include "graph/graph.h"
#include "problem/network.h"

#include <stdlib.h>
#include <string.h>

enum { QUESTIONS = 6, PRODUCTS = DS_WANT_HVP | DS_WANT_GNVP };

static int index_of(unsigned want)
{
    int k = 0;
    while (k < QUESTIONS - 1 && want != 1u << k) k++;
    return k;
}

void ds_program_free(ds_program *p)
{
    if (!p) return;
    ds_plan_free(p->plan);
    ds_buffer_free(p->own_ids);
    ds_buffer_free(p->own_y);
    free(p->theta);
    free(p);
}

/* ---- planning ---------------------------------------------------------------------------------------------------- */

/* The penalty's own curvature, 2 l2 v, beside the Gauss-Newton product of the loss. */
static void add_penalty_curvature(const ds_network *w, ds_graph *g, const ds_val *v, ds_val *out)
{
    for (int i = 0; w->settings.l2 > 0 && i < w->net->params.count; i++)
        if (w->settings.penalty_all || w->net->params.segment[i].role == DS_WEIGHT)
            out[i] = ds_add(g, out[i], ds_scale(g, v[i], 2 * w->settings.l2));
}

/* An output that is an input has that input's memory; it gets memory of its own. */
static ds_val own(ds_graph *g, ds_val v) { return ds_node_of(g, v)->op == &ds_op_input ? ds_copy(g, v) : v; }

/* Equal gradients (two biases that are added) are one value of the graph, but each has its own place in the vector. */
static void separate(ds_graph *g, int n, ds_val *v)
{
    for (int i = 0; i < n; i++) {
        bool taken = false;
        for (int j = 0; j < i; j++) taken |= v[i].id == v[j].id;
        v[i] = taken && ds_val_ok(v[i]) ? ds_copy(g, v[i]) : own(g, v[i]);
    }
}

/* What training commits and ds_problem_measure reads. */
static bool keeps_statistics(const ds_program *p)
{
    return (p->want == DS_WANT_GRADIENT && p->mode == DS_MODE_TRAIN) ||
           (p->want == DS_WANT_OUTPUTS && p->mode == DS_MODE_ROWS);
}

/* Values of the question; returns how many outputs the plan has. */
static int question(const ds_network *w, ds_network_graph *n, ds_program *p, ds_val *output)
{
    int count = 0, segments = w->net->params.count;
    for (int i = 0; (p->want & PRODUCTS) && i < segments; i++)
        p->v[i] = ds_input(n->g, "v", w->base.dtype, ds_space_shape(&w->net->params, i));
    switch (p->want) {
    case DS_WANT_OUTPUTS: output[count++] = p->outputs = own(n->g, n->z); break;
    case DS_WANT_GRADIENT:
        ds_grad(n->g, n->value, segments, n->theta, p->out);
        output[count++] = p->outputs = own(n->g, n->z);
        break;
    case DS_WANT_SAMPLED: ds_grad(n->g, n->loss, segments, n->theta, p->out); break;
    case DS_WANT_HVP: ds_hvp(n->g, n->value, segments, n->theta, p->v, p->out); break;
    case DS_WANT_GNVP:
        ds_gnvp(n->g, n->loss, n->z, segments, n->theta, p->v, p->out);
        add_penalty_curvature(w, n->g, p->v, p->out);
        break;
    default: break;
    }
    separate(n->g, segments, p->out);
    if (p->want <= DS_WANT_OUTPUTS) output[count++] = p->value = p->want == DS_WANT_OUTPUTS ? n->loss : n->value;
    for (int i = 0; (p->want & (DS_WANT_GRADIENT | DS_WANT_SAMPLED | PRODUCTS)) && i < segments; i++)
        output[count++] = p->out[i];
    for (int i = 0; i < w->net->stats.count; i++) {
        p->stat[i] = n->stat[i];
        if (keeps_statistics(p)) output[count++] = n->stat[i];
    }
    return count;
}

static ds_status bind_if_there(ds_plan *plan, ds_val v, const void *memory)
{
    return ds_plan_has(plan, v) ? ds_plan_bind(plan, v, (void *)(uintptr_t)memory) : DS_OK;
}

/* Inputs that never move: running statistics, the random key, the weights of classes. */
static ds_status bind_fixed(ds_network *w, ds_program *p, const ds_network_graph *n)
{
    for (int i = 0; p->mode == DS_MODE_EVAL && i < w->net->stats.count; i++)
        DS_TRY(bind_if_there(p->plan, p->stat[i], ds_network_at(w, w->base.running, w->net->stats.segment[i].offset)));
    DS_TRY(bind_if_there(p->plan, n->rng, w->rng));
    DS_TRY(bind_if_there(p->plan, n->weights, w->class_weights));
    p->value_data = ds_plan_data(p->plan, p->value);
    p->outputs_data = ds_plan_data(p->plan, p->outputs);
    return DS_OK;
}

static ds_status own_inputs(ds_network *w, ds_program *p)
{
    size_t y = (size_t)p->rows *
               (w->settings.targets ? (size_t)w->settings.targets * ds_dtype_bytes(w->base.dtype) : sizeof(int32_t));
    p->own_ids = ds_buffer_alloc((size_t)p->rows * sizeof *p->own_ids);
    p->own_y = ds_buffer_alloc(y);
    if (p->want == DS_WANT_SAMPLED && !w->row) w->row = malloc(2 * (size_t)w->base.width * sizeof *w->row);
    if (p->want == DS_WANT_SAMPLED && !w->row)
        return ds_fail_memory(w->base.ctx, 2 * (size_t)w->base.width * sizeof *w->row, "a row of labels");
    if (!p->own_ids || !p->own_y) return ds_fail_memory(w->base.ctx, y, "a batch's labels");
    for (int64_t i = 0; i < p->rows; i++) p->own_ids[i] = (int32_t)i;
    return DS_OK;
}

static ds_status plan(ds_network *w, ds_program *p, ds_network_graph *n)
{
    int segments = w->net->params.count, stats = w->net->stats.count;
    ds_val *output = calloc((size_t)segments + (size_t)stats + 3, sizeof *output);
    p->theta = calloc(3 * (size_t)segments + (size_t)stats + 1, sizeof *p->theta);
    if (!output || !p->theta) {
        free(output);
        return ds_fail_memory(w->base.ctx, (size_t)segments * 4 * sizeof *output, "a plan");
    }
    p->v = p->theta + segments;
    p->out = p->v + segments;
    p->stat = p->out + segments;
    n->drawn = p->want == DS_WANT_SAMPLED;
    ds_status status = ds_network_graph_make(w, p->rows, p->mode, NULL, n);
    if (status == DS_OK) {
        for (int i = 0; i < segments; i++) p->theta[i] = n->theta[i];
        p->x = n->x;
        p->y = n->y;
        p->ids = n->ids;
        int count = question(w, n, p, output);
        ds_plan_options o = { .backend = w->settings.backend,
                              .changing = p->want & PRODUCTS ? p->v : NULL,
                              .nchanging = p->want & PRODUCTS ? segments : 0 };
        status = ds_plan_create(&p->plan, n->g, count, output, &o);
    }
    free(output);
    return status;
}

static ds_status make_program(ds_network *w, int64_t rows, ds_mode mode, unsigned want, ds_program **out)
{
    if (rows < 1) return ds_fail(w->base.ctx, DS_EUSAGE, "a batch of %lld rows; wanted at least one", (long long)rows);
    ds_program *p = calloc(1, sizeof *p);
    if (!p) return ds_fail_memory(w->base.ctx, sizeof *p, "a plan");
    p->rows = rows;
    p->mode = mode;
    p->want = want;
    ds_network_graph n = { 0 };
    ds_status status = plan(w, p, &n);
    if (status == DS_OK) status = bind_fixed(w, p, &n);
    if (status == DS_OK) status = own_inputs(w, p);
    ds_network_graph_free(&n);
    if (status != DS_OK) {
        ds_program_free(p);
        return status;
    }
    w->bytes += ds_plan_bytes(p->plan);
    p->next = w->first;
    w->first = *out = p;
    return DS_OK;
}

/* The program that answers; the latest one is tried first. */
static ds_status find_program(ds_network *w, int64_t rows, ds_mode mode, unsigned want, ds_program **out)
{
    ds_program **last = &w->last[index_of(want)];
    if (*last && (*last)->rows == rows && (*last)->mode == mode) {
        *out = *last;
        return DS_OK;
    }
    for (*out = w->first; *out; *out = (*out)->next)
        if ((*out)->rows == rows && (*out)->mode == mode && (*out)->want == want) break;
    if (!*out) DS_TRY(make_program(w, rows, mode, want, out));
    *last = *out;
    return DS_OK;
}

ds_status ds_network_prepare(ds_problem *p, int64_t rows, ds_mode mode, unsigned want)
{
    ds_program *made;
    for (int k = 0; k < QUESTIONS; k++)
        if (want & 1u << k) DS_TRY(find_program((ds_network *)p, rows, mode, 1u << k, &made));
    return DS_OK;
}

/* ---- running ----------------------------------------------------------------------------------------------------- */

static ds_status bind_one(ds_program *p, ds_val v, const void *memory, const void **at)
{
    if (*at == memory) return DS_OK;
    *at = memory;
    p->fresh = false;
    return bind_if_there(p->plan, v, memory);
}

static ds_status bind_vector(ds_network *w, ds_program *p, const ds_val *v, const void *memory, const void **at)
{
    if (*at == memory) return DS_OK;
    *at = memory;
    for (int i = 0; i < w->net->params.count; i++)
        DS_TRY(bind_if_there(p->plan, v[i], ds_network_at(w, memory, w->net->params.segment[i].offset)));
    return DS_OK;
}

/* Row by row from the outputs of the latest gradient. */
static void draw_labels(ds_network *w, ds_program *p, const ds_at *at)
{
    const ds_loss_def *def = (const ds_loss_def *)w->base.loss.head;
    const ds_batch *b = at->batch;
    int64_t width = w->base.width;
    double *z = w->row, *y = z + width;
    bool f64 = w->base.dtype == DS_F64;
    for (int64_t i = 0; i < b->n; i++) {
        for (int64_t k = 0; k < width; k++)
            z[k] = f64 ? ((const double *)w->base.trained)[i * width + k]
                       : (double)((const float *)w->base.trained)[i * width + k];
        ds_rng r = ds_rng_at(at->seed, DS_FOR_LABELS, (uint32_t)at->step, (uint32_t)(b->ids ? b->ids[i] : (int32_t)i));
        def->draw(z, width, &r, y);
        if (!w->settings.targets) ((int32_t *)p->own_y)[i] = (int32_t)y[0];
        for (int64_t k = 0; w->settings.targets && k < width; k++)
            if (f64)
                ((double *)p->own_y)[i * width + k] = y[k];
            else
                ((float *)p->own_y)[i * width + k] = (float)y[k];
    }
}

static ds_status bind(ds_network *w, ds_program *p, const ds_ask *ask)
{
    const ds_batch *b = ask->at->batch;
    if (!b->y && (ask->value || ask->want != DS_WANT_OUTPUTS))
        return ds_fail(w->base.ctx, DS_EUSAGE, "a loss is wanted of a batch without labels");
    DS_TRY(bind_one(p, p->x, b->x, &p->at_x));
    bool own = !b->y || ask->want == DS_WANT_SAMPLED;
    DS_TRY(bind_one(p, p->y, own ? p->own_y : b->y, &p->at_y));
    if (ds_val_ok(p->ids)) DS_TRY(bind_one(p, p->ids, b->ids ? b->ids : p->own_ids, &p->at_ids));
    if (p->at_theta != ask->at->theta) p->fresh = false;
    DS_TRY(bind_vector(w, p, p->theta, ask->at->theta, &p->at_theta));
    if (ask->v) DS_TRY(bind_vector(w, p, p->v, ask->v, &p->at_v));
    return ask->out ? bind_vector(w, p, p->out, ask->out, &p->at_out) : DS_OK;
}

static void set_key(int32_t *rng, uint64_t seed, uint64_t step)
{
    const uint32_t key[] = { (uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)step, (uint32_t)(step >> 32) };
    memcpy(rng, key, sizeof key);
}

ds_status ds_network_run(ds_problem *problem, const ds_ask *ask)
{
    ds_network *w = (ds_network *)problem;
    ds_program *p;
    DS_TRY(find_program(w, ask->at->batch->n, ask->at->mode, ask->want, &p));
    if (ask->want == DS_WANT_SAMPLED) draw_labels(w, p, ask->at);
    DS_TRY(bind(w, p, ask));
    set_key(w->rng, ask->at->seed, ask->at->step);
    DS_TRY(ask->same_point && p->fresh ? ds_plan_rerun(p->plan) : ds_plan_run(p->plan));
    p->fresh = true;
    if (ask->value)
        *ask->value = problem->dtype == DS_F64 ? *(const double *)p->value_data : (double)*(const float *)p->value_data;
    if (ask->outputs) *ask->outputs = p->outputs_data;
    if (ask->want == DS_WANT_GRADIENT) {
        problem->trained = p->outputs_data;
        problem->trained_rows = p->rows;
    }
    if (ask->want == DS_WANT_OUTPUTS && ask->at->mode == DS_MODE_ROWS) w->measured = p;
    if (ask->want == DS_WANT_GRADIENT) w->pending = ask->at->mode == DS_MODE_TRAIN ? p : NULL;
    return DS_OK;
}
