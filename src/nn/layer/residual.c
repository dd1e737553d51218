/* residual.c - y = F(x) + S(x): inner layers beside a shortcut, an activation after the sum.
 * Shortcut conv is a 1x1 convolution with bias whose stride makes the extents meet; pad takes every stride-th pixel and
 * appends zero channels, without parameters (option A of the paper).
 * He et al. 2016, eq. 1, 2 */
#include <stdio.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "residual", DS_OPT_OTHER, 0, 0, "", "a list of layers", NULL, "the inner layers", .kind = "layer", .list = true,
      .cite = "He et al. 2016", .elsewhere = "PyTorch y = f(x) + x, Keras Add, Caffe Eltwise" },
    { "shortcut", DS_OPT_CHOICE, 0, 0, "identity", "identity|conv|pad", NULL,
      "what is added to their output: the input, a 1x1 convolution of it, or its padded channels",
      .why = "it has no parameters and passes the gradient as it is", .cite = "He et al. 2016, 3.3",
      .elsewhere = "torchvision BasicBlock(downsample=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

enum { LAYERS, SHORTCUT };
enum { IDENTITY, CONV, PAD };

static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    (void)s, (void)option;
    return ds_model_fail(m, "layer \"residual\": found \"%s\"; wanted a list of layers", text);
}

/* The stride that takes `in` to `out` extents of a kernel of one pixel; 0: none does. */
static int64_t stride_for(ds_shape in, ds_shape out)
{
    for (int64_t s = 1; s <= in.dim[0] || s <= in.dim[1]; s++)
        if ((in.dim[0] - 1) / s + 1 == out.dim[0] && (in.dim[1] - 1) / s + 1 == out.dim[1]) return s;
    return 0;
}

static ds_status lay_shortcut(ds_net *net, ds_layer *l, int64_t stride)
{
    char name[160];
    ds_layer_spec s = { .kind = { .head = &ds_layer_conv.head }, .bias = DS_BIAS_CONSTANT, .repeat = 1 };
    /* The options of conv in its order: channels, kernel, stride, pad, dilation, groups. */
    const int64_t value[] = { l->out.dim[2], 1, stride, 0, 1, 1 };
    for (int k = 0; k < 6; k++) s.kind.value[k] = (ds_optval){ .integer = value[k], .given = true };
    snprintf(name, sizeof name, "%s.shortcut", l->name);
    return ds_lay_one(net, &s, name, l->in, &l->shortcut);
}

static ds_status lay(ds_net *net, ds_layer *l)
{
    char prefix[160], wants[128], text[64];
    int kind = (int)l->spec.kind.value[SHORTCUT].integer;
    if (!l->spec.child) return ds_fail(net->ctx, DS_ECONFIG, "layer %s \"residual\" has no inner layers", l->name);
    snprintf(prefix, sizeof prefix, "%s.", l->name);
    DS_TRY(ds_lay_chain(net, l->spec.child, prefix, l->in, &l->child, &l->out));
    snprintf(wants, sizeof wants, "what its inner layers give, %s,",
             ds_shape_text(ds_user_shape(l->out), text, sizeof text));
    l->flops = (double)ds_shape_count(l->out);
    if (kind == IDENTITY)
        return ds_shape_equal(l->in, l->out) ? DS_OK
                                             : ds_lay_fail(net, l, wants, "use shortcut: conv or shortcut: pad");
    if (l->in.rank != 3 || l->out.rank != 3)
        return ds_lay_fail(net, l, "images inside and out for its shortcut", "use shortcut: identity");
    int64_t stride = stride_for(l->in, l->out);
    if (!stride)
        return ds_lay_fail(net, l, wants,
                           "no stride of the shortcut leads there; pad the inner convolutions with same");
    if (kind == PAD && l->out.dim[2] < l->in.dim[2])
        return ds_lay_fail(net, l, wants, "padding cannot take channels away; use shortcut: conv");
    return kind == CONV ? lay_shortcut(net, l, stride) : DS_OK;
}

static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    ds_val y = ds_chain_build(b, l->child, x);
    if (l->shortcut) {
        x = ds_layer_build(b, l->shortcut, x);
    } else if (!ds_shape_equal(l->in, l->out)) {
        int64_t s = stride_for(l->in, l->out);
        if (s > 1) x = ds_avg_pool(b->g, x, (ds_pool_shape){ { 1, 1 }, { s, s }, { 0, 0 } });
        if (l->out.dim[2] > l->in.dim[2]) x = ds_pad(b->g, x, 3, 0, l->out.dim[2] - l->in.dim[2]);
    }
    return ds_add(b->g, y, x);
}

const ds_layer_def ds_layer_residual = {
    .head = { "residual", "inner layers plus a shortcut", "y = F(x) + S(x)", "He et al. 2016, eq. 1, 2", options,
              "PyTorch f(x) + x, Keras Add, Caffe Eltwise (SUM)" },
    .takes = DS_TAKES_ACT | DS_TAKES_LAYERS,
    .read = read,
    .lay = lay,
    .build = build,
};
