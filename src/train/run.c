/* run.c - a run's directory: config as given and as resolved, metrics.tsv, checkpoints, weights. Copying it copies the
 * run. One trainer at a time: RUN/lock is locked as long as its process lives. */
#include "train/run.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/checkpoint.h"

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

static ds_status fail(ds_run *r, ds_ctx *ctx, const char *what)
{
    return ds_fail(ctx, DS_EIO, "%s: %s: %s", r->file, what, strerror(errno));
}

static ds_run *new_run(ds_ctx *ctx)
{
    ds_run *r = calloc(1, sizeof *r);
    if (!r)
        ds_fail_memory(ctx, sizeof *r, "a run");
    else
        r->folder = r->lock = r->metrics = -1;
    return r;
}

/* ---- the lock ---------------------------------------------------------------------------------------------------- */

static ds_status refuse_second(ds_run *r, ds_ctx *ctx)
{
    char holder[64] = { 0 };
    ssize_t n = pread(r->lock, holder, sizeof holder - 1, 0);
    holder[n > 0 ? strcspn(holder, "\n") : 0] = 0;
    return ds_fail(ctx, DS_EUSAGE, "%s: another trainer is at work here%s%s; wait for it or stop it", r->path,
                   *holder ? ", process " : "", holder);
}

/* The system lets go of the lock when the process is gone, however it went. */
static ds_status lock(ds_run *r, ds_ctx *ctx)
{
    ds_run_file(r, "lock");
    r->folder = open(r->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r->folder >= 0) r->lock = openat(r->folder, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (r->lock < 0) return fail(r, ctx, "cannot open");
    if (flock(r->lock, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK ? refuse_second(r, ctx) : fail(r, ctx, "cannot lock");
    char text[64];
    int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());
    /* who holds it is for people: the lock stands without it */
    if (ftruncate(r->lock, 0) == 0 && pwrite(r->lock, text, (size_t)n, 0) < 0) errno = 0;
    return DS_OK;
}

bool ds_run_busy(const char *path)
{
    char file[4200];
    int n = snprintf(file, sizeof file, "%s/lock", path);
    int fd = n > 0 && (size_t)n < sizeof file ? open(file, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) return false;
    bool busy = flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    close(fd);
    return busy;
}

ds_status ds_run_present(ds_run *r, ds_ctx *ctx)
{
    struct stat here, held;
    bool same = stat(ds_run_file(r, "lock"), &here) == 0 && fstat(r->lock, &held) == 0 && here.st_ino == held.st_ino &&
                here.st_dev == held.st_dev;
    return same ? DS_OK
                : ds_fail(ctx, DS_EIO,
                          "%s: the run's folder is gone or is another one; look whether its disk is mounted", r->path);
}

/* ---- making a run ------------------------------------------------------------------------------------------------ */

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
        bool made;
        DS_TRY(ds_folder_make(ctx, r->path, &made));
        if (made) return DS_OK;
    }
}

static ds_status write_text(ds_run *r, ds_ctx *ctx, const char *file, const char *text)
{
    return ds_file_write_in(ctx, r->folder, ds_run_file(r, file), 1, &(ds_piece){ text, strlen(text) });
}

