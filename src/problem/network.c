/* network.c - the objective that is a network: f = mean loss(network(x; theta), y) + l1 sum |w| + l2 sum w^2. */
#include "problem/network.h"

#include <stdlib.h>
#include <string.h>

static void free_network(ds_problem *p)
{
    ds_network *w = (ds_network *)p;
    while (w->first) {
        ds_program *next = w->first->next;
        ds_program_free(w->first);
        w->first = next;
    }
    ds_net_free(w->net);
    ds_buffer_free(w->base.running);
    ds_buffer_free(w->rng);
    ds_buffer_free(w->class_weights);
    free(w->row);
    free(w->base.summary);
    free(w);
}

static size_t bytes(const ds_problem *p) { return ((const ds_network *)p)->bytes; }

/* Running statistics: r + share (b - r), with the batch's variance times n / (n - 1); of one value a channel it is 0
 * and stays it. Computed in f64, rounded once. share < 0: each norm's own momentum. */
static void move_running(ds_network *w, const ds_program *g, double share)
{
    ds_problem *p = &w->base;
    for (int i = 0; i < p->stats->count; i++) {
        const ds_segment *s = &p->stats->segment[i];
        const ds_layer *l = w->net->row[s->layer];
        double m = share < 0 ? l->spec.norm.value[DS_NORM_MOMENTUM].real : share;
        double n = (double)g->rows * (double)(ds_shape_count(l->out) / s->count);
        double unbias = s->role == DS_VARIANCE && n > 1 ? n / (n - 1) : 1;
        const void *batch = ds_plan_data(g->plan, g->stat[i]);
        for (int64_t k = 0; k < s->count; k++) {
            if (p->dtype == DS_F64) {
                double *r = (double *)p->running + s->offset + k;
                *r += m * (unbias * ((const double *)batch)[k] - *r);
            } else {
                float *r = (float *)p->running + s->offset + k;
                *r = (float)((double)*r + m * (unbias * (double)((const float *)batch)[k] - (double)*r));
            }
        }
    }
}

static void commit(ds_problem *p)
{
    ds_network *w = (ds_network *)p;
    if (w->pending) move_running(w, w->pending, -1);
    w->pending = NULL;
}

static void measured(ds_problem *p, double share) { move_running((ds_network *)p, ((ds_network *)p)->measured, share); }

static const ds_problem_ops network_ops = { .free = free_network,
                                            .prepare = ds_network_prepare,
                                            .init = ds_network_init,
                                            .run = ds_network_run,
                                            .commit = commit,
                                            .bytes = bytes,
                                            .measured = measured };

/* ---- creation ---------------------------------------------------------------------------------------------------- */

static ds_status check_settings(ds_ctx *ctx, const ds_problem_settings *s)
{
    if (s->dtype != DS_F32 && s->dtype != DS_F64)
        return ds_fail(ctx, DS_EUSAGE, "dtype is %s; wanted f32 or f64", ds_dtype_name(s->dtype));
    if ((s->classes > 0) == (s->targets > 0))
        return ds_fail(ctx, DS_EUSAGE, "found %d classes and %lld real targets; wanted one of them", s->classes,
                       (long long)s->targets);
    if (!(s->l1 >= 0 && s->l2 >= 0))
        return ds_fail(ctx, DS_ERANGE, "penalties are l1 = %g, l2 = %g; wanted 0 or more", s->l1, s->l2);
    return DS_OK;
}

/* A failure about what the last layer gives. */
static ds_status blame_last(ds_network *w, ds_status status)
{
    const ds_layer *l = w->net->first;
    while (l && l->next) l = l->next;
    if (l && l->spec.key) ds_fail_key(w->base.ctx, l->spec.key);
    return status;
}

static ds_status check_loss(ds_network *w, ds_part *loss)
{
    const ds_problem_settings *s = &w->settings;
    const ds_loss_def *def = (const ds_loss_def *)loss->head;
    if (!(def->fits & (s->classes ? DS_FOR_CLASSES : DS_FOR_REALS))) {
        ds_fail(w->base.ctx, DS_ECONFIG, "loss \"%s\" is for %s, but the data has %s; use %s", def->head.name,
                s->classes ? "real targets" : "classes", s->classes ? "classes" : "real targets",
                s->classes ? "cross-entropy" : "squared-error");
        ds_fail_key(w->base.ctx, "model.loss");
        return DS_ECONFIG;
    }
    char text[64];
    int64_t wants = s->classes ? s->classes : s->targets;
    if (w->net->out.rank != 1)
        return blame_last(
            w, ds_fail(w->base.ctx, DS_ESHAPE,
                       "the network gives images of %s; end it with {flatten: true} or {pool: global-average} and "
                       "{dense: classes}",
                       ds_shape_text(ds_user_shape(w->net->out), text, sizeof text)));
    w->base.width = w->net->out.dim[0];
    bool one = s->classes == 2 && w->base.width == 1 && (def->fits & DS_FOR_ONE_LOGIT);
    if (w->base.width == wants || one) return DS_OK;
    return blame_last(
        w, ds_fail(w->base.ctx, DS_ESHAPE,
                   "the network gives %lld outputs a row, but the data has %lld %s; end it with {dense: classes}",
                   (long long)w->base.width, (long long)wants, s->classes ? "classes" : "targets"));
}

