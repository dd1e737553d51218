/* window.c - a new order each time that stays near the disk's: blocks of 4096 consecutive rows come in a random order,
 * and each block's rows in a random order of their own; the rows left over come last, shuffled. For shuffled shards
 * larger than memory: the order on disk is random once and for all, and each epoch mixes it anew at the cost of reading
 * forward. Black, Rogaway 2002 for the permutations (sampler/shuffle.c). */
#include "data/source.h"

enum { BLOCK = 4096 };

/* A permutation of 0..n-1 by a key of its own; epoch and block make the key. */
static ds_order part(const ds_order *o, int64_t rows, uint64_t block)
{
    ds_draw4 d = ds_draw(o->seed, DS_FOR_SHUFFLE, (uint32_t)o->epoch, 1, block);
    return ds_order_at(ds_sampler_find("shuffle"), rows, (uint64_t)d.u[0] << 32 | d.u[1], o->epoch);
}

static int64_t row(const ds_order *o, int64_t position)
{
    int64_t blocks = o->rows / BLOCK, at = position / BLOCK, in = position % BLOCK;
    int64_t block = at, rows = at < blocks ? BLOCK : o->rows % BLOCK;
    if (at < blocks) {
        ds_order outer = part(o, blocks, UINT64_MAX);
        block = outer.def->row(&outer, at);
    }
    ds_order inner = part(o, rows, (uint64_t)block);
    return block * BLOCK + inner.def->row(&inner, in);
}

const ds_sampler_def ds_sampler_window = {
    .head = { .name = "window",
              .summary = "blocks of 4096 rows in random order, shuffled within: for sets larger than memory",
              .formula = "row(p) = 4096 b + P_b(p mod 4096), b = P(p div 4096)",
              .cite = "Goodfellow sec. 8.1.3" },
    .row = row,
};
