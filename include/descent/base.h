/* descent/base.h - status codes, the context, shapes and element types: what every other header needs.
 *
 * Ownership  _create gives, _free takes (NULL is fine); any other pointer is borrowed until its owner is freed.
 * Threads    one caller thread per ds_ctx; the library makes its own workers below that.
 * Errors     functions that can fail return ds_status; the text and the place are in ds_error(ctx).
 *            The library never prints, exits or aborts. */
#ifndef DESCENT_BASE_H
#define DESCENT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define DS_API                __attribute__((visibility("default")))
#define DS_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define DS_API
#define DS_PRINTF(fmt, first)
#endif

/* Status codes: X(name, meaning). DS_OK is 0. */
#define DS_STATUS_LIST(X)                                                                                              \
    X(OK, "success")                                                                                                   \
    X(EMEM, "out of memory")                                                                                           \
    X(ESHAPE, "shapes do not fit")                                                                                     \
    X(ERANGE, "value out of range")                                                                                    \
    X(EUNKNOWN, "no such name")                                                                                        \
    X(EIO, "reading or writing failed")                                                                                \
    X(EFORMAT, "file content is malformed")                                                                            \
    X(ECONFIG, "config is wrong")                                                                                      \
    X(EUSAGE, "wrong call")                                                                                            \
    X(ENONFINITE, "a value is NaN or infinite")                                                                        \
    X(EBUG, "a promise inside the library was broken")

typedef enum ds_status {
#define DS_STATUS_ENUM(name, text) DS_##name,
    DS_STATUS_LIST(DS_STATUS_ENUM)
#undef DS_STATUS_ENUM
} ds_status;

/* Meaning of a status in a few words; never NULL. */
DS_API const char *ds_status_text(ds_status s);

/* The context: error text, worker threads. Everything else hangs off one. */
typedef struct ds_ctx ds_ctx;

/* Make a context.
 *   out      [owned]  NULL on failure
 *   threads  workers including the caller; 0 takes OMP_NUM_THREADS or else the processors available
 * DS_EMEM, DS_ERANGE (threads outside 0..1024). */
DS_API ds_status ds_ctx_create(ds_ctx **out, int threads);
DS_API void ds_ctx_free(ds_ctx *ctx);
DS_API int ds_ctx_threads(const ds_ctx *ctx);
/* Text of the last failure, "" when there was none; valid until the next failure. */
DS_API const char *ds_error(const ds_ctx *ctx);
/* Key of the config that the last failure is about ("model.layers.2"), "" when it names none; valid as long. */
DS_API const char *ds_error_key(const ds_ctx *ctx);

/* Element types. Index tensors are I32. */
typedef enum ds_dtype { DS_F32, DS_F64, DS_I32 } ds_dtype;
DS_API size_t ds_dtype_bytes(ds_dtype t);
DS_API const char *ds_dtype_name(ds_dtype t); /* "f32", "f64", "i32" */

/* A shape: dims outermost first, row-major. rank 0 is a scalar. */
#define DS_MAX_RANK 6
typedef struct ds_shape {
    int rank;
    int64_t dim[DS_MAX_RANK];
} ds_shape;

/* Shape from a list of extents: DS_SHAPE(128, 784). */
#define DS_SHAPE(...) ((ds_shape){ (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)), { __VA_ARGS__ } })
DS_API int64_t ds_shape_count(ds_shape s); /* product of extents; 1 for a scalar */
DS_API bool ds_shape_equal(ds_shape a, ds_shape b);
/* Writes "128x784" ("scalar" for rank 0) into buf and returns buf. */
DS_API char *ds_shape_text(ds_shape s, char *buf, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
