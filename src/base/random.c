/* random.c - Philox4x32-10: ten rounds of two 32x32 -> 64 bit products over a 128-bit counter.
 *   (hi0, lo0) = M0 c0,  (hi1, lo1) = M1 c2;   c' = (hi1 ^ c1 ^ k0, lo1, hi0 ^ c3 ^ k1, lo0);   k += (W0, W1)
 * Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC 2011. */
#include "base/random.h"

ds_draw4 ds_philox(const uint32_t counter[4], const uint32_t key[2])
{
    uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3], k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)0xD2511F53u * c0, p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return (ds_draw4){ { c0, c1, c2, c3 } };
}

void ds_draw_key(uint64_t seed, ds_purpose purpose, uint32_t key[2])
{
    const uint32_t fold[4] = { (uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)purpose, 0 }, zero[2] = { 0, 0 };
    ds_draw4 d = ds_philox(fold, zero);
    key[0] = d.u[0];
    key[1] = d.u[1];
}

ds_draw4 ds_draw(uint64_t seed, ds_purpose purpose, uint32_t step, uint32_t id, uint64_t block)
{
    uint32_t key[2];
    ds_draw_key(seed, purpose, key);
    const uint32_t counter[4] = { step, id, (uint32_t)block, (uint32_t)(block >> 32) };
    return ds_philox(counter, key);
}

float ds_uniform_f32(uint32_t u) { return (float)(u >> 8) * 0x1p-24f; }

double ds_uniform_f64(uint32_t hi, uint32_t lo) { return (double)((((uint64_t)hi << 32) | lo) >> 11) * 0x1p-53; }

ds_rng ds_rng_at(uint64_t seed, ds_purpose purpose, uint32_t step, uint32_t id)
{
    return (ds_rng){ .seed = seed, .purpose = (uint32_t)purpose, .step = step, .id = id };
}

uint32_t ds_rng_u32(ds_rng *r)
{
    if (r->left == 0) {
        r->now = ds_draw(r->seed, (ds_purpose)r->purpose, r->step, r->id, r->block++);
        r->left = 4;
    }
    return r->now.u[4 - r->left--];
}

double ds_rng_uniform(ds_rng *r)
{
    uint32_t hi = ds_rng_u32(r);
    return ds_uniform_f64(hi, ds_rng_u32(r));
}

/* Draws in the incomplete last cycle of 2^64 are thrown away, so every remainder is equally likely. */
uint64_t ds_rng_below(ds_rng *r, uint64_t n)
{
    uint64_t limit = UINT64_MAX - (UINT64_MAX % n + 1) % n, u;
    do {
        u = (uint64_t)ds_rng_u32(r) << 32;
        u |= ds_rng_u32(r);
    } while (u > limit);
    return u % n;
}
