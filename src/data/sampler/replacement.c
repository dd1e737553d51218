/* replacement.c - independent draws: rows come up several times or not at all in an epoch.
 * Lemire's multiply-shift maps 64 random bits to 0..rows-1; with rows below 2^40 its bias is under 2^-24. */
#include "data/source.h"

static int64_t row(const ds_order *o, int64_t position)
{
    uint64_t p = (uint64_t)position;
    ds_draw4 d = ds_draw(o->seed, DS_FOR_SHUFFLE, (uint32_t)o->epoch, (uint32_t)(p >> 32) | 0x80000000u, (uint32_t)p);
    uint64_t u = (uint64_t)d.u[0] << 32 | d.u[1];
    return (int64_t)(uint64_t)(((unsigned __int128)u * (uint64_t)o->rows) >> 64);
}

const ds_sampler_def ds_sampler_replacement = {
    .head = { .name = "replacement",
              .summary = "rows drawn independently, with replacement",
              .formula = "row(p) = floor(n u_p), u_p uniform in [0,1)",
              .elsewhere = "PyTorch RandomSampler(replacement=True), Keras none, Caffe none" },
    .row = row,
};
