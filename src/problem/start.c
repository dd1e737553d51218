/* start.c - initial parameters of a network: initializers in f64 and file order, biases, rescaling on one batch. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "problem/network.h"

/* Biases whose outputs fit the marginals best, by the loss's own formula in f64. Frequencies keep clear of 0 and 1,
 * where the logarithms end. */
static ds_status marginal_bias(ds_network *w, const double *marginals, int64_t n, double *bias)
{
    const ds_loss_def *def = (const ds_loss_def *)w->base.loss.head;
    const double edge = 1e-6;
    if (!marginals)
        return ds_fail(w->base.ctx, DS_EUSAGE, "a layer has bias: marginals, but no marginals of the data were given");
    for (int64_t k = 0; k < n; k++) bias[k] = marginals[k];
    if (!def->marginals) return DS_OK;
    for (int64_t k = 0; k < n; k++) bias[k] = bias[k] < edge ? edge : bias[k] > 1 - edge ? 1 - edge : bias[k];
    ds_graph *g;
    ds_plan *plan = NULL;
    double *in = ds_buffer_alloc((size_t)n * sizeof *in);
    DS_TRY(ds_graph_create(&g, w->base.ctx));
    ds_val p = ds_input(g, "p", DS_F64, DS_SHAPE(n)), y = def->marginals(g, p);
    ds_status status =
        in ? ds_plan_create(&plan, g, 1, &y, NULL) : ds_fail_memory(w->base.ctx, (size_t)n * sizeof *in, "biases");
    if (status == DS_OK) {
        memcpy(in, bias, (size_t)n * sizeof *in);
        status = ds_plan_bind(plan, p, in);
    }
    if (status == DS_OK) status = ds_plan_run(plan);
    if (status == DS_OK) memcpy(bias, ds_plan_data(plan, y), (size_t)n * sizeof *bias);
    ds_plan_free(plan);
    ds_graph_free(g);
    ds_buffer_free(in);
    return status;
}

static ds_status fill_param(ds_network *w, int i, uint64_t seed, const ds_init_data *from, double *x)
{
    const ds_param *how = &w->net->param[i];
    const ds_segment *s = &w->net->params.segment[i];
    if (how->marginals) return marginal_bias(w, from->marginals, s->count, x);
    if (how->init.head) {
        ds_init_ask ask = {
            .ctx = w->base.ctx, .seed = seed, .id = (uint32_t)i, .segment = s, .option = how->init.value
        };
        return ((const ds_initializer_def *)how->init.head)->fill(&ask, x);
    }
    for (int64_t k = 0; k < s->count; k++) x[k] = how->value;
    return DS_OK;
}

/* ---- rescaling on one batch -------------------------------------------------------------------------------------- */

static bool is_data_driven(const ds_param *how)
{
    return how->init.head && ((const ds_initializer_def *)how->init.head)->data_driven;
}

static double element(ds_dtype t, const void *x, int64_t i)
{
    return t == DS_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

/* Biased standard deviation, two passes in f64. */
static double deviation(ds_dtype t, const void *x, int64_t n)
{
    double mean = 0, var = 0;
    for (int64_t i = 0; i < n; i++) mean += element(t, x, i);
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) var = fma(element(t, x, i) - mean, element(t, x, i) - mean, var);
    return sqrt(var / (double)n);
}

static ds_status rescale_one(ds_network *w, int i, const void *product, int64_t n, void *theta)
{
    const ds_segment *s = &w->net->params.segment[i];
    double std = deviation(w->base.dtype, product, n);
    if (!(std > 0 && std < INFINITY))
        return ds_fail(w->base.ctx, DS_ERANGE,
                       "init of \"%s\": its products on the batch have deviation %g; rescaling wants one above 0",
                       s->name, std);
    for (int64_t k = s->offset; k < s->offset + s->count; k++)
        if (w->base.dtype == DS_F64)
            ((double *)theta)[k] /= std;
        else
            ((float *)theta)[k] = (float)((double)((float *)theta)[k] / std);
    return DS_OK;
}

/* Each layer is measured after those before it were rescaled: one forward pass a layer. */
static ds_status rescale_all(ds_network *w, ds_plan *plan, const ds_network_graph *n, const ds_val *product,
                             const ds_batch *batch, void *theta)
{
    DS_TRY(ds_plan_bind(plan, n->x, batch->x));
    for (int i = 0; i < w->net->params.count; i++)
        if (ds_plan_has(plan, n->theta[i]))
            DS_TRY(ds_plan_bind(plan, n->theta[i], ds_network_at(w, theta, w->net->params.segment[i].offset)));
    for (int i = 0; i < w->net->params.count; i++) {
        if (!is_data_driven(&w->net->param[i])) continue;
        DS_TRY(ds_plan_run(plan));
        DS_TRY(
            rescale_one(w, i, ds_plan_data(plan, product[i]), ds_shape_count(ds_val_shape(n->g, product[i])), theta));
    }
    return DS_OK;
}

static ds_status rescale(ds_network *w, const ds_init_data *from, void *theta)
{
    int count = 0, segments = w->net->params.count;
    for (int i = 0; i < segments; i++) count += is_data_driven(&w->net->param[i]);
    if (count == 0) return DS_OK;
    if (!from->batch || !from->batch->x)
        return ds_fail(w->base.ctx, DS_EUSAGE, "a layer has init: data-driven, but no batch was given");
    ds_val *product = calloc(2 * (size_t)segments, sizeof *product), *output = product + segments;
    if (!product) return ds_fail_memory(w->base.ctx, 2 * (size_t)segments * sizeof *product, "a plan");
    ds_network_graph n = { 0 };
    ds_plan *plan = NULL;
    ds_status status = ds_network_graph_make(w, from->batch->n, DS_MODE_ROWS, product, &n);
    count = 0;
    for (int i = 0; i < segments; i++)
        if (is_data_driven(&w->net->param[i])) output[count++] = product[i];
    if (status == DS_OK)
        status = ds_plan_create(&plan, n.g, count, output, &(ds_plan_options){ .backend = w->settings.backend });
    if (status == DS_OK) status = rescale_all(w, plan, &n, product, from->batch, theta);
    ds_plan_free(plan);
    ds_network_graph_free(&n);
    free(product);
    return status;
}

ds_status ds_network_init(ds_problem *p, uint64_t seed, void *theta, const ds_init_data *from)
{
    ds_network *w = (ds_network *)p;
    int64_t most = 1;
    for (int i = 0; i < p->space->count; i++)
        if (p->space->segment[i].count > most) most = p->space->segment[i].count;
    double *x = malloc((size_t)most * sizeof *x);
    if (!x) return ds_fail_memory(p->ctx, (size_t)most * sizeof *x, "initial weights");
    memset(theta, 0, (size_t)p->space->dim * ds_dtype_bytes(p->dtype));
    ds_status status = DS_OK;
    for (int i = 0; status == DS_OK && i < p->space->count; i++) {
        status = fill_param(w, i, seed, from, x);
        if (status == DS_OK) ds_space_import(p->space, i, p->dtype, theta, DS_F64, x);
    }
    free(x);
    ds_network_reset_running(w);
    return status == DS_OK ? rescale(w, from, theta) : status;
}
