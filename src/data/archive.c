/* archive.c - tar (gzip, bzip2, xz, zstd) and zip through libarchive, and walks over folders. Nothing is written to
 * disk. */
#include "data/archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 1 << 16, READ_BYTES = 1 << 20, MAX_DEPTH = 32 };

static const char *const endings[] = { ".zip",    ".npz",     ".tar",  ".tgz", ".tar.gz", ".tar.bz2",
                                       ".tar.xz", ".tar.zst", ".tbz2", ".txz", ".tzst" };

static bool named_as_archive(const char *path, size_t n)
{
    for (size_t k = 0; k < sizeof endings / sizeof endings[0]; k++) {
        size_t m = strlen(endings[k]);
        if (n > m && memcmp(path + n - m, endings[k], m) == 0) return true;
    }
    return false;
}

size_t ds_archive_part(const char *path, const char **member)
{
    char part[DS_PATH_BYTES];
    for (size_t n = 1; n < sizeof part; n++) {
        if ((path[n] == '/' || path[n] == 0) && named_as_archive(path, n)) {
            struct stat st;
            memcpy(part, path, n);
            part[n] = 0;
            if (stat(part, &st) == 0 && S_ISREG(st.st_mode)) {
                while (path[n] == '/') path++;
                *member = path + n;
                return n;
            }
        }
        if (path[n] == 0) break;
    }
    return 0;
}

/* ---- one archive ------------------------------------------------------------------------------------------------- */

typedef struct tape {
    ds_ctx *ctx; /* NULL: failures are told by status alone */
    char path[DS_PATH_BYTES];
    struct archive *a;
    const char *name; /* of the entry at hand */
    size_t packed;    /* size of the archive */
} tape;

static ds_status damaged(const tape *t)
{
    if (!t->ctx) return DS_EFORMAT;
    const char *why = archive_error_string(t->a), *member = t->name ? ", member " : "", *name = t->name ? t->name : "";
    int64_t at = archive_filter_bytes(t->a, -1); /* below 0: nothing was read */
    if (!why) why = "unknown reason";
    if (at < 0)
        return ds_fail(t->ctx, DS_EFORMAT, "%s%s%s: damaged archive (%s); fetch the file again", t->path, member, name,
                       why);
    return ds_fail(t->ctx, DS_EFORMAT, "%s: near offset %lld%s%s: damaged archive (%s); fetch the file again", t->path,
                   (long long)at, member, name, why);
}

static ds_status tape_open(tape *t, ds_ctx *ctx, const char *path, size_t n)
{
    struct stat st = { 0 };
    *t = (tape){ .ctx = ctx, .a = archive_read_new() };
    memcpy(t->path, path, n);
    t->path[n] = 0;
    if (!t->a) return ctx ? ds_fail_memory(ctx, 0, t->path) : DS_EMEM;
    archive_read_support_format_tar(t->a);
    archive_read_support_format_zip(t->a);
    archive_read_support_filter_gzip(t->a);
    archive_read_support_filter_bzip2(t->a);
    archive_read_support_filter_xz(t->a);
    archive_read_support_filter_zstd(t->a);
    if (stat(t->path, &st) != 0 || access(t->path, R_OK) != 0)
        return ctx ? ds_fail(ctx, DS_EIO, "%s: %s; check the paths of data", t->path, strerror(errno)) : DS_EIO;
    if (archive_read_open_filename(t->a, t->path, BLOCK_BYTES) != ARCHIVE_OK) return damaged(t);
    t->packed = (size_t)st.st_size;
    return DS_OK;
}

/* The next regular file; *more false at the end. */
static ds_status tape_next(tape *t, struct archive_entry **e, bool *more)
{
    for (;;) {
        t->name = NULL;
        int code = archive_read_next_header(t->a, e);
        *more = code == ARCHIVE_OK || code == ARCHIVE_WARN;
        if (code == ARCHIVE_EOF) return DS_OK;
        if (!*more) return damaged(t);
        /* Names are UTF-8, or bytes as they come where the archive does not say. */
        const char *name = archive_entry_pathname_utf8(*e);
        if (!name) name = archive_entry_pathname(*e);
        while (name && name[0] == '.' && name[1] == '/') name += 2;
        t->name = name;
        mode_t type = archive_entry_filetype(*e);
        if (name && *name && (type == AE_IFREG || type == 0) && name[strlen(name) - 1] != '/') return DS_OK;
    }
}

/* What the entry holds; a size that it declares is only believed as far as the archive's own size allows. */
static ds_status tape_content(tape *t, ds_bytes *out)
{
    size_t room = 0;
    for (;;) {
        if (out->size + 1 >= room) DS_TRY(ds_bytes_grow(t->ctx, t->name, out, &room));
        size_t want = room - 1 - out->size;
        la_ssize_t got = archive_read_data(t->a, out->data + out->size, want < READ_BYTES ? want : READ_BYTES);
        if (got < 0) return damaged(t);
        if (got == 0) break;
        out->size += (size_t)got;
        DS_TRY(ds_unpacked_check(t->ctx, t->path, t->packed, out->size));
    }
    out->data[out->size] = 0;
    return DS_OK;
}

