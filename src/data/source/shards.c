/* shards.c - rows from shards on disk through a window of bounded size: sets larger than memory.
 * Blocks of rows are read with pread, checked against the hash that the shard's head holds, and kept in a cache of
 * `window` bytes: sets of 8 slots, a block's set is its number modulo the sets, the slot used longest ago makes room.
 * So neighbouring blocks never displace each other, and a set that fits into the window is read once. What a row holds
 * cannot depend on the cache. A block that cannot be read or whose hash differs is a fault: its rows are zeros, and the
 * batch they belong to is not delivered. */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "data/hash.h"
#include "data/shard.h"

enum { WAYS = 8, WINDOW = 1 << 26, OPEN_FILES = 16 };

static const ds_option options[] = {
    { .name = "window",
      .type = DS_OPT_BYTES,
      .lo = 1 << 21,
      .hi = 0x1p50,
      .def = "64M",
      .help = "memory for rows; the files may be of any size",
      .why = "small beside a model, large beside a block of rows",
      .elsewhere = "PyTorch WebDataset shuffle(n) in rows, Keras tf.data shuffle(n) in rows, Caffe prefetch" },
    { .type = DS_OPT_END },
};

typedef struct slot {
    int64_t block; /* of the split; -1: empty */
    uint64_t used;
    uint8_t *data; /* owned; NULL until first used */
} slot;

typedef struct shards {
    char folder[DS_PATH_BYTES];
    ds_split which;
    ds_shard_index index;
    int64_t record, shard_blocks;
    size_t block_bytes; /* of a slot: a block, or all rows where they are fewer */
    uint64_t **hash;    /* owned, [shards], of blocks */
    int file[OPEN_FILES];
    int64_t file_shard[OPEN_FILES]; /* -1: closed */
    int64_t sets;
    slot *slot; /* owned, [sets, WAYS] */
    uint64_t clock;
    pthread_mutex_t lock;
    ds_ctx *errors; /* owned: text of the first fault; guarded by lock like all of the cache */
    ds_status fault;
} shards;

static ds_status open_shard(ds_ctx *ctx, shards *own, int64_t shard, int *file)
{
    int64_t at = shard % OPEN_FILES;
    char path[DS_PATH_BYTES];
    if (own->file_shard[at] != shard) {
        DS_TRY(ds_shard_path(ctx, path, own->folder, own->which, shard));
        if (own->file_shard[at] >= 0) close(own->file[at]);
        own->file_shard[at] = -1;
        own->file[at] = open(path, O_RDONLY | O_CLOEXEC);
        if (own->file[at] < 0) return ds_fail(ctx, DS_EIO, "%s: cannot open; is the set whole?", path);
        own->file_shard[at] = shard;
    }
    *file = own->file[at];
    return DS_OK;
}

static ds_status read_block(shards *own, int64_t block, uint8_t *data)
{
    ds_ctx *ctx = own->errors;
    const ds_shard_split *p = &own->index.split[own->which];
    int64_t shard = block / own->shard_blocks, in = block % own->shard_blocks, length = ds_shard_length(p, shard);
    int64_t blocks = (length - 1) / own->index.block + 1, first = in * own->index.block;
    int64_t rows = length - first < own->index.block ? length - first : own->index.block;
    int64_t at = DS_SHARD_HEAD + 8 * blocks + first * own->record;
    size_t bytes = (size_t)(rows * own->record);
    char path[DS_PATH_BYTES];
    int file = -1;
    DS_TRY(ds_shard_path(ctx, path, own->folder, own->which, shard));
    DS_TRY(open_shard(ctx, own, shard, &file));
    DS_TRY(ds_read_at(ctx, file, path, data, bytes, at));
    uint64_t found = XXH64(data, bytes, 0);
    if (found == own->hash[shard][in]) return DS_OK;
    return ds_fail(ctx, DS_EFORMAT,
                   "%s: rows %" PRId64 " to %" PRId64 " (offset %" PRId64 "): found hash %016" PRIx64
                   ", wanted %016" PRIx64 "; the file is damaged: copy it or write it again",
                   path, shard * p->shard_rows + first, shard * p->shard_rows + first + rows - 1, at, found,
                   own->hash[shard][in]);
}

