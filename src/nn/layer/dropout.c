/* dropout.c - each unit is zero with probability p in training, the others grow by 1/(1-p); nothing happens in
 * evaluation. Srivastava et al. 2014; Goodfellow sec. 7.12 */
#include "nn/nn.h"

static const ds_option options[] = {
    { "dropout", DS_OPT_REAL, 0, 0.999, NULL, NULL, NULL, "probability p of a zero", .cite = "Goodfellow et al. 7.12",
      .elsewhere = "PyTorch p, Keras rate, Caffe dropout_ratio" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status lay(ds_net *net, ds_layer *l)
{
    if (l->spec.kind.value[0].real > 0) l->site = net->sites++;
    return DS_OK;
}

static ds_val build(ds_build *b, const ds_layer *l, ds_val x)
{
    double rate = l->spec.kind.value[0].real;
    if (rate == 0 || !ds_val_ok(b->rng)) return x;
    return ds_dropout(b->g, x, b->rng, b->ids, l->site, rate);
}

const ds_layer_def ds_layer_dropout = {
    .head = { "dropout", "random zeros in training", "y = x m / (1 - p), m = 0 with probability p",
              "Srivastava et al. 2014; Goodfellow sec. 7.12", options,
              "PyTorch Dropout, Keras Dropout, Caffe Dropout" },
    .lay = lay,
    .build = build,
};
