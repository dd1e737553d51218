/* scatter.c - see scatter.h.
 * The file is a log of chunks: bucket, records, offset of the bucket's chunk before (u64 each), hash of what follows,
 * then (row number, record) one after another. Written front to back, whatever the bucket, so a file cut at a known
 * length is a valid state: what a killed run goes on from. */
#include "data/scatter.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/random.h"
#include "data/shard.h"

enum { HEAD = 32, MOST_BUCKETS = 1 << 14, SORT_BYTES = 72, LEAST_RECORDS = 64 };

/* A record in the buffer; `at` counts entries. Sorting takes the same again (the library's qsort may merge). */
typedef struct ds_scatter_key {
    uint64_t hi, lo;
    int64_t row, at;
} ds_scatter_key;

static int64_t entry_bytes(const ds_scatter *s) { return s->record + 8; }

static ds_scatter_key key_of(uint64_t seed, int64_t row)
{
    ds_draw4 d = ds_draw(seed, DS_FOR_SHUFFLE, UINT32_MAX, 1, (uint64_t)row);
    return (ds_scatter_key){ .hi = (uint64_t)d.u[0] << 32 | d.u[1], .lo = (uint64_t)d.u[2] << 32 | d.u[3], .row = row };
}

/* Records of a bucket spread by about their root around the mean: eight roots of room never run out in practice, and
 * pass 2 says so if they do. */
ds_status ds_scatter_buckets(ds_ctx *ctx, int64_t rows, int64_t record, size_t memory, int64_t *buckets)
{
    double most = (double)memory / (double)(record + 8 + SORT_BYTES), mean = most;
    for (int k = 0; k < 32; k++) mean = most - 8 * sqrt(mean > 0 ? mean : 0);
    double wanted = mean >= 1 ? ceil((double)rows / mean) : INFINITY;
    *buckets = wanted <= MOST_BUCKETS ? (int64_t)wanted : 0;
    if (*buckets == 1 ||
        (most >= LEAST_RECORDS && *buckets && (double)*buckets * (double)(record + 8) <= (double)memory))
        return DS_OK;
    double least = LEAST_RECORDS, root = 2 * sqrt((double)rows), full = 2 * (double)rows / MOST_BUCKETS;
    double held = root > least ? root : least, enough = (held > full ? held : full) * (double)(record + 8 + SORT_BYTES);
    return ds_fail(ctx, DS_ECONFIG,
                   "shuffling %lld rows of %lld bytes in %zu bytes of memory takes too many buckets; set --memory to "
                   "%.0fM or more",
                   (long long)rows, (long long)record, memory, ceil(enough / 0x1p20));
}

static ds_status failed(const ds_scatter *s, const char *what)
{
    return ds_fail(s->ctx, DS_EIO, "%s: %s: %s", s->path, what, strerror(errno));
}

/* Counts and chains from the heads of the chunks. */
static ds_status recover(ds_scatter *s)
{
    int64_t at = 0, size;
    while (at < s->bytes) {
        int64_t head[4];
        DS_TRY(ds_read_at(s->ctx, s->file, s->path, head, HEAD, at));
        bool good = head[0] >= 0 && head[0] < s->buckets && head[1] > 0 && head[2] == s->last[head[0]];
        size = good ? ds_product(head[1], entry_bytes(s)) : -1;
        if (size < 0 || size > s->bytes - at - HEAD)
            return ds_fail(s->ctx, DS_EFORMAT, "%s: offset %" PRId64 ": damaged; remove the folder and begin again",
                           s->path, at);
        s->last[head[0]] = at;
        s->count[head[0]] += head[1];
        at += HEAD + size;
    }
    return DS_OK;
}

ds_status ds_scatter_open(ds_scatter *s, ds_ctx *ctx, const char *path, uint64_t seed, int64_t record, int64_t buckets,
                          int64_t bytes)
{
    *s = (ds_scatter){ .ctx = ctx, .file = -1, .seed = seed, .record = record, .buckets = buckets, .bytes = bytes };
    DS_TRY(ds_path_copy(ctx, s->path, path));
    s->last = malloc((size_t)buckets * 3 * sizeof *s->last);
    if (!s->last) return ds_fail_memory(ctx, (size_t)buckets * 3 * sizeof *s->last, "buckets");
    s->count = s->last + buckets;
    s->held = s->count + buckets;
    for (int64_t b = 0; b < buckets; b++) s->last[b] = -1, s->count[b] = s->held[b] = 0;
    s->file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->file < 0) return failed(s, "cannot create");
    struct stat st;
    if (fstat(s->file, &st)) return failed(s, "cannot look at");
    if (st.st_size < bytes)
        return ds_fail(ctx, DS_EFORMAT, "%s: found %lld bytes, wanted %" PRId64 "; remove the folder and begin again",
                       path, (long long)st.st_size, bytes);
    if (ftruncate(s->file, (off_t)bytes)) return failed(s, "cannot truncate");
    return recover(s);
}

