/* checkpoint.c - writing checkpoints: part folder, flush, rename, flush, read back, drop older ones. */
#include "train/checkpoint.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "space/vector.h"
#include "train/tensors.h"

typedef char path_text[4300];

static void path_of(path_text path, const ds_run *r, const char *name, const char *file)
{
    snprintf(path, sizeof(path_text), "%s/checkpoints/%s%s%s", r->path, name, *file ? "/" : "", file);
}

/* ---- listing ----------------------------------------------------------------------------------------------------- */

/* "000012-step-3400"; anything else (*.part, *.damaged) is no checkpoint. */
static bool read_name(const char *name, ds_checkpoint_at *at)
{
    int end = 0;
    long long step;
    if (!isdigit((unsigned char)*name) || strlen(name) >= sizeof at->name) return false;
    if (sscanf(name, "%9d-step-%18lld%n", &at->serial, &step, &end) != 2 || name[end]) return false;
    memcpy(at->name, name, strlen(name) + 1);
    return true;
}

static int newest_first(const void *a, const void *b)
{
    return ((const ds_checkpoint_at *)b)->serial - ((const ds_checkpoint_at *)a)->serial;
}

ds_status ds_checkpoint_list(ds_ctx *ctx, const ds_run *run, ds_checkpoint_at **list, int *count)
{
    path_text folder;
    ds_checkpoint_at at = { 0 };
    *list = NULL;
    *count = 0;
    path_of(folder, run, "", "");
    DIR *d = opendir(folder);
    if (!d)
        return errno == ENOENT ? DS_OK
                               : ds_fail(ctx, DS_EIO, "%s: cannot open the folder: %s", folder, strerror(errno));
    for (struct dirent *e; (e = readdir(d));) {
        if (!read_name(e->d_name, &at)) continue;
        ds_checkpoint_at *grown = realloc(*list, ((size_t)*count + 1) * sizeof *grown);
        if (!grown) {
            closedir(d);
            free(*list);
            *list = NULL;
            *count = 0;
            return ds_fail_memory(ctx, sizeof *grown, "a list of checkpoints");
        }
        *list = grown;
        grown[(*count)++] = at;
    }
    closedir(d);
    if (*count) qsort(*list, (size_t)*count, sizeof **list, newest_first);
    return DS_OK;
}

/* ---- saving ------------------------------------------------------------------------------------------------------ */

static ds_status refuse(const ds_loop *l, const char *name, int64_t at)
{
    return ds_fail(l->s->ctx, DS_ENONFINITE,
                   "no checkpoint of step %lld: \"%s\" is not finite at element %lld; the older ones stay",
                   (long long)l->step, name, (long long)at);
}

/* A state with a NaN must not push out one without. */
static ds_status check_finite(const ds_loop *l)
{
    const ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    int64_t statistics = ds_space_dim(ds_problem_statistics(s->problem));
    if (!ds_vector_is_finite(t, s->theta, s->dim)) return refuse(l, "weights", ds_first_nonfinite(t, s->theta, s->dim));
    const void *running = ds_problem_running(s->problem);
    if (statistics && !ds_vector_is_finite(t, running, statistics))
        return refuse(l, "running statistics", ds_first_nonfinite(t, running, statistics));
    for (int i = 0; i < ds_state_count(l->state); i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        if (b->kind != DS_STATE_VECTOR || b->dtype == DS_I32 || ds_vector_is_finite(b->dtype, b->data, b->count))
            continue;
        return refuse(l, b->name, ds_first_nonfinite(b->dtype, b->data, b->count));
    }
    return DS_OK;
}

static ds_status write_weights(const ds_loop *l, const char *path, ds_checksum *sum)
{
    ds_tensor_list list;
    DS_TRY(ds_session_gather(l->s, l->s->theta, &list));
    ds_status status = ds_tensors_put(l->s->ctx, path, list.count, list.tensor, sum);
    ds_session_drop(&list);
    return status;
}

static ds_status write_state(const ds_loop *l, const char *path, ds_checksum *sum)
{
    int blocks = ds_state_count(l->state), n = 0;
    ds_named_tensor *tensor = calloc((size_t)blocks + 1, sizeof *tensor);
    if (!tensor) return ds_fail_memory(l->s->ctx, (size_t)blocks * sizeof *tensor, "a checkpoint");
    for (int i = 0; i < blocks; i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        if (b->kind == DS_STATE_VECTOR)
            tensor[n++] = (ds_named_tensor){ b->name, b->dtype, DS_SHAPE(b->count), b->data };
    }
    ds_status status = ds_tensors_put(l->s->ctx, path, n, tensor, sum);
    free(tensor);
    return status;
}