/* The member's name from the root on; NULL when it lies elsewhere. */
static const char *below(const char *name, const char *root)
{
    size_t n = strlen(root);
    while (n && root[n - 1] == '/') n--;
    if (n == 0) return name;
    return strncmp(name, root, n) == 0 && name[n] == '/' ? name + n + 1 : NULL;
}

static ds_status walk_archive(ds_ctx *ctx, const char *path, size_t part, const char *root, const ds_visitor *v)
{
    tape t;
    struct archive_entry *e;
    bool more = true;
    ds_status status = tape_open(&t, ctx, path, part);
    while (status == DS_OK && (status = tape_next(&t, &e, &more)) == DS_OK && more) {
        const char *name = below(t.name, root);
        ds_want want = name ? v->want(v->arg, name) : DS_PASS;
        if (want == DS_STOP) break;
        if (want == DS_PASS) continue;
        ds_bytes b = { 0 };
        status = tape_content(&t, &b);
        if (status == DS_OK) status = v->take(v->arg, name, &b);
        free(b.data);
    }
    archive_read_free(t.a);
    return status;
}

/* ---- looking one member up --------------------------------------------------------------------------------------- */

typedef struct lookup {
    const char *member;
    bool folder, found;
    ds_bytes *out; /* NULL: only whether it is there */
} lookup;

static ds_want look(void *arg, const char *name)
{
    lookup *l = arg;
    if (l->found) return DS_STOP;
    bool hit = l->folder ? below(name, l->member) != NULL : strcmp(name, l->member) == 0;
    if (!hit) return DS_PASS;
    l->found = true;
    return l->out ? DS_TAKE : DS_STOP;
}

static ds_status keep(void *arg, const char *name, ds_bytes *bytes)
{
    lookup *l = arg;
    (void)name;
    *l->out = *bytes;
    bytes->data = NULL;
    return DS_OK;
}

bool ds_archive_has(const char *path, bool folder)
{
    lookup l = { .folder = folder };
    size_t part = ds_archive_part(path, &l.member);
    if (part == 0) return false;
    if (!*l.member) return folder;
    ds_visitor v = { &l, look, keep };
    return walk_archive(NULL, path, part, "", &v) == DS_OK && l.found;
}

ds_status ds_archive_read(ds_ctx *ctx, const char *path, ds_bytes *out)
{
    lookup l = { .out = out };
    size_t part = ds_archive_part(path, &l.member);
    ds_visitor v = { &l, look, keep };
    *out = (ds_bytes){ 0 };
    DS_TRY(walk_archive(ctx, path, part, "", &v));
    if (l.found) return DS_OK;
    return ds_fail(ctx, DS_EIO, "%s: the archive has no such member; check the paths of data", path);
}

/* ---- folders ----------------------------------------------------------------------------------------------------- */

static ds_status walk_folder(ds_ctx *ctx, const char *root, const char *under, int depth, const ds_visitor *v,
                             bool *stop);

static ds_status visit(ds_ctx *ctx, const char *root, const char *name, int depth, const ds_visitor *v, bool *stop)
{
    char path[DS_PATH_BYTES];
    struct stat st;
    DS_TRY(ds_path_join(ctx, path, root, name));
    if (stat(path, &st) != 0) return ds_fail(ctx, DS_EIO, "%s: %s", path, strerror(errno));
    if (S_ISDIR(st.st_mode)) return walk_folder(ctx, root, name, depth + 1, v, stop);
    if (!S_ISREG(st.st_mode)) return DS_OK;
    ds_want want = v->want(v->arg, name);
    *stop = want == DS_STOP;
    if (want != DS_TAKE) return DS_OK;
    ds_bytes b;
    DS_TRY(ds_bytes_read(ctx, path, &b));
    ds_status status = v->take(v->arg, name, &b);
    free(b.data);
    return status;
}

static int shown(const struct dirent *e) { return e->d_name[0] != '.'; }

/* Not by locale, as alphasort would: the order of the rows is the same everywhere. */
static int by_bytes(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static ds_status walk_folder(ds_ctx *ctx, const char *root, const char *under, int depth, const ds_visitor *v,
                             bool *stop)
{
    char path[DS_PATH_BYTES], name[DS_PATH_BYTES];
    if (*under)
        DS_TRY(ds_path_join(ctx, path, root, under));
    else
        DS_TRY(ds_path_copy(ctx, path, root));
    if (depth > MAX_DEPTH)
        return ds_fail(ctx, DS_EIO, "%s: folders more than %d deep; is there a link in a circle?", path, MAX_DEPTH);
    struct dirent **list;
    int n = scandir(path, &list, shown, by_bytes);
    if (n < 0) return ds_fail(ctx, DS_EIO, "%s: %s", path, strerror(errno));
    ds_status status = DS_OK;
    for (int k = 0; k < n; k++) {
        const char *entry = list[k]->d_name;
        if (status == DS_OK && !*stop) {
            status = *under ? ds_path_join(ctx, name, under, entry) : ds_path_copy(ctx, name, entry);
            if (status == DS_OK) status = visit(ctx, root, name, depth, v, stop);
        }
        free(list[k]);
    }
    free(list);
    return status;
}

ds_status ds_walk(ds_ctx *ctx, const char *root, const ds_visitor *v)
{
    const char *member;
    size_t part = ds_archive_part(root, &member);
    bool stop = false;
    return part ? walk_archive(ctx, root, part, member, v) : walk_folder(ctx, root, "", 0, v, &stop);
}
