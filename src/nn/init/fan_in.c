/* fan_in.c - w from U(-1/sqrt(m), 1/sqrt(m)) with m inputs a unit: outputs a third of the inputs' second moment. */
#include <math.h>

#include "nn/nn.h"

static ds_status fill(const ds_init_ask *a, double *w)
{
    double h = 1 / sqrt((double)a->segment->fan_in);
    ds_init_fill_uniform(a, -h, h, w);
    return DS_OK;
}

const ds_initializer_def ds_initializer_fan_in = {
    .head = { "fan-in", "uniform within 1/sqrt(inputs)", "w ~ U(-1/sqrt(m), 1/sqrt(m))", "Goodfellow sec. 8.4", NULL,
              "PyTorch's default of Linear and Conv2d, Keras LecunUniform with a third of its variance, Caffe xavier "
              "with a third" },
    .fill = fill,
};