/* The block's bytes, read if need be; NULL after a fault. The lock is held. */
static const uint8_t *block_of(shards *own, int64_t block)
{
    slot *set = own->slot + block % own->sets * WAYS, *oldest = set;
    for (slot *s = set; s < set + WAYS; s++) {
        if (s->block == block) {
            s->used = ++own->clock;
            return s->data;
        }
        if (s->used < oldest->used) oldest = s;
    }
    size_t bytes = own->block_bytes;
    if (own->fault != DS_OK) return NULL;
    if (!oldest->data) oldest->data = malloc(bytes);
    own->fault =
        oldest->data ? read_block(own, block, oldest->data) : ds_fail_memory(own->errors, bytes, "a block of rows");
    oldest->block = own->fault == DS_OK ? block : -1;
    oldest->used = ++own->clock;
    return own->fault == DS_OK ? oldest->data : NULL;
}

/* n bytes of record `index` from byte `from` on. */
static void copy(const ds_source *s, int64_t index, size_t from, size_t n, void *out)
{
    shards *own = s->own;
    pthread_mutex_lock(&own->lock);
    int64_t shard = index / own->index.split[own->which].shard_rows,
            in = index % own->index.split[own->which].shard_rows;
    const uint8_t *data = block_of(own, shard * own->shard_blocks + in / own->index.block);
    if (data)
        memcpy(out, data + (size_t)(in % own->index.block * own->record) + from, n);
    else
        memset(out, 0, n);
    pthread_mutex_unlock(&own->lock);
}

static size_t row_bytes(const ds_source *s) { return (size_t)s->elements * ds_cell_bytes(s->cell); }

static const void *row(const ds_source *s, int64_t index, void *scratch)
{
    copy(s, index, 0, row_bytes(s), scratch);
    return scratch;
}

/* A label out of range can only come from whoever wrote the shards: the hashes are right. */
static int32_t label(const ds_source *s, int64_t index)
{
    shards *own = s->own;
    int32_t c;
    copy(s, index, row_bytes(s), sizeof c, &c);
    if (c >= 0 && c < s->classes) return c;
    pthread_mutex_lock(&own->lock);
    if (own->fault == DS_OK)
        own->fault = ds_fail(own->errors, DS_EFORMAT, "%s: %s row %" PRId64 ": label %d; wanted 0 to %d", own->folder,
                             ds_split_name(own->which), index, c, s->classes - 1);
    pthread_mutex_unlock(&own->lock);
    return 0;
}

static void target(const ds_source *s, int64_t index, double *out)
{
    copy(s, index, row_bytes(s), (size_t)s->targets * sizeof *out, out);
}

static ds_status fault(ds_ctx *ctx, const ds_source *s)
{
    shards *own = s->own;
    if (!own) return DS_OK;
    pthread_mutex_lock(&own->lock);
    ds_status status = own->fault;
    if (status != DS_OK) ds_fail(ctx, status, "%s", ds_error(own->errors));
    pthread_mutex_unlock(&own->lock);
    return status;
}

/* Block hashes of all shards; they are 8 bytes for 64 KiB of rows. */
static ds_status read_heads(ds_ctx *ctx, shards *own)
{
    const ds_shard_split *p = &own->index.split[own->which];
    char path[DS_PATH_BYTES];
    uint64_t head = 0;
    int file = -1;
    own->hash = calloc((size_t)p->shards, sizeof *own->hash);
    if (!own->hash) return ds_fail_memory(ctx, (size_t)p->shards * sizeof *own->hash, "shards");
    for (int64_t k = 0; k < p->shards; k++) {
        DS_TRY(ds_shard_path(ctx, path, own->folder, own->which, k));
        DS_TRY(open_shard(ctx, own, k, &file));
        DS_TRY(ds_shard_head_read(ctx, file, path, ds_shard_length(p, k), own->record, own->index.block, &own->hash[k],
                                  &head));
        if (head != p->head[k])
            return ds_fail(ctx, DS_EFORMAT,
                           "%s: its head has hash %016" PRIx64 ", the index wants %016" PRIx64
                           "; the files do not belong together or are damaged",
                           path, head, p->head[k]);
    }
    return DS_OK;
}

