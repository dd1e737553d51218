/* pool.c - maximum or average of windows, or the average of a whole image. The stride is the size unless given, nothing
 * is padded, a ragged edge is dropped; of equal maxima the first counts.   Goodfellow sec. 9.3 */
#include "nn/nn.h"

static const ds_option options[] = {
    { "pool", DS_OPT_CHOICE, 0, 0, NULL, "max|average|global-average", NULL,
      "what is taken of each window; global-average: of the whole image", .cite = "Goodfellow et al. 9.3",
      .elsewhere = "PyTorch MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1); Keras MaxPooling2D and others; Caffe pool: MAX "
                   "or AVE, global_pooling" },
    { "size", DS_OPT_INT, 1, 1024, "", NULL, NULL, "side of the square window; max and average want it",
      .elsewhere = "PyTorch kernel_size, Keras pool_size, Caffe kernel_size" },
    { "stride", DS_OPT_INT, 1, 1024, "", NULL, NULL, "step between windows; absent: the size",
      .why = "windows side by side", .elsewhere = "PyTorch stride, Keras strides, Caffe stride" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

enum { KIND, SIZE, STRIDE };
enum { MAX, AVERAGE, GLOBAL };

static ds_pool_shape geometry(const ds_optval *o)
{
    int64_t n = o[SIZE].integer, s = o[STRIDE].given ? o[STRIDE].integer : n;
    return (ds_pool_shape){ { n, n }, { s, s }, { 0, 0 } };
}

static ds_status lay(ds_net *net, ds_layer *l)
{
    const ds_optval *o = l->spec.kind.value;
    if (l->in.rank != 3)
        return ds_lay_fail(net, l, "images (channels x height x width)", "put it before {flatten: true}");
    l->flops = (double)ds_shape_count(l->in);
    if (o[KIND].integer == GLOBAL) {
        if (o[SIZE].given || o[STRIDE].given)
            return ds_lay_fail(net, l, "no size and no stride, as global-average takes whole images,", "take them out");
        l->out = DS_SHAPE(l->in.dim[2]);
        return DS_OK;
    }
    if (!o[SIZE].given) return ds_lay_fail(net, l, "a window", "add size: 2");
    ds_pool_shape p = geometry(o);
    if (p.size[0] > l->in.dim[0] || p.size[0] > l->in.dim[1])
        return ds_lay_fail(net, l, "an image no smaller than its window", "use a smaller size");
    l->out = DS_SHAPE((l->in.dim[0] - p.size[0]) / p.stride[0] + 1, (l->in.dim[1] - p.size[1]) / p.stride[1] + 1,
                      l->in.dim[2]);
    return DS_OK;
}

static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    const ds_optval *o = l->spec.kind.value;
    switch (o[KIND].integer) {
    case MAX: return ds_max_pool(b->g, x, geometry(o));
    case AVERAGE: return ds_avg_pool(b->g, x, geometry(o));
    default: return ds_global_avg_pool(b->g, x);
    }
}

const ds_layer_def ds_layer_pool = {
    .head = { "pool", "pooling of images", NULL, "Goodfellow sec. 9.3", options,
              "PyTorch MaxPool2d, AvgPool2d, AdaptiveAvgPool2d(1); Keras MaxPooling2D, AveragePooling2D, "
              "GlobalAveragePooling2D; Caffe Pooling" },
    .lay = lay,
    .build = build,
};
