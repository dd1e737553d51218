/* net.c - a network laid out: entries unrolled, named, their shapes checked, their parameters declared.
 * Order of parameters: as a forward pass meets them; weight, bias, then the norm's gain and shift. */
#include "nn/nn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME = 160 };

ds_shape ds_user_shape(ds_shape s) { return s.rank == 3 ? DS_SHAPE(s.dim[2], s.dim[0], s.dim[1]) : s; }

ds_status ds_lay_fail(ds_net *net, const ds_layer *l, const char *wants, const char *hint)
{
    char text[64];
    return ds_fail(net->ctx, DS_ESHAPE, "layer %s \"%s\" wants %s but receives %s; %s", l->name, l->def->head.name,
                   wants, ds_shape_text(ds_user_shape(l->in), text, sizeof text), hint);
}

static ds_status add_param(ds_net *net, const ds_layer *l, const char *what, ds_segment segment, const ds_param *how,
                           int *index)
{
    char name[NAME];
    if (snprintf(name, sizeof name, "%s.%s", l->name, what) >= NAME)
        return ds_fail(net->ctx, DS_ECONFIG, "layer name \"%s\" is too long", l->name);
    segment.name = name;
    segment.layer = l->row;
    *index = net->params.count;
    DS_TRY(ds_space_add(&net->params, net->ctx, &segment));
    if (net->params.count > net->param_capacity) {
        int capacity = 2 * net->param_capacity + 16;
        ds_param *grown = realloc(net->param, (size_t)capacity * sizeof *grown);
        if (!grown) return ds_fail_memory(net->ctx, (size_t)capacity * sizeof *grown, "parameters");
        net->param = grown;
        net->param_capacity = capacity;
    }
    net->param[*index] = *how;
    net->param[*index].layer = l;
    return DS_OK;
}

/* Without `init`: he where a rectifier halves the second moment or a norm sets the scale anyway, glorot before other
 * activations, fan-in (small scores: a first loss near ln C) where nothing follows. */
static ds_status default_init(ds_net *net, const ds_layer_spec *s, ds_part *out)
{
    const ds_activation_def *act = (const ds_activation_def *)s->act.head;
    const char *name = s->norm.head || (act && act->rectifier) ? "he" : act ? "glorot" : "fan-in";
    return ds_part_parse(net->ctx, &net->arena, &ds_initializer_registry, "init", name, out);
}

ds_status ds_lay_weight(ds_net *net, ds_layer *l, ds_segment weight, int64_t outputs)
{
    ds_param how = { .init = l->spec.init };
    if (!how.init.head) DS_TRY(default_init(net, &l->spec, &how.init));
    weight.role = DS_WEIGHT;
    DS_TRY(add_param(net, l, "weight", weight, &how, &l->weight));
    ds_bias_kind bias = l->spec.bias;
    if (bias == DS_BIAS_NONE || (bias == DS_BIAS_AUTO && l->spec.norm.head)) return DS_OK;
    if (bias == DS_BIAS_MARGINALS && outputs != net->classes)
        return ds_fail(
            net->ctx, DS_ESHAPE,
            "layer %s \"%s\" has %lld outputs, but bias: marginals wants as many as there are classes or targets, %lld",
            l->name, l->def->head.name, (long long)outputs, (long long)net->classes);
    how = (ds_param){ .value = bias == DS_BIAS_CONSTANT ? l->spec.bias_value : 0,
                      .marginals = bias == DS_BIAS_MARGINALS };
    return add_param(net, l, "bias", (ds_segment){ .role = DS_BIAS, .shape = DS_SHAPE(outputs) }, &how, &l->bias);
}

