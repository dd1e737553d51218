/* run.c - a run's directory: config as given and as resolved, metrics.tsv, weights, environment. Copying it copies the
 * run. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "train/run.h"

static bool exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

const char *ds_run_path(const ds_run *run) { return run->path; }

const char *ds_run_file(ds_run *run, const char *file)
{
    snprintf(run->file, sizeof run->file, "%s/%s", run->path, file);
    return run->file;
}

/* Largest NNNN of runs/<name>-NNNN, 0 when there is none. */
static int last_number(const char *name)
{
    int last = 0;
    DIR *d = opendir("runs");
    if (!d) return 0;
    size_t n = strlen(name);
    for (struct dirent *e; (e = readdir(d));) {
        if (strncmp(e->d_name, name, n) || e->d_name[n] != '-') continue;
        char *end;
        long k = strtol(e->d_name + n + 1, &end, 10);
        if (!*end && k > last && k < 100000000) last = (int)k;
    }
    closedir(d);
    return last;
}

/* mkdir decides between two trainers that start at once. */
static ds_status make_numbered(ds_run *r, ds_ctx *ctx, const char *name)
{
    DS_TRY(ds_make_folders(ctx, "runs"));
    for (int k = last_number(name) + 1;; k++) {
        if (snprintf(r->path, sizeof r->path, "runs/%s-%04d", name, k) >= (int)sizeof r->path)
            return ds_fail(ctx, DS_EUSAGE, "the name of the run is too long");
        if (mkdir(r->path, 0777) == 0) return DS_OK;
        if (errno != EEXIST) return ds_fail(ctx, DS_EIO, "%s: cannot make the folder: %s", r->path, strerror(errno));
    }
}

static ds_status write_text(ds_run *r, ds_ctx *ctx, const char *file, const char *text)
{
    return ds_file_write(ctx, ds_run_file(r, file), 1, &(ds_piece){ text, strlen(text) });
}

static ds_status fill(ds_run *r, ds_ctx *ctx, const char *name, const char *out, const char *config,
                      const char *resolved)
{
    if (!out) {
        DS_TRY(make_numbered(r, ctx, name));
    } else {
        if (snprintf(r->path, sizeof r->path, "%s", out) >= (int)sizeof r->path)
            return ds_fail(ctx, DS_EUSAGE, "--out: the path is too long");
        if (exists(ds_run_file(r, "last.safetensors")))
            return ds_fail(ctx, DS_EUSAGE, "%s already holds a run; choose another --out or remove it", out);
        DS_TRY(ds_make_folders(ctx, out));
    }
    DS_TRY(write_text(r, ctx, "config.yaml", config));
    DS_TRY(write_text(r, ctx, "resolved.yaml", resolved));
    r->metrics = fopen(ds_run_file(r, "metrics.tsv"), "w");
    return r->metrics ? DS_OK : ds_fail(ctx, DS_EIO, "%s: cannot create: %s", r->file, strerror(errno));
}

ds_status ds_run_create(ds_run **out, ds_ctx *ctx, const char *name, const char *dir, const char *config,
                        const char *resolved)
{
    *out = NULL;
    ds_run *r = calloc(1, sizeof *r);
    if (!r) return ds_fail_memory(ctx, sizeof *r, "a run");
    ds_status status = fill(r, ctx, name, dir, config, resolved);
    if (status != DS_OK) {
        ds_run_close(r);
        return status;
    }
    *out = r;
    return DS_OK;
}

ds_status ds_run_open(ds_run **out, ds_ctx *ctx, const char *name)
{
    *out = NULL;
    ds_run *r = calloc(1, sizeof *r);
    if (!r) return ds_fail_memory(ctx, sizeof *r, "a run");
    for (int k = 0; k < 2; k++) {
        if (snprintf(r->path, sizeof r->path, k ? "runs/%s" : "%s", name) >= (int)sizeof r->path) break;
        if (!exists(ds_run_file(r, "resolved.yaml"))) continue;
        *out = r;
        return DS_OK;
    }
    free(r);
    return ds_fail(ctx, DS_EUNKNOWN, "no run \"%s\": neither that folder nor runs/%s holds a resolved.yaml", name,
                   name);
}

void ds_run_close(ds_run *run)
{
    if (!run) return;
    if (run->metrics) fclose(run->metrics);
    free(run);
}

ds_status ds_run_metrics(ds_run *r, ds_ctx *ctx, const char *line)
{
    if (fputs(line, r->metrics) < 0 || fputc('\n', r->metrics) < 0 || fflush(r->metrics))
        return ds_fail(ctx, DS_EIO, "%s/metrics.tsv: cannot write: %s", r->path, strerror(errno));
    return DS_OK;
}
