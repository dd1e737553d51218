/* checkpoint_restore.c - reading checkpoints, newest first: checked whole before anything is put back. */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "train/checkpoint.h"
#include "train/tensors.h"

typedef struct opened {
    json_t *manifest;
    ds_tensor_file *weights, *state;
    char path[4300];
} opened;

bool ds_checkpoint_may_lack(const char *name) { return strncmp(name, "rewind.", 7) == 0; }

static void close_files(opened *o)
{
    ds_tensors_close(o->weights);
    ds_tensors_close(o->state);
    json_decref(o->manifest);
}

static ds_status open_tensors(const ds_loop *l, const opened *o, const char *file, ds_tensor_file **out)
{
    char path[4400];
    ds_checksum sum;
    DS_TRY(ds_manifest_file(l->s->ctx, o->manifest, file, &sum));
    snprintf(path, sizeof path, "%s/%s", o->path, file);
    return ds_tensors_open_checked(out, l->s->ctx, path, &sum);
}

static ds_status open_files(const ds_loop *l, opened *o)
{
    char path[4400];
    snprintf(path, sizeof path, "%s/manifest.json", o->path);
    DS_TRY(ds_manifest_read(&o->manifest, l->s->ctx, path));
    DS_TRY(open_tensors(l, o, "weights.safetensors", &o->weights));
    return open_tensors(l, o, "state.safetensors", &o->state);
}

static ds_status check_vectors(const ds_loop *l, const opened *o)
{
    for (int i = 0; i < ds_state_count(l->state); i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        if (b->kind != DS_STATE_VECTOR) continue;
        const ds_named_tensor *t = ds_tensors_find(o->state, b->name);
        if (!t && ds_checkpoint_may_lack(b->name)) continue;
        if (!t || t->dtype != b->dtype || ds_shape_count(t->shape) != b->count)
            return ds_fail(l->s->ctx, DS_EUSAGE, "%s/state.safetensors: no vector \"%s\" of %lld elements in %s",
                           o->path, b->name, (long long)b->count, ds_dtype_name(b->dtype));
    }
    for (int k = 0; k < ds_tensors_count(o->state); k++) {
        const char *name = ds_tensors_at(o->state, k)->name;
        if (!ds_state_find(l->state, name) && !ds_checkpoint_may_lack(name))
            return ds_fail(l->s->ctx, DS_EUSAGE, "%s/state.safetensors: vector \"%s\" has no place here", o->path,
                           name);
    }
    return DS_OK;
}

/* The bytes are good; do they belong to this data and this program? */
static ds_status check_fit(const ds_loop *l, const opened *o)
{
    char data[24];
    snprintf(data, sizeof data, "%016llx", (unsigned long long)ds_dataset_fingerprint(l->s->data));
    const char *saved = json_string_value(json_object_get(o->manifest, "data_hash"));
    if (!saved || strcmp(saved, data))
        return ds_fail(
            l->s->ctx, DS_EIO,
            "%s: the run was trained on data %s, the files now hold %s; put the old data back, or begin a new run "
            "with --from %s/weights.safetensors",
            o->path, saved ? saved : "?", data, o->path);
    DS_TRY(ds_manifest_check(l, o->manifest, o->path));
    return check_vectors(l, o);
}

static ds_status put_back(ds_loop *l, const opened *o)
{
    DS_TRY(check_fit(l, o));
    DS_TRY(ds_session_import(l->s, o->weights, o->path));
    for (int i = 0; i < ds_state_count(l->state); i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        const ds_named_tensor *t = b->kind == DS_STATE_VECTOR ? ds_tensors_find(o->state, b->name) : NULL;
        if (t) memcpy(b->data, t->data, (size_t)b->count * ds_dtype_bytes(b->dtype));
    }
    ds_manifest_restore(l, o->manifest);
    /* With other settings a rule that ended the run decides again. */
    char hash[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)l->run->hash);
    const json_t *ended = json_object_get(o->manifest, "ended");
    const char *saved = json_string_value(json_object_get(o->manifest, "config_hash"));
    if (ended && saved && !strcmp(saved, hash))
        ds_loop_end(l, (ds_reason)json_integer_value(json_object_get(ended, "reason")),
                    json_string_value(json_object_get(ended, "why")));
    l->rewind_lacking = !ds_tensors_find(o->state, "rewind.theta");
    ds_state_announce(l->state);
    return DS_OK;
}

/* A file that is not there is no trouble of the disk. */
static bool lacks_a_file(const char *path)
{
    static const char *const files[] = { "manifest.json", "weights.safetensors", "state.safetensors" };
    char file[4400];
    bool lacks = false;
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) {
        snprintf(file, sizeof file, "%s/%s", path, files[k]);
        lacks = lacks || (access(file, F_OK) != 0 && errno == ENOENT);
    }
    return lacks;
}

/* Keep the evidence, but out of the way of the next look. */
static void set_aside(const char *path)
{
    char aside[4400];
    snprintf(aside, sizeof aside, "%s.damaged", path);
    if (rename(path, aside)) errno = 0;
}

ds_status ds_checkpoint_restore(ds_loop *l, bool *found)
{
    ds_checkpoint_at *list;
    int count;
    *found = false;
    DS_TRY(ds_checkpoint_list(l->s->ctx, l->run->path, &list, &count));
    ds_status status = DS_OK;
    for (int k = 0; k < count && !*found && status == DS_OK; k++) {
        opened o = { 0 };
        snprintf(o.path, sizeof o.path, "%s/checkpoints/%s", l->run->path, list[k].name);
        ds_status opens = open_files(l, &o);
        if (opens == DS_OK) {
            status = put_back(l, &o);
            *found = status == DS_OK;
            if (*found) snprintf(l->run->newest, sizeof l->run->newest, "%s", list[k].name);
        } else if (opens == DS_EFORMAT || opens == DS_EIO) {
            ds_loop_notice(l, "checkpoint %s is not used: %s%s", list[k].name, ds_error(l->s->ctx),
                           k + 1 < count ? "; taking the one before" : "; there is none before it");
            if (opens == DS_EFORMAT || lacks_a_file(o.path)) set_aside(o.path);
        } else {
            status = opens;
        }
        close_files(&o);
    }
    free(list);
    return status;
}
