/* test_data_support.h - what the tests of the data layer share. */
#ifndef TEST_DATA_SUPPORT_H
#define TEST_DATA_SUPPORT_H
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* nftw */
#endif

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/ctx.h"
#include "descent/data.h"

static char test_folder[64]; /* of this program's files; made at need, removed at the end */

/* A context for a test group, in *state. */
static inline int ctx_setup(void **state) { return ds_ctx_create((ds_ctx **)state, 2) == DS_OK ? 0 : -1; }

static inline int test_remove(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline int ctx_teardown(void **state)
{
    ds_ctx_free(*state);
    return test_folder[0] ? nftw(test_folder, test_remove, 16, FTW_DEPTH | FTW_PHYS) : 0;
}

#define assert_ok(ctx, call)                                                                                           \
    do {                                                                                                               \
        ds_status assert_status = (call);                                                                              \
        if (assert_status != DS_OK) fail_msg("%s: %s", #call, ds_error(ctx));                                          \
    } while (0)

#define assert_fails(ctx, status, words, call)                                                                         \
    do {                                                                                                               \
        ds_status assert_status = (call);                                                                              \
        if (assert_status != (status)) fail_msg("%s: found status %d: %s", #call, (int)assert_status, ds_error(ctx));  \
        if (!strstr(ds_error(ctx), words)) fail_msg("'%s' does not say '%s'", ds_error(ctx), words);                   \
    } while (0)

static inline const char *temporary(const char *name)
{
    static char path[8][128];
    static int next;
    if (!test_folder[0]) {
        strcpy(test_folder, "/tmp/descent-test-XXXXXX");
        assert_non_null(mkdtemp(test_folder));
    }
    char *p = path[next++ % 8];
    snprintf(p, sizeof path[0], "%s/%s", test_folder, name);
    return p;
}

static inline const char *write_file(const char *name, const void *bytes, size_t n)
{
    const char *path = temporary(name);
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    fclose(f);
    return path;
}

static inline const char *write_text(const char *name, const char *text)
{
    return write_file(name, text, strlen(text));
}

/* All of a view, as f64 and as labels; to be freed. */
static inline double *read_all(ds_ctx *ctx, const ds_view *v, int64_t elements, int32_t *labels, double *reals)
{
    int64_t n = ds_view_rows(v), *rows = malloc((size_t)n * sizeof *rows);
    double *x = malloc((size_t)(n * elements) * sizeof *x + 1);
    ds_batch b = { .x = x, .y = labels ? (void *)labels : (void *)reals };
    for (int64_t i = 0; i < n; i++) rows[i] = i;
    assert_ok(ctx, ds_view_read(v, rows, n, DS_F64, &b));
    free(rows);
    return x;
}

#endif
