/* zeros.c - w = 0. Only for linear models: equal units with equal weights stay equal. */
#include "nn/nn.h"

static ds_status fill(const ds_init_ask *a, double *w)
{
    for (int64_t i = 0; i < a->segment->count; i++) w[i] = 0;
    return DS_OK;
}

const ds_initializer_def ds_initializer_zeros = {
    .head = { "zeros", "all zero; for linear models", "w = 0", "Goodfellow sec. 8.4", NULL,
              "PyTorch init.zeros_, Keras Zeros, Caffe constant" },
    .fill = fill,
};