/* Training rows have seven eighths of the window, the other splits a sixteenth each. */
static ds_status make_cache(ds_ctx *ctx, shards *own, size_t window)
{
    const ds_shard_split *p = &own->index.split[own->which];
    size_t share = own->which == DS_TRAIN ? window / 8 * 7 : window / 16, set = WAYS * own->block_bytes;
    int64_t most = (p->shards * own->shard_blocks + WAYS - 1) / WAYS;
    own->sets = share / set ? (int64_t)(share / set) : 1;
    if (own->sets > most) own->sets = most;
    own->slot = calloc((size_t)own->sets, WAYS * sizeof *own->slot);
    if (!own->slot) return ds_fail_memory(ctx, (size_t)own->sets * WAYS * sizeof *own->slot, "the window");
    for (int64_t k = 0; k < own->sets * WAYS; k++) own->slot[k].block = -1;
    return DS_OK;
}

static ds_status describe(ds_ctx *ctx, shards *own, ds_source *s)
{
    const ds_shard_index *x = &own->index;
    const ds_shard_split *p = &x->split[own->which];
    s->rows = p->rows;
    s->layout = x->layout, s->cell = x->cell, s->elements = ds_shape_count(x->layout);
    s->classes = x->classes, s->targets = x->targets;
    s->class_names = x->class_names, s->column_names = x->column_names;
    s->identity = ds_hash(3, p->head, (size_t)p->shards * sizeof *p->head) | 1;
    own->shard_blocks = (p->shard_rows - 1) / x->block + 1;
    own->block_bytes = (size_t)((x->block < p->rows ? x->block : p->rows) * own->record);
    return ds_ctx_create(&own->errors, 1) == DS_OK ? DS_OK : ds_fail_memory(ctx, sizeof(void *), "a context");
}

static ds_status open_set(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train,
                          ds_source *s)
{
    if (set->train_count || set->val_count)
        return ds_fail_at(ctx, DS_ECONFIG, "data.path",
                          "data: shards are found by path, the folder that holds index.json");
    if (!set->path) return DS_OK;
    shards *own = s->own = calloc(1, sizeof *own);
    if (!own) return ds_fail_memory(ctx, sizeof *own, "shards");
    (void)train;
    pthread_mutex_init(&own->lock, NULL);
    own->which = split;
    for (int k = 0; k < OPEN_FILES; k++) own->file_shard[k] = -1;
    DS_TRY(ds_path_copy(ctx, own->folder, set->path));
    DS_TRY(ds_shard_index_read(ctx, own->folder, &own->index));
    if (own->index.split[split].rows == 0) return DS_OK;
    own->record = ds_shard_record(&own->index);
    DS_TRY(describe(ctx, own, s));
    DS_TRY(read_heads(ctx, own));
    return make_cache(ctx, own, set->window ? set->window : WINDOW);
}

static void close_set(ds_source *s)
{
    shards *own = s->own;
    if (!own) return;
    for (int64_t k = 0; own->hash && k < own->index.split[own->which].shards; k++) free(own->hash[k]);
    for (int64_t k = 0; own->slot && k < own->sets * WAYS; k++) free(own->slot[k].data);
    for (int k = 0; k < OPEN_FILES; k++)
        if (own->file_shard[k] >= 0) close(own->file[k]);
    free(own->hash);
    free(own->slot);
    ds_shard_index_free(&own->index);
    ds_ctx_free(own->errors);
    pthread_mutex_destroy(&own->lock);
    free(own);
}

const ds_source_def ds_source_shards = {
    .head = { .name = "shards",
              .summary =
                  "checksummed shards that `descent data shuffle` wrote, read through a window: larger than memory",
              .options = options,
              .elsewhere = "PyTorch WebDataset, Keras tf.data TFRecordDataset, Caffe Data (LMDB)" },
    .open = open_set,
    .row = row,
    .label = label,
    .close = close_set,
    .target = target,
    .fault = fault,
};