static ds_status summarize(ds_network *w)
{
    ds_net *net = w->net;
    w->base.summary = calloc((size_t)net->rows + 1, sizeof *w->base.summary);
    if (!w->base.summary)
        return ds_fail_memory(w->base.ctx, (size_t)net->rows * sizeof *w->base.summary, "the summary");
    w->base.layers = net->rows;
    for (int i = 0; i < net->rows; i++) {
        const ds_layer *l = net->row[i];
        w->base.summary[i] = (ds_layer_summary){
            .name = l->name, .kind = l->def->head.name, .output = ds_user_shape(l->out), .flops = l->flops
        };
    }
    for (int i = 0; i < net->params.count; i++)
        w->base.summary[net->params.segment[i].layer].parameters += net->params.segment[i].count;
    return DS_OK;
}

void ds_network_reset_running(ds_network *w)
{
    ds_problem *p = &w->base;
    for (int i = 0; i < p->stats->count; i++)
        for (int64_t k = 0; k < p->stats->segment[i].count; k++) {
            double x = p->stats->segment[i].role == DS_VARIANCE;
            int64_t at = p->stats->segment[i].offset + k;
            if (p->dtype == DS_F64)
                ((double *)p->running)[at] = x;
            else
                ((float *)p->running)[at] = (float)x;
        }
}

static ds_status keep_class_weights(ds_network *w)
{
    const ds_problem_settings *s = &w->settings;
    if (!s->class_weights) return DS_OK;
    if (!s->classes) return ds_fail(w->base.ctx, DS_EUSAGE, "class weights are given, the targets are real numbers");
    w->base.weighted = true;
    w->class_weights = ds_buffer_alloc((size_t)s->classes * ds_dtype_bytes(s->dtype));
    if (!w->class_weights) return ds_fail_memory(w->base.ctx, (size_t)s->classes * sizeof(double), "class weights");
    for (int c = 0; c < s->classes; c++)
        if (s->dtype == DS_F64)
            ((double *)w->class_weights)[c] = s->class_weights[c];
        else
            ((float *)w->class_weights)[c] = (float)s->class_weights[c];
    w->settings.class_weights = NULL; /* the caller's */
    return DS_OK;
}

static ds_status fill(ds_network *w, const ds_model *model)
{
    ds_problem *p = &w->base;
    const ds_problem_settings *s = &w->settings;
    DS_TRY(ds_net_create(&w->net, p->ctx, model, s->sample, s->classes ? s->classes : s->targets));
    p->space = &w->net->params;
    p->stats = &w->net->stats;
    p->draws = w->net->sites > 0;
    const char *loss = s->loss ? s->loss : s->classes ? "cross-entropy" : "squared-error";
    DS_TRY(ds_part_parse(p->ctx, &w->net->arena, &ds_loss_registry, "loss", loss, &p->loss));
    DS_TRY(check_loss(w, &p->loss));
    DS_TRY(summarize(w));
    w->bytes = (size_t)p->stats->dim * ds_dtype_bytes(p->dtype);
    p->running = ds_buffer_alloc(w->bytes);
    w->rng = ds_buffer_alloc(4 * sizeof *w->rng);
    if (!p->running || !w->rng) return ds_fail_memory(p->ctx, w->bytes, "running statistics");
    ds_network_reset_running(w);
    w->settings.loss = NULL; /* the caller's text; p->loss has it all */
    return keep_class_weights(w);
}

ds_status ds_problem_create(ds_problem **out, ds_ctx *ctx, const ds_model *model, const ds_problem_settings *settings)
{
    *out = NULL;
    DS_TRY(check_settings(ctx, settings));
    ds_network *w = calloc(1, sizeof *w);
    if (!w) return ds_fail_memory(ctx, sizeof *w, "an objective");
    w->settings = *settings;
    w->base = (ds_problem){ .ops = &network_ops,
                            .ctx = ctx,
                            .dtype = settings->dtype,
                            .classes = settings->classes,
                            .targets = settings->targets };
    ds_status status = fill(w, model);
    if (status != DS_OK) {
        free_network(&w->base);
        return status;
    }
    *out = &w->base;
    return DS_OK;
}

