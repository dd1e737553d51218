/* random.h - the public random numbers, under the name that the layers include. */
#ifndef DS_BASE_RANDOM_H
#define DS_BASE_RANDOM_H
#include "descent/random.h"

/* The key that ds_draw folds from seed and purpose, for code that runs many blocks itself. */
void ds_draw_key(uint64_t seed, ds_purpose purpose, uint32_t key[2]);

#endif
