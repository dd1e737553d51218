/* ctx.h - inside view of the context: failing with a message, and the pool.
 * DS_TRY passes a failure upward. */
#ifndef DS_BASE_CTX_H
#define DS_BASE_CTX_H

#include <stdarg.h>

#include "base/arena.h"
#include "descent/base.h"

typedef struct ds_pool ds_pool;

/* Record status and a printf-style text in ctx; returns status so that callers write `return ds_fail(...)`. */
ds_status ds_fail(ds_ctx *ctx, ds_status status, const char *fmt, ...) DS_PRINTF(3, 4);
ds_status ds_fail_v(ds_ctx *ctx, ds_status status, const char *fmt, va_list args);
/* The same about a key of the config, such as "data.holdout": its place is shown where there is a config. */
ds_status ds_fail_at(ds_ctx *ctx, ds_status status, const char *key, const char *fmt, ...) DS_PRINTF(4, 5);
/* Name the config's key that the failure just recorded is about; the first one named stays. */
void ds_fail_key(ds_ctx *ctx, const char *key);
/* DS_EMEM with the number of bytes that could not be had and what they were for. */
ds_status ds_fail_memory(ds_ctx *ctx, size_t bytes, const char *what);
ds_pool *ds_ctx_pool(ds_ctx *ctx);
/* For the texts of options that were read and belong to nothing else; freed with the context. */
ds_arena *ds_ctx_words(ds_ctx *ctx);

#define DS_TRY(call)                                                                                                   \
    do {                                                                                                               \
        ds_status ds_try_status = (call);                                                                              \
        if (ds_try_status != DS_OK) return ds_try_status;                                                              \
    } while (0)

#endif
