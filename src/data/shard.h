/* shard.h - rows on disk as training wants them: fixed-size records in numbered files, with checksums down to blocks.
 *
 *   index.json         what the rows are, how many of each split, the hash of every shard's head, its own hash
 *   train-00000.shard  "dsshard1", rows, record bytes, block rows (u64 each) | hash of every block | records
 * A record is a row's elements as they are kept, channels last, then its label (i32) or its targets (f64). A block is
 * `block` consecutive records; all numbers are little-endian, all hashes XXH64. Index, heads and blocks form a tree:
 * whoever trusts the index's hash trusts every byte. */
#ifndef DS_DATA_SHARD_H
#define DS_DATA_SHARD_H

#include "data/stream.h"

#define DS_SHARD_INDEX "index.json"
enum { DS_SHARD_HEAD = 32, DS_SHARD_BLOCK_BYTES = 1 << 16, DS_SHARD_BYTES = 1 << 24 };

typedef struct ds_shard_split {
    int64_t rows, shard_rows; /* rows a shard; the last one has what is left */
    int64_t shards;
    uint64_t *head; /* owned, [shards]: hash of each shard's head and block hashes */
} ds_shard_split;

/* What an index says. Text is in the arena. */
typedef struct ds_shard_index {
    ds_shape layout;
    ds_cell cell;
    int classes;
    int64_t targets, block; /* block: records a block */
    const char **class_names, **column_names;
    bool shuffled;
    uint64_t seed; /* of the order */
    ds_shard_split split[3];
    ds_arena arena;
} ds_shard_index;

/* Bytes of a record; -1: beyond 2^63. */
int64_t ds_shard_record(const ds_shard_index *x);
/* Rows of a shard. */
int64_t ds_shard_length(const ds_shard_split *p, int64_t shard);
/* Path of a shard of a split, buf DS_PATH_BYTES long. */
ds_status ds_shard_path(ds_ctx *ctx, char *buf, const char *folder, ds_split split, int64_t shard);

/* Layout, cell, classes, targets and names of a source; block and shard lengths from the record's size. */
ds_status ds_shard_describe(ds_ctx *ctx, const ds_source *s, ds_shard_index *x);
ds_status ds_shard_index_read(ds_ctx *ctx, const char *folder, ds_shard_index *x);
ds_status ds_shard_index_write(ds_ctx *ctx, const char *folder, const ds_shard_index *x);
void ds_shard_index_free(ds_shard_index *x);

/* One shard in the making: a temporary file beside it until _finish. */
typedef struct ds_shard_writer {
    ds_ctx *ctx;
    char path[DS_PATH_BYTES], temporary[DS_PATH_BYTES];
    int file; /* -1: none */
    int64_t rows, record, block, done;
    uint64_t *hash;  /* owned, of every block */
    uint8_t *buffer; /* owned, one block */
} ds_shard_writer;
ds_status ds_shard_begin(ds_shard_writer *w, ds_ctx *ctx, const char *path, int64_t rows, int64_t record,
                         int64_t block);
ds_status ds_shard_put(ds_shard_writer *w, const uint8_t *record);
/* Make it durable and give it its name; *head: the hash for the index. */
ds_status ds_shard_finish(ds_shard_writer *w, uint64_t *head);
void ds_shard_abandon(ds_shard_writer *w); /* also after _finish */

/* Row r of a source as a record. scratch: one row. */
void ds_shard_record_of(const ds_source *s, int64_t r, void *scratch, uint8_t *record);

/* Head and block hashes of a shard, checked against the file's length: *hash [owned, free(), blocks]. */
ds_status ds_shard_head_read(ds_ctx *ctx, int file, const char *path, int64_t rows, int64_t record, int64_t block,
                             uint64_t **hash, uint64_t *head);

#endif
