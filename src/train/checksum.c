/* checksum.c - see checksum.h. XXH3 with 128 bits: faster than memory, so that nothing is saved or read without it. */
#include "train/checksum.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

enum { CHUNK = 1 << 18 };

static ds_checksum as_text(XXH128_hash_t h, int64_t bytes)
{
    ds_checksum sum = { .bytes = bytes };
    snprintf(sum.text, sizeof sum.text, "%016llx%016llx", (unsigned long long)h.high64, (unsigned long long)h.low64);
    return sum;
}

ds_checksum ds_checksum_of(const void *data, size_t bytes)
{
    return as_text(XXH3_128bits(data, bytes), (int64_t)bytes);
}

ds_status ds_checksum_pieces(ds_ctx *ctx, int n, const ds_piece *parts, ds_checksum *sum)
{
    XXH3_state_t *h = XXH3_createState();
    int64_t bytes = 0;
    if (!h) return ds_fail_memory(ctx, CHUNK, "a checksum");
    XXH3_128bits_reset(h);
    for (int k = 0; k < n; k++) {
        XXH3_128bits_update(h, parts[k].data, parts[k].bytes);
        bytes += (int64_t)parts[k].bytes;
    }
    *sum = as_text(XXH3_128bits_digest(h), bytes);
    XXH3_freeState(h);
    return DS_OK;
}

static ds_status sum_stream(ds_ctx *ctx, const char *path, int fd, char *chunk, XXH3_state_t *h, ds_checksum *sum)
{
    int64_t bytes = 0;
    XXH3_128bits_reset(h);
    for (ssize_t got; (got = read(fd, chunk, CHUNK)) != 0;) {
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return ds_fail(ctx, DS_EIO, "%s: cannot read: %s", path, strerror(errno));
        XXH3_128bits_update(h, chunk, (size_t)got);
        bytes += got;
    }
    *sum = as_text(XXH3_128bits_digest(h), bytes);
    return DS_OK;
}

ds_status ds_checksum_file(ds_ctx *ctx, const char *path, ds_checksum *sum)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return ds_fail(ctx, DS_EIO, "%s: cannot open: %s", path, strerror(errno));
    XXH3_state_t *h = XXH3_createState();
    char *chunk = malloc(CHUNK);
    ds_status status = h && chunk ? sum_stream(ctx, path, fd, chunk, h, sum) : ds_fail_memory(ctx, CHUNK, "a checksum");
    free(chunk);
    XXH3_freeState(h);
    close(fd);
    return status;
}

bool ds_checksum_equal(const ds_checksum *a, const ds_checksum *b)
{
    return a->bytes == b->bytes && strcmp(a->text, b->text) == 0;
}
