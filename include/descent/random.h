/* descent/random.h - random numbers as a pure function of a counter and a key: Philox4x32-10 (Salmon et al., SC 2011).
 * A draw is ds_philox(key, counter): nothing to save, no order of calls, the same on any machine.
 * key = (seed, purpose), counter = (step, id, element): see ds_draw. */
#ifndef DESCENT_RANDOM_H
#define DESCENT_RANDOM_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What a stream of numbers is for; part of the key, so no two uses ever share numbers. */
typedef enum ds_purpose {
    DS_FOR_INIT = 1, /* initial weights: id = parameter, element = flat index */
    DS_FOR_DROPOUT,  /* masks: step, id = sample, element */
    DS_FOR_SHUFFLE,  /* order of rows: step = epoch */
    DS_FOR_DIGITS,   /* the digit generator: id = sample */
    DS_FOR_AUGMENT,  /* transforms: step = epoch, id = sample */
    DS_FOR_HOLDOUT,
    DS_FOR_PROBE,
    DS_FOR_TOUR,
    DS_FOR_TEST,
    DS_FOR_SOLVER, /* solvers that draw: step = evaluation or generation */
    DS_FOR_RULE,   /* directions of optimizer rules: step */
    DS_FOR_LABELS, /* labels drawn from a model's outputs: step, id = sample */
    DS_FOR_RACE    /* rates to try: id = trial */
} ds_purpose;

typedef struct ds_draw4 {
    uint32_t u[4];
} ds_draw4;

/* The raw block: counter[4], key[2] -> four 32-bit words. */
DS_API ds_draw4 ds_philox(const uint32_t counter[4], const uint32_t key[2]);

/* One block for (seed, purpose, step, id, block). 64-bit seed is folded with the purpose into the key by one more
 * Philox call inside; step, id are 32 bits each in the counter, block (64 bits) the other two words. */
DS_API ds_draw4 ds_draw(uint64_t seed, ds_purpose purpose, uint32_t step, uint32_t id, uint64_t block);

/* Uniform in [0,1): f32 from the top 24 bits (u 2^-32 can round to 1), f64 from 53 bits of two words. */
DS_API float ds_uniform_f32(uint32_t u);
DS_API double ds_uniform_f64(uint32_t hi, uint32_t lo);

/* A running cursor for host code that wants one number after another from the same stream. */
typedef struct ds_rng {
    uint64_t seed, block;
    uint32_t purpose, step, id;
    int left;
    ds_draw4 now;
} ds_rng;
DS_API ds_rng ds_rng_at(uint64_t seed, ds_purpose purpose, uint32_t step, uint32_t id);
DS_API uint32_t ds_rng_u32(ds_rng *r);
DS_API double ds_rng_uniform(ds_rng *r);             /* [0,1), 53 bits */
DS_API double ds_rng_normal(ds_rng *r);              /* mean 0, variance 1; Box-Muller on our own log, cos, sqrt */
DS_API uint64_t ds_rng_below(ds_rng *r, uint64_t n); /* 0..n-1 without bias; n > 0 */

#ifdef __cplusplus
}
#endif
#endif
