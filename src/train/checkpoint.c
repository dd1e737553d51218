/* checkpoint.c - checkpoints as the loop sees them: what goes into one is gathered between two steps; it is written beside
 * the steps that follow, from a copy, or at once where the run ends or memory is short. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "space/vector.h"
#include "train/checkpoint_job.h"

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

/* ---- a job ------------------------------------------------------------------------------------------------------- */

/* The vectors of the state, where they lie or (copy) as they are now. */
static ds_status gather_state(const ds_loop *l, bool copy, ds_tensor_list *list)
{
    int blocks = ds_state_count(l->state);
    size_t bytes = 0;
    for (int i = 0; i < blocks; i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        if (b->kind == DS_STATE_VECTOR) bytes += (size_t)b->count * ds_dtype_bytes(b->dtype);
    }
    list->tensor = calloc((size_t)blocks + 1, sizeof *list->tensor);
    list->block = copy ? ds_buffer_alloc(bytes) : NULL;
    if (!list->tensor || (copy && !list->block)) return ds_fail_memory(l->s->ctx, bytes, "a copy of the state");
    char *at = list->block;
    for (int i = 0; i < blocks; i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        if (b->kind != DS_STATE_VECTOR) continue;
        size_t n = (size_t)b->count * ds_dtype_bytes(b->dtype);
        if (copy) memcpy(at, b->data, n);
        list->tensor[list->count++] = (ds_named_tensor){ b->name, b->dtype, DS_SHAPE(b->count), copy ? at : b->data };
        if (copy) at += n;
    }
    return DS_OK;
}

static void free_job(ds_job *j)
{
    if (!j) return;
    ds_session_drop(&j->weights);
    ds_session_drop(&j->state);
    json_decref(j->manifest);
    free(j);
}

static ds_status fill_job(ds_loop *l, ds_job *j, bool copy)
{
    const ds_run *r = l->run;
    j->ctx = l->s->ctx;
    j->run = r->path;
    j->metrics = r->metrics;
    j->keep = l->s->set.checkpoint_keep < 2 ? 2 : l->s->set.checkpoint_keep;
    snprintf(j->name, sizeof j->name, "%06d-step-%lld", r->serial + 1, (long long)l->step);
    snprintf(j->part, sizeof j->part, "%06d.part", r->serial + 1);
    DS_TRY(ds_session_gather(l->s, l->s->theta, &j->weights));
    DS_TRY(gather_state(l, copy, &j->state));
    j->manifest = ds_manifest_make(l);
    return j->manifest ? DS_OK : ds_fail_memory(l->s->ctx, 4096, "a checkpoint's manifest");
}

static ds_status make_job(ds_loop *l, bool copy, ds_job **out)
{
    *out = NULL;
    ds_loop_tick(l);
    DS_TRY(check_finite(l));
    DS_TRY(ds_run_present(l->run, l->s->ctx));
    ds_run_file(l->run, "checkpoints");
    if (mkdirat(l->run->folder, "checkpoints", 0777) && errno != EEXIST)
        return ds_fail(l->s->ctx, DS_EIO, "%s: cannot make the folder: %s", l->run->file, strerror(errno));
    DS_TRY(ds_run_flush(l->run, l->s->ctx)); /* it counts the rows that are in the file */
    ds_job *j = calloc(1, sizeof *j);
    if (!j) return ds_fail_memory(l->s->ctx, sizeof *j, "a checkpoint");
    ds_status status = fill_job(l, j, copy);
    if (status == DS_OK)
        *out = j;
    else
        free_job(j);
    return status;
}

static void written(ds_loop *l, const ds_job *j)
{
    l->run->serial++;
    snprintf(l->run->newest, sizeof l->run->newest, "%s", j->name);
}

/* ---- beside training --------------------------------------------------------------------------------------------- */

static void *thread_main(void *arg)
{
    ds_job *j = arg;
    j->status = ds_job_write(j);
    atomic_store(&j->done, true);
    return NULL;
}

ds_status ds_checkpoint_begin(ds_loop *l)
{
    ds_job *j;
    if (make_job(l, true, &j) != DS_OK) return ds_checkpoint_save(l); /* short of memory: from where it lies */
    if (ds_ctx_create(&j->ctx, 1) == DS_OK) {
        if (pthread_create(&j->thread, NULL, thread_main, j) == 0) {
            l->saving = j;
            return DS_OK;
        }
        ds_ctx_free(j->ctx);
    }
    free_job(j);
    return ds_checkpoint_save(l);
}

ds_status ds_checkpoint_settle(ds_loop *l, bool wait)
{
    ds_job *j = l->saving;
    if (!j || (!wait && !atomic_load(&j->done))) return DS_OK;
    pthread_join(j->thread, NULL);
    l->saving = NULL;
    ds_status status = j->status;
    if (status == DS_OK)
        written(l, j);
    else
        ds_fail(l->s->ctx, status, "%s", ds_error(j->ctx));
    ds_ctx_free(j->ctx);
    free_job(j);
    return status;
}

/* ---- at once ----------------------------------------------------------------------------------------------------- */

ds_status ds_checkpoint_save(ds_loop *l)
{
    ds_job *j;
    DS_TRY(make_job(l, false, &j));
    ds_status status = ds_job_write(j);
    if (status == DS_OK) written(l, j);
    free_job(j);
    return status;
}

ds_status ds_checkpoint_finish(ds_loop *l, const char *text)
{
    char path[4400];
    json_t *m;
    ds_checksum sum;
    snprintf(path, sizeof path, "%s/checkpoints/%s/manifest.json", l->run->path, l->run->newest);
    DS_TRY(ds_manifest_read(&m, l->s->ctx, path));
    ds_status status = json_object_set_new(m, "finished", json_string(text)) == 0
                           ? ds_manifest_put(l->s->ctx, path, m, true, &sum)
                           : ds_fail_memory(l->s->ctx, strlen(text), path);
    json_decref(m);
    return status;
}
