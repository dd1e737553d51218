/* patterns.c - file lists with * ? [..] in them: each becomes the paths that match, sorted by bytes (not by locale, so the
 * order of the rows is the same everywhere). A pattern may reach into an archive: set.tar.gz/part-*.csv. */
#include <fnmatch.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "data/archive.h"
#include "data/dataset.h"

typedef struct list {
    ds_ctx *ctx;
    ds_arena *arena;
    const char **paths; /* in the arena */
    int count, room;
    const char *archive, *pattern; /* while an archive is looked through */
    bool full;
} list;

static bool is_pattern(const char *path)
{
    return path && path[strcspn(path, "*?[")] && !ds_file_exists(path) && !ds_folder_exists(path);
}

static ds_status add(list *l, const char *path)
{
    if (l->count == l->room) {
        int room = l->room ? 2 * l->room : 16;
        const char **paths = ds_arena_alloc(l->arena, (size_t)room * sizeof *paths);
        if (!paths) return ds_fail_memory(l->ctx, (size_t)room * sizeof *paths, "paths");
        if (l->count) memcpy(paths, l->paths, (size_t)l->count * sizeof *paths);
        l->paths = paths;
        l->room = room;
    }
    l->paths[l->count] = ds_arena_text(l->arena, path);
    return l->paths[l->count++] ? DS_OK : ds_fail_memory(l->ctx, strlen(path), "paths");
}

static ds_want match(void *arg, const char *name)
{
    list *l = arg;
    char path[DS_PATH_BYTES];
    if (fnmatch(l->pattern, name, FNM_PATHNAME | FNM_PERIOD) != 0) return DS_PASS;
    l->full = ds_path_join(l->ctx, path, l->archive, name) != DS_OK || add(l, path) != DS_OK;
    return l->full ? DS_STOP : DS_PASS;
}

static ds_status in_archive(list *l, const char *path, size_t part, const char *pattern)
{
    const ds_visitor v = { l, match, NULL };
    char *archive = ds_arena_alloc(l->arena, part + 1);
    if (!archive) return ds_fail_memory(l->ctx, part, "paths");
    memcpy(archive, path, part);
    l->archive = archive, l->pattern = pattern;
    DS_TRY(ds_walk(l->ctx, archive, &v));
    return l->full ? DS_EMEM : DS_OK;
}

static ds_status on_disk(list *l, const char *pattern)
{
    glob_t found;
    int code = glob(pattern, GLOB_NOSORT, NULL, &found);
    ds_status status = code == GLOB_NOSPACE ? ds_fail_memory(l->ctx, 0, pattern) : DS_OK;
    for (size_t k = 0; code == 0 && status == DS_OK && k < found.gl_pathc; k++) status = add(l, found.gl_pathv[k]);
    globfree(&found);
    return status;
}

static int by_bytes(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static ds_status expand(list *l, const char *path)
{
    if (!is_pattern(path)) return add(l, path);
    const char *member;
    int before = l->count;
    size_t part = ds_archive_part(path, &member);
    DS_TRY(part ? in_archive(l, path, part, member) : on_disk(l, path));
    if (l->count == before) return ds_fail(l->ctx, DS_EIO, "%s: no file matches this pattern", path);
    qsort(l->paths + before, (size_t)(l->count - before), sizeof *l->paths, by_bytes);
    return DS_OK;
}

static ds_status expand_all(ds_ctx *ctx, ds_arena *arena, const char *const **files, int *count)
{
    list l = { .ctx = ctx, .arena = arena };
    for (int k = 0; k < *count; k++) DS_TRY(expand(&l, (*files)[k]));
    *files = l.paths;
    *count = l.count;
    return DS_OK;
}

ds_status ds_patterns_expand(ds_ctx *ctx, ds_arena *arena, ds_data_settings *set)
{
    const char *const *path = &set->path;
    int one = 1;
    DS_TRY(expand_all(ctx, arena, &set->train, &set->train_count));
    DS_TRY(expand_all(ctx, arena, &set->val, &set->val_count));
    DS_TRY(expand_all(ctx, arena, &set->test, &set->test_count));
    if (!is_pattern(set->path)) return DS_OK;
    DS_TRY(expand_all(ctx, arena, &path, &one));
    set->train = path;
    set->train_count = one;
    set->path = NULL;
    return DS_OK;
}
