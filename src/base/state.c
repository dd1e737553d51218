/* state.c - the list of memory that a checkpoint holds: names, kinds, addresses, and who is told of a restore. */
#include "descent/state.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/ctx.h"

typedef struct listener {
    void (*fn)(void *arg);
    void *arg;
} listener;

struct ds_state {
    ds_ctx *ctx;
    ds_arena names;
    ds_state_block *block;
    listener *told;
    int blocks, listeners;
    ds_status status;
};

ds_status ds_state_create(ds_state **out, ds_ctx *ctx)
{
    *out = calloc(1, sizeof **out);
    if (!*out) return ds_fail_memory(ctx, sizeof **out, "a list of state");
    (*out)->ctx = ctx;
    return DS_OK;
}

void ds_state_free(ds_state *st)
{
    if (!st) return;
    ds_arena_free(&st->names);
    free(st->block);
    free(st->told);
    free(st);
}

static void fail(ds_state *st, ds_status status)
{
    if (st->status == DS_OK) st->status = status;
}

static void add(ds_state *st, const char *group, const char *name, ds_state_block b)
{
    char full[128];
    int n = snprintf(full, sizeof full, "%s.%s", group, name);
    if (n < 0 || (size_t)n >= sizeof full || b.count < 0 || ds_state_find(st, full)) {
        fail(st, ds_fail(st->ctx, DS_EUSAGE,
                         "state \"%s.%s\": found it registered twice, or a name of 128 characters "
                         "or more; wanted one short name for each memory",
                         group, name));
        return;
    }
    b.name = ds_arena_text(&st->names, full);
    ds_state_block *grown = realloc(st->block, ((size_t)st->blocks + 1) * sizeof *grown);
    if (grown) st->block = grown;
    if (grown && b.name)
        st->block[st->blocks++] = b;
    else
        fail(st, ds_fail_memory(st->ctx, sizeof *grown, "a list of state"));
}

void ds_state_vector(ds_state *st, const char *group, const char *name, ds_dtype t, int64_t count, void *data)
{
    add(st, group, name, (ds_state_block){ .kind = DS_STATE_VECTOR, .dtype = t, .count = count, .data = data });
}

void ds_state_integer(ds_state *st, const char *group, const char *name, int64_t *data)
{
    add(st, group, name, (ds_state_block){ .kind = DS_STATE_INTEGER, .count = 1, .data = data });
}

void ds_state_real(ds_state *st, const char *group, const char *name, double *data)
{
    add(st, group, name, (ds_state_block){ .kind = DS_STATE_REAL, .count = 1, .data = data });
}

void ds_state_flag(ds_state *st, const char *group, const char *name, bool *data)
{
    add(st, group, name, (ds_state_block){ .kind = DS_STATE_FLAG, .count = 1, .data = data });
}

void ds_state_restored(ds_state *st, void (*fn)(void *arg), void *arg)
{
    listener *grown = realloc(st->told, ((size_t)st->listeners + 1) * sizeof *grown);
    if (!grown) {
        fail(st, ds_fail_memory(st->ctx, sizeof *grown, "a list of state"));
        return;
    }
    st->told = grown;
    st->told[st->listeners++] = (listener){ fn, arg };
}

ds_status ds_state_status(const ds_state *st) { return st->status; }
int ds_state_count(const ds_state *st) { return st->blocks; }

const ds_state_block *ds_state_at(const ds_state *st, int i) { return i >= 0 && i < st->blocks ? &st->block[i] : NULL; }

const ds_state_block *ds_state_find(const ds_state *st, const char *name)
{
    for (int i = 0; i < st->blocks; i++)
        if (strcmp(st->block[i].name, name) == 0) return &st->block[i];
    return NULL;
}

void ds_state_announce(const ds_state *st)
{
    for (int i = 0; i < st->listeners; i++) st->told[i].fn(st->told[i].arg);
}

void ds_state_copy(const ds_state *from, const ds_state *to)
{
    for (int i = 0; i < from->blocks; i++) {
        const ds_state_block *b = &from->block[i];
        size_t bytes = b->kind == DS_STATE_VECTOR ? ds_dtype_bytes(b->dtype)
                       : b->kind == DS_STATE_FLAG ? sizeof(bool)
                                                  : sizeof(int64_t);
        memcpy(to->block[i].data, b->data, (size_t)b->count * bytes);
    }
}
