/* sequential.c - stored order: position p is row p. */
#include "data/source.h"

static int64_t row(const ds_order *o, int64_t position)
{
    (void)o;
    return position;
}

const ds_sampler_def ds_sampler_sequential = {
    .head = { .name = "sequential",
              .summary = "rows in stored order",
              .formula = "row(p) = p",
              .elsewhere = "PyTorch SequentialSampler, Keras fit(shuffle=False), Caffe as the database lies" },
    .row = row,
};