/* ---- graphs ------------------------------------------------------------------------------------------------------ */

static ds_val penalty(const ds_network *w, ds_graph *g, const ds_val *theta, ds_val f)
{
    const ds_problem_settings *s = &w->settings;
    for (int i = 0; i < w->net->params.count; i++) {
        if (!s->penalty_all && w->net->params.segment[i].role != DS_WEIGHT) continue;
        if (s->l1 > 0) f = ds_add(g, f, ds_scale(g, ds_sum_all(g, ds_abs(g, theta[i])), s->l1));
        if (s->l2 > 0) f = ds_add(g, f, ds_scale(g, ds_sum_all(g, ds_square(g, theta[i])), s->l2));
    }
    return f;
}

/* Targets as the losses want them, [n, K]: one-hot classes, or 0 and 1 where two classes share an output. */
static ds_val target(const ds_network *w, ds_graph *g, ds_val y, int64_t rows)
{
    if (w->settings.targets) return y;
    if (w->base.width == w->settings.classes) return ds_one_hot(g, y, w->base.dtype, w->settings.classes);
    return ds_reshape(g, ds_cast(g, y, w->base.dtype), DS_SHAPE(rows, 1));
}

static void make_inputs(const ds_network *w, int64_t rows, ds_mode mode, ds_network_graph *n)
{
    const ds_net *net = w->net;
    ds_dtype t = w->base.dtype;
    ds_shape x = { .rank = net->in.rank + 1, .dim = { rows } };
    for (int a = 0; a < net->in.rank; a++) x.dim[a + 1] = net->in.dim[a];
    n->x = ds_input(n->g, "x", t, x);
    n->y = w->settings.targets ? ds_input(n->g, "y", t, DS_SHAPE(rows, w->settings.targets))
                               : ds_input(n->g, "y", DS_I32, DS_SHAPE(rows));
    if (w->class_weights) n->weights = ds_input(n->g, "class weights", t, DS_SHAPE(w->settings.classes));
    for (int i = 0; i < net->params.count; i++)
        n->theta[i] = ds_input(n->g, net->params.segment[i].name, t, ds_space_shape(&net->params, i));
    for (int i = 0; mode == DS_MODE_EVAL && i < net->stats.count; i++)
        n->stat[i] = ds_input(n->g, net->stats.segment[i].name, t, net->stats.segment[i].shape);
    if (mode != DS_MODE_TRAIN || net->sites == 0) return;
    n->rng = ds_input(n->g, "rng", DS_I32, DS_SHAPE(4));
    n->ids = ds_input(n->g, "ids", DS_I32, DS_SHAPE(rows));
}

ds_status ds_network_graph_make(ds_network *w, int64_t rows, ds_mode mode, ds_val *product, ds_network_graph *n)
{
    const ds_net *net = w->net;
    *n = (ds_network_graph){ .drawn = n->drawn };
    DS_TRY(ds_graph_create(&n->g, w->base.ctx));
    n->theta = calloc((size_t)net->params.count + (size_t)net->stats.count + 1, sizeof *n->theta);
    if (!n->theta) return ds_fail_memory(w->base.ctx, (size_t)net->params.count * sizeof *n->theta, "a graph");
    n->stat = n->theta + net->params.count;
    make_inputs(w, rows, mode, n);
    bool eval = mode == DS_MODE_EVAL;
    ds_build b = { .g = n->g,
                   .param = n->theta,
                   .stat = eval ? n->stat : NULL,
                   .batch_stat = eval ? NULL : n->stat,
                   .product = product,
                   .rng = n->rng,
                   .ids = n->ids };
    n->z = ds_net_build(&b, net, n->x);
    ds_loss_ask ask = { w->base.loss.value,
                        n->z,
                        target(w, n->g, n->y, rows),
                        w->settings.targets ? (ds_val){ 0 } : n->y,
                        w->class_weights ? ds_gather(n->g, n->weights, n->y) : (ds_val){ 0 },
                        n->drawn };
    n->loss = ((const ds_loss_def *)w->base.loss.head)->build(n->g, &ask);
    n->value = penalty(w, n->g, n->theta, n->loss);
    return ds_graph_status(n->g);
}

void ds_network_graph_free(ds_network_graph *n)
{
    ds_graph_free(n->g);
    free(n->theta);
}