static ds_status put_text(ds_ctx *ctx, const char *path, json_t *m, bool replace, ds_checksum *sum)
{
    char *text = m ? ds_manifest_text(m) : NULL;
    if (!text) return ds_fail_memory(ctx, 4096, "a checkpoint's manifest");
    ds_piece piece = { text, strlen(text) };
    *sum = ds_checksum_of(text, piece.bytes);
    ds_status status = replace ? ds_file_write(ctx, path, 1, &piece) : ds_file_put(ctx, path, 1, &piece);
    free(text);
    return status;
}

static const char *const files[] = { "weights.safetensors", "state.safetensors", "manifest.json" };
enum { FILES = sizeof files / sizeof files[0] };

static ds_status write_files(const ds_loop *l, const char *part, ds_checksum sum[FILES])
{
    path_text path;
    path_of(path, l->run, part, files[0]);
    DS_TRY(write_weights(l, path, &sum[0]));
    path_of(path, l->run, part, files[1]);
    DS_TRY(write_state(l, path, &sum[1]));
    json_t *m = ds_manifest_make(l, &sum[0], &sum[1]);
    path_of(path, l->run, part, files[2]);
    ds_status status = put_text(l->s->ctx, path, m, false, &sum[2]);
    json_decref(m);
    return status;
}

/* What the disk gives back must be what was written, before anything older goes. */
static ds_status read_back(const ds_loop *l, const char *name, const ds_checksum sum[FILES])
{
    for (int k = 0; k < FILES; k++) {
        path_text path;
        ds_checksum found;
        path_of(path, l->run, name, files[k]);
        DS_TRY(ds_checksum_file(l->s->ctx, path, &found));
        if (!ds_checksum_equal(&found, &sum[k]))
            return ds_fail(l->s->ctx, DS_EIO,
                           "%s: reading back gave other bytes than were written; is the disk failing?", path);
    }
    return DS_OK;
}

static void drop_older(const ds_loop *l)
{
    ds_checkpoint_at *list;
    int count, keep = l->s->set.checkpoint_keep < 2 ? 2 : l->s->set.checkpoint_keep;
    if (ds_checkpoint_list(l->s->ctx, l->run, &list, &count) != DS_OK) return; /* the next one tries again */
    for (int k = keep; k < count; k++) {
        path_text path;
        path_of(path, l->run, list[k].name, "");
        ds_folder_remove(path);
    }
    free(list);
}

static ds_status commit(ds_loop *l, const char *part, const char *name)
{
    ds_ctx *ctx = l->s->ctx;
    path_text from, to, folder;
    ds_checksum sum[FILES];
    path_of(from, l->run, part, "");
    path_of(to, l->run, name, "");
    path_of(folder, l->run, "", "");
    if (mkdir(from, 0777)) return ds_fail(ctx, DS_EIO, "%s: cannot make the folder: %s", from, strerror(errno));
    DS_TRY(write_files(l, part, sum));
    DS_TRY(ds_folder_sync(ctx, from));
    if (rename(from, to)) return ds_fail(ctx, DS_EIO, "%s: cannot rename the folder: %s", from, strerror(errno));
    ds_status status = ds_folder_sync(ctx, folder);
    if (status == DS_OK) status = read_back(l, name, sum);
    if (status != DS_OK) ds_folder_remove(to); /* nothing was dropped for it */
    return status;
}

ds_status ds_checkpoint_save(ds_loop *l)
{
    ds_run *r = l->run;
    path_text path;
    char name[DS_CHECKPOINT_NAME], part[DS_CHECKPOINT_NAME];
    ds_loop_tick(l);
    DS_TRY(check_finite(l));
    DS_TRY(ds_run_present(r, l->s->ctx));
    DS_TRY(ds_run_sync(r, l->s->ctx));
    path_of(path, r, "", "");
    if (mkdir(path, 0777) && errno != EEXIST)
        return ds_fail(l->s->ctx, DS_EIO, "%s: cannot make the folder: %s", path, strerror(errno));
    snprintf(name, sizeof name, "%06d-step-%lld", r->serial + 1, (long long)l->step);
    snprintf(part, sizeof part, "%06d.part", r->serial + 1);
    path_of(path, r, part, "");
    ds_folder_remove(path); /* of a trainer that was killed while it wrote */
    ds_status status = commit(l, part, name);
    if (status != DS_OK) {
        ds_folder_remove(path);
        return status;
    }
    r->serial++;
    snprintf(r->newest, sizeof r->newest, "%s", name);
    drop_older(l);
    return DS_OK;
}

ds_status ds_checkpoint_finish(ds_loop *l, const char *text)
{
    path_text path;
    json_t *m;
    ds_checksum sum;
    path_of(path, l->run, l->run->newest, "manifest.json");
    DS_TRY(ds_manifest_read(&m, l->s->ctx, path));
    ds_status status = json_object_set_new(m, "finished", json_string(text)) == 0
                           ? put_text(l->s->ctx, path, m, true, &sum)
                           : ds_fail_memory(l->s->ctx, strlen(text), path);
    json_decref(m);
    return status;
}
