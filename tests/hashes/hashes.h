/* hashes.h - one row of the table: a name and the hash of an array of results.
 * The hash is FNV-1a (64 bits) over little-endian bytes; all NaNs count as one, and so do both zeros, as the promise of
 * equal bits says. */
#ifndef HASHES_H
#define HASHES_H

#include "graph/graph.h"

/* Record the hash of count elements under a name; compared with the table's row, or printed when there is no table. */
void hash_row(const char *name, ds_dtype t, const void *data, int64_t count);
void hash_bytes(const char *name, const void *data, int64_t bytes);
/* A failure that is no wrong hash: something could not be built or run. */
void hash_failure(const char *name, const char *why);

/* One context for the whole program. */
ds_ctx *hash_ctx(void);
/* The op's value on the sample's inputs, and the pull-back of a fixed r to each of them: a row each. */
void hash_sample(const char *name, const ds_op_sample *s, ds_dtype t);

/* The parts of the table, a file each. */
void hash_random(void);
void hash_digits(void);
void hash_ops(void);
void hash_large(void);
void hash_rules(void);

#endif