static ds_status open_metrics(ds_run *r, ds_ctx *ctx, int flags)
{
    r->metrics = open(ds_run_file(r, "metrics.tsv"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | flags, 0666);
    return r->metrics >= 0 ? DS_OK : fail(r, ctx, "cannot open");
}

/* A run is worth keeping when it has weights or a checkpoint; what has neither is begun again. */
static ds_status refuse_used(ds_run *r, ds_ctx *ctx)
{
    ds_checkpoint_at *list;
    int count;
    bool used = exists(ds_run_file(r, "last.safetensors"));
    DS_TRY(ds_checkpoint_list(ctx, r->path, &list, &count));
    free(list);
    if (!used && count == 0) return DS_OK;
    return ds_fail(
        ctx, DS_EUSAGE,
        "%s already holds a run; go on with it by descent train --resume %s, choose another --out, or remove it",
        r->path, r->path);
}

static ds_status keep_config(ds_run *r, ds_ctx *ctx, const char *resolved, uint64_t hash)
{
    char *copy = strdup(resolved);
    if (!copy) return ds_fail_memory(ctx, strlen(resolved), "a config");
    free(r->resolved);
    r->resolved = copy;
    r->hash = hash;
    return DS_OK;
}

ds_status ds_run_write_config(ds_run *r, ds_ctx *ctx) { return write_text(r, ctx, "resolved.yaml", r->resolved); }

static ds_status fill(ds_run *r, ds_ctx *ctx, const ds_run_text *text, const char *out)
{
    if (!out)
        DS_TRY(make_numbered(r, ctx, text->name));
    else if (snprintf(r->path, sizeof r->path, "%s", out) >= (int)sizeof r->path)
        return ds_fail(ctx, DS_EUSAGE, "--out: the path is too long");
    else
        DS_TRY(ds_make_folders(ctx, out));
    DS_TRY(lock(r, ctx));
    DS_TRY(refuse_used(r, ctx));
    DS_TRY(write_text(r, ctx, "config.yaml", text->given));
    DS_TRY(keep_config(r, ctx, text->resolved, text->hash));
    DS_TRY(ds_run_write_config(r, ctx));
    return open_metrics(r, ctx, O_TRUNC);
}

ds_status ds_run_create(ds_run **out, ds_ctx *ctx, const ds_run_text *text, const char *path)
{
    *out = NULL;
    ds_run *r = new_run(ctx);
    if (!r) return DS_EMEM;
    ds_status status = fill(r, ctx, text, path);
    if (status != DS_OK) {
        ds_run_close(r);
        return status;
    }
    *out = r;
    return DS_OK;
}

/* ---- opening one ------------------------------------------------------------------------------------------------- */

ds_status ds_run_open(ds_run **out, ds_ctx *ctx, const char *name)
{
    *out = NULL;
    ds_run *r = new_run(ctx);
    if (!r) return DS_EMEM;
    for (int k = 0; k < 2; k++) {
        if (snprintf(r->path, sizeof r->path, k ? "runs/%s" : "%s", name) >= (int)sizeof r->path) break;
        if (!exists(ds_run_file(r, "resolved.yaml"))) continue;
        *out = r;
        return DS_OK;
    }
    ds_run_close(r);
    return ds_fail(ctx, DS_EUNKNOWN, "no run \"%s\": neither that folder nor runs/%s holds a resolved.yaml", name,
                   name);
}

/* Whether a checkpoint was set aside as *.damaged. */
static bool was_damaged(ds_run *r)
{
    bool found = false;
    DIR *d = opendir(ds_run_file(r, "checkpoints"));
    for (struct dirent *e; d && !found && (e = readdir(d));) {
        size_t n = strlen(e->d_name), m = strlen(".damaged");
        found = n > m && strcmp(e->d_name + n - m, ".damaged") == 0;
    }
    if (d) closedir(d);
    return found;
}

/* What the newest checkpoint with a whole manifest says of the run. */
static ds_status read_saved(ds_run *r, ds_ctx *ctx)
{
    ds_checkpoint_at *list;
    int count;
    DS_TRY(ds_checkpoint_list(ctx, r->path, &list, &count));
    ds_status status = DS_OK;
    if (count) r->serial = list[0].serial;
    for (int k = 0; k < count && status == DS_OK && !r->saved_config; k++) {
        char path[4300];
        json_t *m;
        snprintf(path, sizeof path, "%s/checkpoints/%s/manifest.json", r->path, list[k].name);
        ds_status read = ds_manifest_read(&m, ctx, path);
        if (read == DS_EMEM) status = read;
        if (read != DS_OK) continue; /* restoring names it */
        const char *config = json_string_value(json_object_get(m, "config"));
        const char *finished = json_string_value(json_object_get(m, "finished"));
        r->saved_config = strdup(config ? config : "");
        r->finished = finished ? strdup(finished) : NULL;
        if (!r->saved_config || (finished && !r->finished)) status = ds_fail_memory(ctx, 4096, "a config");
        json_decref(m);
    }
    if (status == DS_OK && !r->saved_config && (count || was_damaged(r)))
        status = ds_fail(ctx, DS_EFORMAT,
                         "%s: none of its checkpoints can be used; to begin again at step 0, remove %s/checkpoints",
                         r->path, r->path);
    free(list);
    return status;
}

static ds_status open_saved(ds_run **out, ds_ctx *ctx, const char *name, bool locked)
{
    ds_run *r;
    *out = NULL;
    DS_TRY(ds_run_open(&r, ctx, name));
    ds_status status = locked ? lock(r, ctx) : DS_OK;
    if (status == DS_OK) status = read_saved(r, ctx);
    if (status != DS_OK) {
        ds_run_close(r);
        return status;
    }
    *out = r;
    return DS_OK;
}

ds_status ds_run_resume(ds_run **out, ds_ctx *ctx, const char *name) { return open_saved(out, ctx, name, true); }
ds_status ds_run_look(ds_run **out, ds_ctx *ctx, const char *name) { return open_saved(out, ctx, name, false); }

const char *ds_run_saved_config(const ds_run *run) { return run->saved_config; }
const char *ds_run_finished(const ds_run *run) { return run->finished; }

ds_status ds_run_continue(ds_run *r, ds_ctx *ctx, const char *resolved, uint64_t hash)
{
    DS_TRY(keep_config(r, ctx, resolved, hash));
    return open_metrics(r, ctx, r->saved_config ? 0 : O_TRUNC);
}

void ds_run_close(ds_run *run)
{
    if (!run) return;
    if (run->metrics >= 0) close(run->metrics);
    if (run->lock >= 0) close(run->lock);
    if (run->folder >= 0) close(run->folder);
    ds_text_free(&run->pending);
    free(run->resolved);
    free(run->saved_config);
    free(run->finished);
    free(run);
}

/* ---- metrics.tsv ------------------------------------------------------------------------------------------------- */

ds_status ds_run_flush(ds_run *r, ds_ctx *ctx)
{
    ssize_t wrote;
    if (r->pending.bytes == 0) return DS_OK;
    ds_run_file(r, "metrics.tsv");
    do wrote = write(r->metrics, r->pending.data, r->pending.bytes);
    while (wrote < 0 && errno == EINTR);
    if (wrote >= 0 && (size_t)wrote == r->pending.bytes) {
        r->metrics_bytes += wrote;
        ds_text_free(&r->pending);
        return DS_OK;
    }
    if (wrote >= 0) errno = ENOSPC; /* a part of a row: there is no room for the rest */
    ds_status status = fail(r, ctx, "cannot write");
    if (ftruncate(r->metrics, r->metrics_bytes)) return status; /* a resumed run cuts it off */
    return status;
}

ds_status ds_run_metrics(ds_run *r, ds_ctx *ctx, const char *line)
{
    ds_text_add(&r->pending, "%s\n", line);
    return r->pending.failed ? ds_fail_memory(ctx, strlen(line), "a row of metrics") : ds_run_flush(r, ctx);
}

ds_status ds_run_rewind(ds_run *r, ds_ctx *ctx, bool *missing)
{
    struct stat st;
    ds_run_file(r, "metrics.tsv");
    if (fstat(r->metrics, &st)) return fail(r, ctx, "cannot read its size");
    *missing = st.st_size < r->metrics_bytes;
    if (*missing) r->metrics_bytes = st.st_size;
    return ftruncate(r->metrics, r->metrics_bytes) == 0 ? DS_OK : fail(r, ctx, "cannot cut to the checkpoint's rows");
}
