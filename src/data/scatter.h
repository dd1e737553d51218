/* scatter.h - records thrown into buckets on disk, then taken back bucket by bucket in the order of random keys.
 * Row r has the 128-bit key Philox(seed, r); the order of the rows is that of their keys (equal ones: by row). Keys of
 * one length drawn alike make every one of the n! orders equally likely, as long as no two are equal (for 2^40 rows a
 * chance of 2^-49). Bucket b of B holds the keys in [b, b+1) 2^128 / B, so buckets one after another, each sorted, are
 * the sorted whole: the order knows neither B nor memory. Two passes over the data, as in Sandelius: A simple
 * randomization procedure, J. Royal Stat. Soc. B 24 (1962). */
#ifndef DS_DATA_SCATTER_H
#define DS_DATA_SCATTER_H

#include "base/ctx.h"

typedef struct ds_scatter {
    ds_ctx *ctx;
    char path[1024];
    int file;
    uint64_t seed;
    int64_t record;               /* bytes */
    int64_t buckets;              /* B */
    int64_t bytes;                /* of the file so far */
    int64_t room;                 /* records a buffer takes; pass 1 */
    int64_t *last;                /* [B] offset of the bucket's last chunk, -1: none */
    int64_t *count;               /* [B] records on disk */
    int64_t *held;                /* [B] records in the buffer */
    uint8_t *buffer;              /* pass 1: [B, room]; pass 2: one bucket */
    struct ds_scatter_key *order; /* pass 2 */
} ds_scatter;

/* Buckets for `rows` records so that each of them fits into memory; DS_ECONFIG: memory too small. */
ds_status ds_scatter_buckets(ds_ctx *ctx, int64_t rows, int64_t record, size_t memory, int64_t *buckets);
/* A file with its first `bytes` bytes kept from before (0: a new one). All fields are set but the buffers. */
ds_status ds_scatter_open(ds_scatter *s, ds_ctx *ctx, const char *path, uint64_t seed, int64_t record, int64_t buckets,
                          int64_t bytes);
/* Pass 1: memory for the buffers, then rows in any order. */
ds_status ds_scatter_start(ds_scatter *s, size_t memory);
ds_status ds_scatter_put(ds_scatter *s, int64_t row, const uint8_t *record);
/* All that was put is on disk, durably, in the first s->bytes bytes. */
ds_status ds_scatter_flush(ds_scatter *s);
/* Pass 2: memory for the largest bucket; then the records of a bucket in their order. */
ds_status ds_gather_start(ds_scatter *s, size_t memory);
ds_status ds_gather_load(ds_scatter *s, int64_t bucket);
const uint8_t *ds_gather_record(const ds_scatter *s, int64_t k); /* k below count[bucket] */
void ds_scatter_close(ds_scatter *s);

#endif
