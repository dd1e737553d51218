/* shuffle.c - a keyed permutation of 0..n-1, computed on demand: no table, any position at once.
 *   x of m bits (2^m >= n) is split in a high and a low part; rounds add a keyed function of one part to the other,
 *   low ^= F(high), high ^= F(low), ...: each is its own inverse, so the whole is a bijection of 0..2^m-1.
 *   A result >= n is put through again until it falls below n (cycle walking), under two passes on average.
 * Black, Rogaway: Ciphers with arbitrary finite domains. CT-RSA 2002. */
#include "data/source.h"

enum { ROUNDS = 12 };

static void prepare(ds_order *o)
{
    o->bits = 2;
    while (o->bits < 62 && ((int64_t)1 << o->bits) < o->rows) o->bits++;
    for (int i = 0; i < ROUNDS; i += 4) {
        ds_draw4 d = ds_draw(o->seed, DS_FOR_SHUFFLE, (uint32_t)o->epoch, 0, (uint64_t)i);
        for (int j = 0; j < 4; j++) o->key[i + j] = d.u[j];
    }
}

/* Any well-mixing function serves: two multiply-xorshift steps after the key. */
static uint64_t mix(uint64_t x, uint32_t key)
{
    x = (x + key) * 0x9E3779B97F4A7C15u;
    x ^= x >> 32;
    x = (x ^ ((uint64_t)key << 17)) * 0xD6E8FEB86659FD93u;
    return x >> 31;
}

static uint64_t permute(const ds_order *o, uint64_t x)
{
    int low_bits = (o->bits + 1) / 2, high_bits = o->bits / 2;
    uint64_t low_mask = ((uint64_t)1 << low_bits) - 1, high_mask = ((uint64_t)1 << high_bits) - 1;
    uint64_t low = x & low_mask, high = x >> low_bits;
    for (int i = 0; i < ROUNDS; i += 2) {
        low ^= mix(high, o->key[i]) & low_mask;
        high ^= mix(low, o->key[i + 1]) & high_mask;
    }
    return high << low_bits | low;
}

static int64_t row(const ds_order *o, int64_t position)
{
    uint64_t x = (uint64_t)position;
    do x = permute(o, x);
    while (x >= (uint64_t)o->rows);
    return (int64_t)x;
}

const ds_sampler_def ds_sampler_shuffle = {
    .head = { .name = "shuffle",
              .summary = "every row once an epoch, in a new order each time",
              .formula = "row(p) = P_(seed, epoch)(p), P a keyed permutation",
              .cite = "Black, Rogaway 2002; Goodfellow sec. 8.1.3",
              .elsewhere = "PyTorch RandomSampler, Keras fit(shuffle=True), Caffe shuffle: true" },
    .prepare = prepare,
    .row = row,
};
