/* rundir.c - see rundir.h. */
#include "train/rundir.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

char *ds_rundir_path(const ds_rundir *r, const char *file, char *buf, size_t bytes)
{
    snprintf(buf, bytes, "%s/%s", r->path, file);
    return buf;
}

/* Largest NNNN of runs/<name>-NNNN, 0 when there is none. */
static int last_number(const char *name)
{
    int  last = 0;
    DIR *d = opendir("runs");
    if (!d) return 0;
    size_t n = strlen(name);
    for (struct dirent *e; (e = readdir(d));) {
        if (strncmp(e->d_name, name, n) || e->d_name[n] != '-') continue;
        char *end;
        long  k = strtol(e->d_name + n + 1, &end, 10);
        if (!*end && k > last && k < 100000000) last = (int)k;
    }
    closedir(d);
    return last;
}

/* mkdir decides between two trainers that start at once. */
static ds_status make_numbered(ds_rundir *r, ds_ctx *ctx, const char *name)
{
    DS_TRY(ds_make_folders(ctx, "runs"));
    for (int k = last_number(name) + 1;; k++) {
        snprintf(r->path, sizeof r->path, "runs/%s-%04d", name, k);
        if (mkdir(r->path, 0777) == 0) return DS_OK;
        if (errno != EEXIST) return ds_fail(ctx, DS_EIO, "%s: cannot make the folder: %s", r->path, strerror(errno));
    }
}

ds_status ds_rundir_create(ds_rundir *r, ds_ctx *ctx, const char *out, const char *name)
{
    char path[4200];
    *r = (ds_rundir){ .metrics = NULL };
    if (!out) {
        DS_TRY(make_numbered(r, ctx, name));
    } else {
        if (snprintf(r->path, sizeof r->path, "%s", out) >= (int)sizeof r->path) return ds_fail(ctx, DS_EUSAGE, "--out: the path is too long");
        if (exists(ds_rundir_path(r, "last.safetensors", path, sizeof path)))
            return ds_fail(ctx, DS_EUSAGE, "%s already holds a run; choose another --out or remove it", out);
        DS_TRY(ds_make_folders(ctx, out));
    }
    r->metrics = fopen(ds_rundir_path(r, "metrics.tsv", path, sizeof path), "w");
    return r->metrics ? DS_OK : ds_fail(ctx, DS_EIO, "%s: cannot create: %s", path, strerror(errno));
}

void ds_rundir_close(ds_rundir *r)
{
    if (r->metrics) fclose(r->metrics);
    r->metrics = NULL;
}

ds_status ds_rundir_text(ds_rundir *r, ds_ctx *ctx, const char *file, const char *text)
{
    char path[4200];
    return ds_file_write(ctx, ds_rundir_path(r, file, path, sizeof path), 1, &(ds_piece){ text, strlen(text) });
}

ds_status ds_rundir_metrics(ds_rundir *r, ds_ctx *ctx, const char *line)
{
    if (fputs(line, r->metrics) < 0 || fputc('\n', r->metrics) < 0 || fflush(r->metrics))
        return ds_fail(ctx, DS_EIO, "%s/metrics.tsv: cannot write: %s", r->path, strerror(errno));
    return DS_OK;
}

ds_status ds_rundir_find(ds_rundir *r, ds_ctx *ctx, const char *name)
{
    *r = (ds_rundir){ .metrics = NULL };
    for (int k = 0; k < 2; k++) {
        char config[4200];
        if (snprintf(r->path, sizeof r->path, k ? "runs/%s" : "%s", name) >= (int)sizeof r->path) break;
        if (exists(ds_rundir_path(r, "resolved.yaml", config, sizeof config))) return DS_OK;
    }
    return ds_fail(ctx, DS_EUNKNOWN, "no run \"%s\": neither that folder nor runs/%s holds a resolved.yaml", name, name);
}
