/* ctx.c - the context: last error text and the worker pool; shapes and element types. */
#include "base/ctx.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/pool.h"

struct ds_ctx {
    ds_pool *pool;
    ds_arena words;
    char error[1024], key[160];
};

static const char *const status_text[] = {
#define DS_STATUS_TEXT(name, text) text,
    DS_STATUS_LIST(DS_STATUS_TEXT)
#undef DS_STATUS_TEXT
};

const char *ds_status_text(ds_status s)
{
    size_t n = sizeof status_text / sizeof status_text[0];
    return (size_t)s < n ? status_text[s] : "unknown status";
}

/* OMP_NUM_THREADS when it is a sane number, else the processors online. */
static int default_threads(void)
{
    const char *text = getenv("OMP_NUM_THREADS");
    if (text && *text) {
        char *end;
        long n = strtol(text, &end, 10);
        if (end != text && n >= 1 && n <= 1024) return (int)n;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : online > 1024 ? 1024 : (int)online;
}

ds_status ds_ctx_create(ds_ctx **out, int threads)
{
    *out = NULL;
    if (threads < 0 || threads > 1024) return DS_ERANGE;
    ds_ctx *ctx = calloc(1, sizeof *ctx);
    if (!ctx) return DS_EMEM;
    ctx->pool = ds_pool_create(threads ? threads : default_threads());
    if (!ctx->pool) {
        free(ctx);
        return DS_EMEM;
    }
    *out = ctx;
    return DS_OK;
}

void ds_ctx_free(ds_ctx *ctx)
{
    if (!ctx) return;
    ds_pool_free(ctx->pool);
    ds_arena_free(&ctx->words);
    free(ctx);
}

int ds_ctx_threads(const ds_ctx *ctx) { return ds_pool_threads(ctx->pool); }
ds_arena *ds_ctx_words(ds_ctx *ctx) { return &ctx->words; }
ds_pool *ds_ctx_pool(ds_ctx *ctx) { return ctx->pool; }
const char *ds_error(const ds_ctx *ctx) { return ctx->error; }
const char *ds_error_key(const ds_ctx *ctx) { return ctx->key; }

void ds_fail_key(ds_ctx *ctx, const char *key)
{
    if (!*ctx->key) snprintf(ctx->key, sizeof ctx->key, "%s", key);
}

ds_status ds_fail_v(ds_ctx *ctx, ds_status status, const char *fmt, va_list args)
{
    vsnprintf(ctx->error, sizeof ctx->error, fmt, args);
    *ctx->key = 0;
    return status;
}

ds_status ds_fail(ds_ctx *ctx, ds_status status, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_fail_v(ctx, status, fmt, args);
    va_end(args);
    return status;
}

ds_status ds_fail_at(ds_ctx *ctx, ds_status status, const char *key, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_fail_v(ctx, status, fmt, args);
    va_end(args);
    ds_fail_key(ctx, key);
    return status;
}

ds_status ds_fail_memory(ds_ctx *ctx, size_t bytes, const char *what)
{
    return ds_fail(ctx, DS_EMEM, "out of memory: %zu bytes for %s", bytes, what);
}

size_t ds_dtype_bytes(ds_dtype t) { return t == DS_F64 ? 8 : 4; }
const char *ds_dtype_name(ds_dtype t) { return t == DS_F32 ? "f32" : t == DS_F64 ? "f64" : "i32"; }

int64_t ds_shape_count(ds_shape s)
{
    int64_t n = 1;
    for (int a = 0; a < s.rank; a++) n *= s.dim[a];
    return n;
}

bool ds_shape_equal(ds_shape a, ds_shape b)
{
    if (a.rank != b.rank) return false;
    for (int i = 0; i < a.rank; i++)
        if (a.dim[i] != b.dim[i]) return false;
    return true;
}

char *ds_shape_text(ds_shape s, char *buf, size_t bytes)
{
    if (bytes == 0) return buf;
    size_t used = 0;
    if (s.rank == 0) snprintf(buf, bytes, "scalar");
    for (int a = 0; a < s.rank && used < bytes; a++)
        used += (size_t)snprintf(buf + used, bytes - used, a ? "x%lld" : "%lld", (long long)s.dim[a]);
    return buf;
}
