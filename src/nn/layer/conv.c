/* conv.c - 2-D convolution (correlation) on images; W [kh, kw, in/groups, out] in memory, [out, in/groups, kh, kw] in
 * files.
 *
 *   y[i, j, o] = sum over r, s, c of x[i S - P + r D, j S - P + s D, c] W[r, s, c, o] + b[o]
 *   extent: floor((H + 2P - D (K - 1) - 1) / S) + 1
 *
 * Goodfellow eq. 9.6 */
#include <string.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "conv", DS_OPT_INT, 1, 1 << 20, NULL, NULL, NULL, "number of output channels", .cite = "Goodfellow et al. 9.5",
      .elsewhere = "PyTorch out_channels, Keras filters, Caffe num_output" },
    { "kernel", DS_OPT_INT, 1, 1024, NULL, NULL, NULL, "side of the square kernel", .cite = "Goodfellow et al. 9.5",
      .elsewhere = "PyTorch kernel_size, Keras kernel_size, Caffe kernel_size" },
    { "stride", DS_OPT_INT, 1, 1024, "1", NULL, NULL, "step between outputs", .why = "no place is passed over",
      .cite = "Goodfellow et al. 9.5", .elsewhere = "PyTorch stride, Keras strides, Caffe stride" },
    { "pad", DS_OPT_OTHER, 0, 1024, "0", "same or a whole number", NULL,
      "zeros on each side; same is floor(kernel / 2)", .words = "same",
      .why = "as in PyTorch: only where the whole kernel lies in the image", .cite = "Goodfellow et al. 9.5",
      .elsewhere = "PyTorch padding, Keras padding=\"same\" or \"valid\", Caffe pad" },
    { "dilation", DS_OPT_INT, 1, 1024, "1", NULL, NULL, "step between the kernel's elements",
      .why = "the kernel has no holes", .cite = "Yu and Koltun 2016",
      .elsewhere = "PyTorch dilation, Keras dilation_rate, Caffe dilation" },
    { "groups", DS_OPT_INT, 1, 1 << 20, "1", NULL, NULL, "parts of the channels that do not mix",
      .why = "every output sees every input channel", .cite = "Krizhevsky et al. 2012",
      .elsewhere = "PyTorch groups, Keras groups, Caffe group" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

enum { CHANNELS, KERNEL, STRIDE, PAD, DILATION, GROUPS };

/* -1 stands for `same`. */
static ds_status read(ds_model *m, ds_layer_spec *s, int option, const char *text)
{
    ds_optval *v = &s->kind.value[option];
    v->integer = -1;
    if (strcmp(text, "same") == 0 || ds_text_integer(text, 0, 1024, &v->integer)) return DS_OK;
    return ds_model_fail(m, "layer \"conv\": pad is \"%s\"; wanted \"same\" or a number from 0 to 1024", text);
}

static ds_conv_shape geometry(const ds_optval *o)
{
    int64_t pad = o[PAD].integer < 0 ? o[KERNEL].integer / 2 : o[PAD].integer;
    return (ds_conv_shape){ { o[STRIDE].integer, o[STRIDE].integer },
                            { pad, pad },
                            { o[DILATION].integer, o[DILATION].integer },
                            o[GROUPS].integer };
}

static ds_status lay(ds_net *net, ds_layer *l)
{
    const ds_optval *o = l->spec.kind.value;
    ds_conv_shape c = geometry(o);
    int64_t k = o[KERNEL].integer, out = o[CHANNELS].integer;
    if (l->in.rank != 3)
        return ds_lay_fail(net, l, "images (channels x height x width)",
                           "take the {flatten: true} before it out, or use dense");
    int64_t in = l->in.dim[2], h = l->in.dim[0] + 2 * c.pad[0] - c.dilation[0] * (k - 1),
            w = l->in.dim[1] + 2 * c.pad[1] - c.dilation[1] * (k - 1);
    if (in % c.groups || out % c.groups)
        return ds_lay_fail(net, l, "input and output channels that groups divides", "change groups or the channels");
    if (h < 1 || w < 1)
        return ds_lay_fail(net, l, "an image no smaller than its kernel",
                           "use a smaller kernel, less dilation, or pad: same");
    l->out = DS_SHAPE((h - 1) / c.stride[0] + 1, (w - 1) / c.stride[1] + 1, out);
    ds_segment weight = { .shape = DS_SHAPE(out, in / c.groups, k, k),
                          .order = { 2, 3, 1, 0 },
                          .fan_in = in / c.groups * k * k,
                          .fan_out = out * k * k };
    l->flops = 2.0 * (double)ds_shape_count(l->out) * (double)weight.fan_in;
    return ds_lay_weight(net, l, weight, out);
}

static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    ds_val y = ds_conv(b->g, x, b->param[l->weight], geometry(l->spec.kind.value));
    return l->bias < 0 ? y : ds_add(b->g, y, b->param[l->bias]);
}

const ds_layer_def ds_layer_conv = {
    .head = { "conv", "2-D convolution", "y = x * W + b", "Goodfellow eq. 9.6", options,
              "PyTorch Conv2d, Keras Conv2D, Caffe Convolution" },
    .takes = DS_TAKES_ACT | DS_TAKES_NORM | DS_TAKES_WEIGHT,
    .read = read,
    .lay = lay,
    .build = build,
};
