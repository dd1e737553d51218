/* dense.c - y = x W + b on flat rows; W [in, out] in memory, [out, in] in files.   Goodfellow sec. 6.1 */
#include <string.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "dense", DS_OPT_OTHER, 0, 0, NULL, "a number of outputs or classes", NULL,
      "number of outputs; `classes` takes it from the data", .words = "classes", .cite = "Goodfellow et al. 6.4.1",
      .elsewhere = "PyTorch out_features, Keras units, Caffe num_output" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

enum { OUT };

/* 0 stands for `classes`. */
static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    ds_optval *v = &s->kind.value[option];
    v->integer = 0;
    if (strcmp(text, "classes") == 0 || ds_text_integer(text, 1, INT32_MAX, &v->integer)) return DS_OK;
    return ds_model_fail(m, "layer \"dense\": found \"%s\"; wanted a number of outputs or \"classes\"", text);
}

static ds_status lay(ds_net *net, ds_layer *l)
{
    if (l->in.rank != 1)
        return ds_lay_fail(net, l, "a flat input", "add {flatten: true} or {pool: global-average} before it");
    int64_t in = l->in.dim[0], out = l->spec.kind.value[OUT].integer ? l->spec.kind.value[OUT].integer : net->classes;
    ds_segment weight = { .shape = DS_SHAPE(out, in), .order = { 1, 0 }, .fan_in = in, .fan_out = out };
    l->out = DS_SHAPE(out);
    l->flops = 2.0 * (double)in * (double)out;
    return ds_lay_weight(net, l, weight, out);
}

static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    ds_val y = ds_matmul(b->g, x, b->param[l->weight], false, false);
    return l->bias < 0 ? y : ds_add(b->g, y, b->param[l->bias]);
}

const ds_layer_def ds_layer_dense = {
    .head = { "dense", "fully connected layer", "y = x W + b", "Goodfellow sec. 6.1", options,
              "PyTorch Linear, Keras Dense, Caffe InnerProduct" },
    .takes = DS_TAKES_ACT | DS_TAKES_NORM | DS_TAKES_WEIGHT,
    .read = read,
    .lay = lay,
    .build = build,
};
