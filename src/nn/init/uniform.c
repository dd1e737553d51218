/* uniform.c - w from U(lo, hi). */
#include "nn/nn.h"

static const ds_option options[] = {
    { "lo", DS_OPT_REAL, 0, 0, "-0.05", NULL, "a", "lower end", .why = "Keras's",
      .elsewhere = "PyTorch init.uniform_(a), Keras RandomUniform(minval=), Caffe filler min" },
    { "hi", DS_OPT_REAL, 0, 0, "0.05", NULL, "b", "upper end", .why = "Keras's",
      .elsewhere = "PyTorch init.uniform_(b), Keras RandomUniform(maxval=), Caffe filler max" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status fill(const ds_init_ask *a, double *w)
{
    double lo = a->option[0].real, hi = a->option[1].real;
    if (lo > hi)
        return ds_fail(a->ctx, DS_ERANGE, "init of \"%s\": uniform wants lo <= hi but found lo = %g, hi = %g",
                       a->segment->name, lo, hi);
    ds_init_fill_uniform(a, lo, hi, w);
    return DS_OK;
}

const ds_initializer_def ds_initializer_uniform = {
    .head = { "uniform", "uniform between two ends", "w ~ U(lo, hi)", "Goodfellow sec. 8.4", options,
              "PyTorch init.uniform_, Keras RandomUniform, Caffe uniform" },
    .fill = fill,
};