/* The norm of an entry, or the norm that is the entry. */
static ds_status lay_norm(ds_net *net, ds_layer *l)
{
    const ds_norm_def *def = (const ds_norm_def *)l->spec.norm.head;
    if (!def) return DS_OK;
    const char *inner = l->def == &ds_layer_norm_entry ? "" : "norm.";
    char what[2][32], name[NAME];
    ds_segment s = { .shape = DS_SHAPE(l->out.dim[l->out.rank - 1]) };
    snprintf(what[0], sizeof what[0], "%sweight", inner);
    snprintf(what[1], sizeof what[1], "%sbias", inner);
    s.role = DS_GAIN;
    DS_TRY(add_param(net, l, what[0], s, &(ds_param){ .value = 1 }, &l->norm.gain));
    s.role = DS_SHIFT;
    DS_TRY(add_param(net, l, what[1], s, &(ds_param){ .value = 0 }, &l->norm.shift));
    s.layer = l->row;
    s.name = name;
    for (int k = 0; def->batch && k < 2; k++) {
        snprintf(name, sizeof name, "%s.%srunning_%s", l->name, inner, k ? "var" : "mean");
        s.role = k ? DS_VARIANCE : DS_MEAN;
        *(k ? &l->norm.var : &l->norm.mean) = net->stats.count;
        DS_TRY(ds_space_add(&net->stats, net->ctx, &s));
    }
    return DS_OK;
}

static ds_status copy_spec(ds_net *net, const ds_layer_spec *in, ds_layer_spec *out)
{
    *out = *in;
    out->child = in->child; /* needed while laying; cleared after */
    out->next = NULL;
    const ds_part *from[] = { &in->kind, &in->act, &in->norm, &in->init };
    ds_part *to[] = { &out->kind, &out->act, &out->norm, &out->init };
    for (int k = 0; k < 4; k++)
        if (from[k]->head) DS_TRY(ds_part_copy(net->ctx, &net->arena, from[k], to[k]));
    return DS_OK;
}

static ds_status add_row(ds_net *net, ds_layer *l)
{
    if (net->rows == net->row_capacity) {
        int capacity = 2 * net->row_capacity + 16;
        ds_layer **grown = realloc(net->row, (size_t)capacity * sizeof *grown);
        if (!grown) return ds_fail_memory(net->ctx, (size_t)capacity * sizeof *grown, "layers");
        net->row = grown;
        net->row_capacity = capacity;
    }
    l->row = net->rows;
    net->row[net->rows++] = l;
    return DS_OK;
}

ds_status ds_lay_one(ds_net *net, const ds_layer_spec *spec, const char *name, ds_shape in, ds_layer **out)
{
    ds_layer *l = *out = ds_arena_alloc(&net->arena, sizeof *l);
    if (!l) return ds_fail_memory(net->ctx, sizeof *l, "a layer");
    *l = (ds_layer){ .def = (const ds_layer_def *)spec->kind.head,
                     .in = in,
                     .out = in,
                     .weight = -1,
                     .bias = -1,
                     .norm = { -1, -1, -1, -1 } };
    DS_TRY(add_row(net, l));
    l->name = ds_arena_text(&net->arena, name);
    if (!l->name) return ds_fail_memory(net->ctx, strlen(name), "a layer's name");
    DS_TRY(copy_spec(net, spec, &l->spec));
    char where[NAME + 8];
    snprintf(where, sizeof where, "layer %s", name);
    DS_TRY(ds_part_complete(net->ctx, where, &l->spec.kind));
    ds_status status = l->def->lay ? l->def->lay(net, l) : DS_OK;
    l->spec.child = NULL;
    if (status == DS_OK) status = lay_norm(net, l);
    if (status != DS_OK && spec->key) ds_fail_key(net->ctx, spec->key);
    return status;
}

/* Name of the k-th copy of an entry: prefix, then the given name (numbered when repeated) or the position. */
static bool entry_name(char *name, const char *prefix, const ds_layer_spec *s, int64_t k, int position)
{
    int n = !s->name        ? snprintf(name, NAME, "%s%d", prefix, position)
            : s->repeat > 1 ? snprintf(name, NAME, "%s%s-%lld", prefix, s->name, (long long)k)
                            : snprintf(name, NAME, "%s%s", prefix, s->name);
    return n < NAME;
}

