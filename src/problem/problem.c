/* problem.c - the objective as callers see it: every question becomes one ask of the kind that answers. */
#include "problem/problem.h"

void ds_problem_free(ds_problem *p)
{
    if (p) p->ops->free(p);
}

const ds_space *ds_problem_space(const ds_problem *p) { return p->space; }
void ds_problem_arrange(ds_problem *p, const int *rank) { ds_space_arrange(p->space, rank); }
const ds_space *ds_problem_statistics(const ds_problem *p) { return p->stats; }
void *ds_problem_running(ds_problem *p) { return p->running; }
ds_dtype ds_problem_dtype(const ds_problem *p) { return p->dtype; }
bool ds_problem_draws(const ds_problem *p) { return p->draws; }
int64_t ds_problem_width(const ds_problem *p) { return p->width; }
const ds_head *ds_problem_loss(const ds_problem *p) { return p->loss.head; }
int ds_problem_layers(const ds_problem *p) { return p->layers; }
const ds_layer_summary *ds_problem_layer(const ds_problem *p, int i)
{
    return i >= 0 && i < p->layers ? &p->summary[i] : NULL;
}
size_t ds_problem_bytes(const ds_problem *p) { return p->ops->bytes(p); }

ds_status ds_problem_init(ds_problem *p, uint64_t seed, void *theta, const ds_init_data *from)
{
    static const ds_init_data none;
    return p->ops->init(p, seed, theta, from ? from : &none);
}

ds_status ds_problem_prepare(ds_problem *p, int64_t rows, ds_mode mode, unsigned want)
{
    return p->ops->prepare(p, rows, mode, want);
}

ds_status ds_problem_value(ds_problem *p, const ds_at *at, double *value)
{
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_VALUE, .at = at, .value = value });
}

ds_status ds_problem_gradient(ds_problem *p, const ds_at *at, void *gradient, double *value)
{
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_GRADIENT, .at = at, .out = gradient, .value = value });
}

const void *ds_problem_trained_outputs(const ds_problem *p) { return p->trained; }

void ds_problem_commit(ds_problem *p) { p->ops->commit(p); }

ds_status ds_problem_measure(ds_problem *p, const ds_batch *batch, const void *theta, double share)
{
    if (ds_space_count(p->stats) == 0) return DS_OK;
    const ds_at at = { .batch = batch, .theta = theta, .mode = DS_MODE_ROWS };
    DS_TRY(p->ops->run(p, &(ds_ask){ .want = DS_WANT_OUTPUTS, .at = &at }));
    p->ops->measured(p, share);
    return DS_OK;
}

ds_status ds_problem_hvp(ds_problem *p, const ds_at *at, const void *v, void *out, bool same_point)
{
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_HVP, .at = at, .v = v, .out = out, .same_point = same_point });
}

ds_status ds_problem_gnvp(ds_problem *p, const ds_at *at, const void *v, void *out, bool same_point)
{
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_GNVP, .at = at, .v = v, .out = out, .same_point = same_point });
}

ds_status ds_problem_sampled(ds_problem *p, const ds_at *at, void *gradient)
{
    if (!p->trained || p->trained_rows != at->batch->n)
        return ds_fail(p->ctx, DS_EUSAGE,
                       "labels are drawn from outputs of a gradient on the same batch; take that first");
    DS_TRY(ds_problem_can_sample(p));
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_SAMPLED, .at = at, .out = gradient });
}

static ds_status cannot_sample(const ds_problem *p, const char *key)
{
    ds_fail_key(p->ctx, key);
    return DS_ECONFIG;
}

ds_status ds_problem_can_sample(const ds_problem *p)
{
    const ds_loss_def *def = (const ds_loss_def *)p->loss.head;
    unsigned kind = !p->classes ? DS_FOR_REALS : p->width < p->classes ? DS_FOR_ONE_LOGIT : DS_FOR_CLASSES;
    if (p->weighted) {
        ds_fail(p->ctx, DS_ECONFIG,
                "rows are weighted by their class, and labels drawn from the model would be others; "
                "remove data.class_weights");
        return cannot_sample(p, "data.class_weights");
    }
    if (def->draws & kind) return DS_OK;
    ds_fail(p->ctx, DS_ECONFIG, "loss \"%s\" is no likelihood of %s that could be drawn from; use %s", def->head.name,
            p->classes ? "classes" : "real targets", p->classes ? "cross-entropy" : "squared-error");
    return cannot_sample(p, "model.loss");
}

ds_status ds_problem_outputs(ds_problem *p, const ds_at *at, const void **outputs, double *loss)
{
    return p->ops->run(p, &(ds_ask){ .want = DS_WANT_OUTPUTS, .at = at, .value = loss, .outputs = outputs });
}

ds_val ds_loss_weighted(ds_graph *g, const ds_loss_ask *a, ds_val x)
{
    if (!ds_val_ok(a->weight)) return x;
    ds_shape rows = { .rank = ds_val_shape(g, x).rank, .dim = { ds_val_shape(g, x).dim[0], 1 } };
    return ds_mul(g, x, ds_reshape(g, a->weight, rows));
}
