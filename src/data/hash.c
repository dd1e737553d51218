/* hash.c - four lanes of h = rotate(h ^ w, 29) P, each over every fourth 64-bit word, joined and mixed at the end.
 * The lanes are independent, so the multiplications overlap: memory speed, not multiplier latency, is the limit. */
#include "data/hash.h"

#include <string.h>

#define P0 0x9E3779B97F4A7C15u
#define P1 0xD6E8FEB86659FD93u

static uint64_t step(uint64_t h, uint64_t w)
{
    h ^= w;
    return (h << 29 | h >> 35) * P0;
}

static uint64_t finish(uint64_t h)
{
    h = (h ^ h >> 32) * P1;
    h = (h ^ h >> 29) * P0;
    return h ^ h >> 32;
}

uint64_t ds_hash(uint64_t start, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    uint64_t lane[4] = { start, start + P0, start ^ P1, start - P1 }, word[4];
    size_t left = n;
    for (; left >= sizeof word; left -= sizeof word, p += sizeof word) {
        memcpy(word, p, sizeof word);
        for (int i = 0; i < 4; i++) lane[i] = step(lane[i], word[i]);
    }
    memset(word, 0, sizeof word);
    memcpy(word, p, left);
    uint64_t h = step(start ^ P0, (uint64_t)n);
    for (int i = 0; i < 4; i++) h = finish(h ^ step(lane[i], word[i])) + P1;
    return h;
}