ds_status ds_lay_chain(ds_net *net, const ds_layer_spec *spec, const char *prefix, ds_shape in, ds_layer **first,
                       ds_shape *out)
{
    int position = 0;
    for (const ds_layer_spec *s = spec; s; s = s->next)
        for (int64_t k = 0; k < s->repeat; k++, position++) {
            char name[NAME];
            if (!entry_name(name, prefix, s, k, position))
                return ds_fail(net->ctx, DS_ECONFIG, "layer name \"%s...\" is too long", prefix);
            DS_TRY(ds_lay_one(net, s, name, in, first));
            in = (*first)->out;
            first = &(*first)->next;
        }
    *out = in;
    return DS_OK;
}

static ds_status check_sample(ds_ctx *ctx, ds_shape s)
{
    char text[64];
    bool good = s.rank == 1 || s.rank == 3;
    for (int a = 0; a < s.rank; a++) good &= s.dim[a] > 0;
    if (good) return DS_OK;
    return ds_fail(ctx, DS_ESHAPE, "rows have shape %s; wanted [channels, height, width] or [features]",
                   ds_shape_text(s, text, sizeof text));
}

ds_status ds_net_create(ds_net **out, ds_ctx *ctx, const ds_model *model, ds_shape sample, int64_t classes)
{
    *out = NULL;
    DS_TRY(check_sample(ctx, sample));
    ds_net *net = calloc(1, sizeof *net);
    if (!net) return ds_fail_memory(ctx, sizeof *net, "a network");
    net->ctx = ctx;
    net->classes = classes;
    net->in = sample.rank == 3 ? DS_SHAPE(sample.dim[1], sample.dim[2], sample.dim[0]) : sample;
    ds_status status = ds_lay_chain(net, ds_model_layers(model), "", net->in, &net->first, &net->out);
    if (status != DS_OK) {
        ds_net_free(net);
        return status;
    }
    *out = net;
    return DS_OK;
}

void ds_net_free(ds_net *net)
{
    if (!net) return;
    ds_space_clear(&net->params);
    ds_space_clear(&net->stats);
    ds_arena_free(&net->arena);
    free(net->param);
    free(net->row);
    free(net);
}

/* ---- graphs ------------------------------------------------------------------------------------------------------ */

static ds_val build_norm(ds_build *b, const ds_layer *l, ds_val x)
{
    const ds_norm_def *def = (const ds_norm_def *)l->spec.norm.head;
    if (!def) return x;
    double eps = l->spec.norm.value[DS_NORM_EPS].real;
    ds_val gain = b->param[l->norm.gain], shift = b->param[l->norm.shift];
    if (!def->batch) return ds_layer_norm(b->g, x, gain, shift, eps);
    if (b->stat) return ds_batch_norm_eval(b->g, x, gain, shift, b->stat[l->norm.mean], b->stat[l->norm.var], eps);
    ds_norm_out y = ds_batch_norm(b->g, x, gain, shift, eps);
    if (b->batch_stat) {
        b->batch_stat[l->norm.mean] = y.mean;
        b->batch_stat[l->norm.var] = y.var;
    }
    return y.y;
}

ds_val ds_layer_build(ds_build *b, const ds_layer *l, ds_val x)
{
    const ds_activation_def *act = (const ds_activation_def *)l->spec.act.head;
    if (l->def->build) x = l->def->build(b, l, x);
    if (b->product && l->weight >= 0) b->product[l->weight] = x;
    x = build_norm(b, l, x);
    return act ? act->build(b->g, l->spec.act.value, x) : x;
}

ds_val ds_chain_build(ds_build *b, const ds_layer *first, ds_val x)
{
    for (const ds_layer *l = first; l; l = l->next) x = ds_layer_build(b, l, x);
    return x;
}

ds_val ds_net_build(ds_build *b, const ds_net *net, ds_val x) { return ds_chain_build(b, net->first, x); }
