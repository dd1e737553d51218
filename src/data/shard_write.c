/* shard_write.c - one shard in the making, and the reading of its head. Blocks are hashed as they fill up; the head is
 * written last, then the file is made durable and renamed, so that a shard that has its name is whole. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "data/shard.h"

static int64_t blocks_of(int64_t rows, int64_t block) { return (rows - 1) / block + 1; }

static ds_status failed(const ds_shard_writer *w, const char *what)
{
    return ds_fail(w->ctx, DS_EIO, "%s: %s: %s", w->path, what, strerror(errno));
}

static bool write_at(int file, const void *data, size_t n, int64_t offset)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pwrite(file, (const char *)data + done, n - done, (off_t)(offset + (int64_t)done));
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        done += (size_t)k;
    }
    return true;
}

ds_status ds_shard_begin(ds_shard_writer *w, ds_ctx *ctx, const char *path, int64_t rows, int64_t record, int64_t block)
{
    *w = (ds_shard_writer){ .ctx = ctx, .file = -1, .rows = rows, .record = record, .block = block };
    DS_TRY(ds_path_copy(ctx, w->path, path));
    if (snprintf(w->temporary, sizeof w->temporary, "%s.tmp", path) >= (int)sizeof w->temporary)
        return ds_fail(ctx, DS_EIO, "%s: the path is too long", path);
    size_t blocks = (size_t)blocks_of(rows, block), bytes = (size_t)(block * record);
    w->hash = malloc(blocks * sizeof *w->hash);
    w->buffer = malloc(bytes);
    if (!w->hash || !w->buffer) return ds_fail_memory(ctx, bytes, "a block of rows");
    w->file = open(w->temporary, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return w->file < 0 ? failed(w, "cannot create") : DS_OK;
}

ds_status ds_shard_put(ds_shard_writer *w, const uint8_t *record)
{
    size_t bytes = (size_t)w->record;
    int64_t in = w->done % w->block, first = w->done - in;
    memcpy(w->buffer + (size_t)in * bytes, record, bytes);
    w->done++;
    if (in + 1 < w->block && w->done < w->rows) return DS_OK;
    size_t n = (size_t)(in + 1) * bytes;
    w->hash[first / w->block] = XXH64(w->buffer, n, 0);
    int64_t start = DS_SHARD_HEAD + 8 * blocks_of(w->rows, w->block) + first * w->record;
    return write_at(w->file, w->buffer, n, start) ? DS_OK : failed(w, "cannot write");
}

static uint64_t head_hash(const uint64_t head[4], const uint64_t *hash, size_t blocks)
{
    return XXH64(hash, blocks * sizeof *hash, XXH64(head, DS_SHARD_HEAD, 0));
}

static void make_head(uint64_t head[4], int64_t rows, int64_t record, int64_t block)
{
    memcpy(head, "dsshard1", 8);
    head[1] = (uint64_t)rows, head[2] = (uint64_t)record, head[3] = (uint64_t)block;
}

ds_status ds_shard_finish(ds_shard_writer *w, uint64_t *out)
{
    uint64_t head[4];
    size_t blocks = (size_t)blocks_of(w->rows, w->block);
    make_head(head, w->rows, w->record, w->block);
    bool good = write_at(w->file, w->hash, blocks * sizeof *w->hash, DS_SHARD_HEAD) &&
                write_at(w->file, head, DS_SHARD_HEAD, 0) && fsync(w->file) == 0;
    good = close(w->file) == 0 && good;
    w->file = -1;
    if (!good || rename(w->temporary, w->path)) {
        ds_status status = failed(w, "cannot write");
        unlink(w->temporary);
        return status;
    }
    *out = head_hash(head, w->hash, blocks);
    return DS_OK;
}

void ds_shard_abandon(ds_shard_writer *w)
{
    if (w->file >= 0) {
        close(w->file);
        unlink(w->temporary);
    }
    free(w->hash);
    free(w->buffer);
    *w = (ds_shard_writer){ .file = -1 };
}

void ds_shard_record_of(const ds_source *s, int64_t r, void *scratch, uint8_t *record)
{
    size_t bytes = (size_t)s->elements * ds_cell_bytes(s->cell);
    memcpy(record, s->def->row(s, r, scratch), bytes);
    if (s->classes) {
        int32_t label = s->def->label(s, r);
        memcpy(record + bytes, &label, sizeof label);
    } else {
        ds_source_targets(s, r, (double *)scratch);
        memcpy(record + bytes, scratch, (size_t)s->targets * sizeof(double));
    }
}

ds_status ds_shard_head_read(ds_ctx *ctx, int file, const char *path, int64_t rows, int64_t record, int64_t block,
                             uint64_t **hash, uint64_t *out)
{
    uint64_t head[4], wanted[4];
    int64_t blocks = blocks_of(rows, block), table = ds_product(blocks, 8), data = ds_product(rows, record), end;
    struct stat st;
    *hash = NULL;
    if (data < 0 || table < 0 || __builtin_add_overflow(data, table + DS_SHARD_HEAD, &end))
        return ds_fail(ctx, DS_EFORMAT, "%s: %lld rows of %lld bytes exceed 2^63", path, (long long)rows,
                       (long long)record);
    if (fstat(file, &st)) return ds_fail(ctx, DS_EIO, "%s: %s", path, strerror(errno));
    if (st.st_size != end)
        return ds_fail(ctx, DS_EFORMAT, "%s: found %lld bytes, wanted %lld for %lld rows; copy it or write it again",
                       path, (long long)st.st_size, (long long)end, (long long)rows);
    DS_TRY(ds_read_at(ctx, file, path, head, sizeof head, 0));
    make_head(wanted, rows, record, block);
    if (memcmp(head, wanted, sizeof head) != 0)
        return ds_fail(ctx, DS_EFORMAT, "%s: offset 0: the head is not that of %lld rows of %lld bytes", path,
                       (long long)rows, (long long)record);
    *hash = malloc((size_t)blocks * sizeof **hash);
    if (!*hash) return ds_fail_memory(ctx, (size_t)blocks * sizeof **hash, path);
    ds_status status = ds_read_at(ctx, file, path, *hash, (size_t)blocks * sizeof **hash, DS_SHARD_HEAD);
    if (status == DS_OK) *out = head_hash(head, *hash, (size_t)blocks);
    if (status != DS_OK) {
        free(*hash);
        *hash = NULL;
    }
    return status;
}