ds_status ds_scatter_start(ds_scatter *s, size_t memory)
{
    s->room = (int64_t)memory / s->buckets / entry_bytes(s);
    if (s->room < 1) s->room = 1;
    size_t bytes = (size_t)(s->buckets * s->room * entry_bytes(s));
    s->buffer = malloc(bytes);
    return s->buffer ? DS_OK : ds_fail_memory(s->ctx, bytes, "buffers");
}

static bool append(ds_scatter *s, const void *data, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t k = pwrite(s->file, (const char *)data + done, n - done, (off_t)(s->bytes + (int64_t)done));
        if (k < 0 && errno == EINTR) continue;
        if (k <= 0) return false;
        done += (size_t)k;
    }
    s->bytes += (int64_t)n;
    return true;
}

static ds_status write_chunk(ds_scatter *s, int64_t b)
{
    const uint8_t *data = s->buffer + b * s->room * entry_bytes(s);
    size_t n = (size_t)(s->held[b] * entry_bytes(s));
    int64_t at = s->bytes, head[4] = { b, s->held[b], s->last[b], (int64_t)XXH64(data, n, 0) };
    if (s->held[b] == 0) return DS_OK;
    if (!append(s, head, HEAD) || !append(s, data, n)) return failed(s, "cannot write");
    s->last[b] = at;
    s->count[b] += s->held[b];
    s->held[b] = 0;
    return DS_OK;
}

ds_status ds_scatter_put(ds_scatter *s, int64_t row, const uint8_t *record)
{
    int64_t b = (int64_t)((unsigned __int128)key_of(s->seed, row).hi * (uint64_t)s->buckets >> 64);
    uint8_t *to = s->buffer + (b * s->room + s->held[b]) * entry_bytes(s);
    memcpy(to, &row, 8);
    memcpy(to + 8, record, (size_t)s->record);
    return ++s->held[b] == s->room ? write_chunk(s, b) : DS_OK;
}

ds_status ds_scatter_flush(ds_scatter *s)
{
    for (int64_t b = 0; b < s->buckets; b++) DS_TRY(write_chunk(s, b));
    return fsync(s->file) ? failed(s, "cannot write") : DS_OK;
}

ds_status ds_gather_start(ds_scatter *s, size_t memory)
{
    int64_t most = 1;
    free(s->buffer);
    s->buffer = NULL;
    for (int64_t b = 0; b < s->buckets; b++)
        if (s->count[b] > most) most = s->count[b];
    size_t bytes = (size_t)(most * entry_bytes(s)), sort = (size_t)most * sizeof *s->order;
    if (s->buckets > 1 && bytes + 2 * sort > memory)
        return ds_fail(s->ctx, DS_ECONFIG, "%s: a bucket takes %zu bytes, %zu are allowed; raise --memory", s->path,
                       bytes + 2 * sort, memory);
    s->buffer = malloc(bytes);
    s->order = malloc(sort);
    return s->buffer && s->order ? DS_OK : ds_fail_memory(s->ctx, bytes + sort, "a bucket");
}

static int compare(const void *p, const void *q)
{
    const ds_scatter_key *a = p, *b = q;
    if (a->hi != b->hi) return a->hi < b->hi ? -1 : 1;
    if (a->lo != b->lo) return a->lo < b->lo ? -1 : 1;
    return (a->row > b->row) - (a->row < b->row);
}

ds_status ds_gather_load(ds_scatter *s, int64_t bucket)
{
    int64_t got = 0, head[4];
    for (int64_t at = s->last[bucket]; at >= 0; at = head[2]) {
        DS_TRY(ds_read_at(s->ctx, s->file, s->path, head, HEAD, at));
        if (head[0] != bucket || head[1] < 1 || head[1] > s->count[bucket] - got || head[2] >= at)
            return ds_fail(s->ctx, DS_EFORMAT, "%s: offset %" PRId64 ": damaged; begin again", s->path, at);
        uint8_t *to = s->buffer + got * entry_bytes(s);
        size_t n = (size_t)(head[1] * entry_bytes(s));
        DS_TRY(ds_read_at(s->ctx, s->file, s->path, to, n, at + HEAD));
        if (XXH64(to, n, 0) != (uint64_t)head[3])
            return ds_fail(s->ctx, DS_EFORMAT, "%s: offset %" PRId64 ": the hash is wrong; begin again", s->path, at);
        got += head[1];
    }
    for (int64_t k = 0; k < got; k++) {
        int64_t row;
        memcpy(&row, s->buffer + k * entry_bytes(s), 8);
        s->order[k] = key_of(s->seed, row);
        s->order[k].at = k;
    }
    qsort(s->order, (size_t)got, sizeof *s->order, compare);
    return DS_OK;
}

const uint8_t *ds_gather_record(const ds_scatter *s, int64_t k)
{
    return s->buffer + s->order[k].at * entry_bytes(s) + 8;
}

void ds_scatter_close(ds_scatter *s)
{
    if (s->file >= 0) close(s->file);
    free(s->last);
    free(s->buffer);
    free(s->order);
    *s = (ds_scatter){ .file = -1 };
}
