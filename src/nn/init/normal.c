/* normal.c - w from N(mean, std^2). */
#include "nn/nn.h"

static const ds_option options[] = {
    { "mean", DS_OPT_REAL, 0, 0, "0", NULL, NULL, "mean", .why = "signs balance",
      .elsewhere = "PyTorch init.normal_(mean), Keras RandomNormal(mean=), Caffe filler mean" },
    { "std", DS_OPT_REAL, 0, 1e6, "0.01", NULL, NULL, "standard deviation", .why = "small scores at the start",
      .cite = "Krizhevsky et al. 2012",
      .elsewhere = "PyTorch init.normal_(std), Keras RandomNormal(stddev=), Caffe filler std" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static ds_status fill(const ds_init_ask *a, double *w)
{
    ds_init_fill_normal(a, a->option[0].real, a->option[1].real, w);
    return DS_OK;
}

const ds_initializer_def ds_initializer_normal = {
    .head = { "normal", "normal of given mean and deviation", "w ~ N(mean, std^2)", "Goodfellow sec. 8.4", options,
              "PyTorch init.normal_, Keras RandomNormal, Caffe gaussian" },
    .fill = fill,
};
