/* constant.c - w = value. Units that start equal stay equal: for experiments about broken symmetry. */
#include "nn/nn.h"

static const ds_option options[] = {
    { "value", DS_OPT_REAL, 0, 0, NULL, NULL, NULL, "every weight",
      .elsewhere = "PyTorch init.constant_(val), Keras Constant(value=), Caffe filler value" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status fill(const ds_init_ask *a, double *w)
{
    for (int64_t i = 0; i < a->segment->count; i++) w[i] = a->option[0].real;
    return DS_OK;
}

const ds_initializer_def ds_initializer_constant = {
    .head = { "constant", "all equal", "w = value", "Goodfellow sec. 8.4", options,
              "PyTorch init.constant_, Keras Constant, Caffe constant" },
    .fill = fill,
};
