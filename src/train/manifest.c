/* manifest.c - the JSON side of a checkpoint: where the run stands, what wrote it, checksums, and the state's numbers.
 * Real numbers are hexadecimal text, which is exact. The manifest's own checksum is over its text without it. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>

#include "descent/version.h"
#include "train/checkpoint_job.h"

enum { SHAPE = JSON_INDENT(1) | JSON_PRESERVE_ORDER, LIMIT = 64 << 20 };

static json_t *file_entry(const ds_checksum *sum)
{
    return json_pack("{s:I, s:s}", "bytes", (json_int_t)sum->bytes, "xxh128", sum->text);
}

static json_t *number(const ds_state_block *b)
{
    char text[40];
    if (b->kind == DS_STATE_INTEGER) return json_integer(*(const int64_t *)b->data);
    if (b->kind == DS_STATE_FLAG) return json_boolean(*(const bool *)b->data);
    double x = *(const double *)b->data;
    snprintf(text, sizeof text, "%a", x);
    return json_string(isnan(x) ? "nan" : text);
}

static int add_numbers(json_t *to, const ds_state *st)
{
    int failed = 0;
    for (int i = 0; i < ds_state_count(st); i++) {
        const ds_state_block *b = ds_state_at(st, i);
        if (b->kind != DS_STATE_VECTOR) failed |= json_object_set_new(to, b->name, number(b));
    }
    return failed;
}

/* What wrote it, for people: no number of the result depends on these. */
static json_t *machine(const ds_loop *l)
{
    struct utsname u;
    char when[32] = "";
    time_t now = time(NULL);
    struct tm parts;
    if (gmtime_r(&now, &parts)) strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    bool known = uname(&u) == 0;
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:i, s:s}", "version", ds_version(), "compiler", ds_compiler(),
                     "isa", ds_isa() ? ds_isa() : "", "system", known ? u.sysname : "", "machine",
                     known ? u.machine : "", "host", known ? u.nodename : "", "threads", ds_ctx_threads(l->s->ctx),
                     "written", when);
}

json_t *ds_manifest_make(const ds_loop *l)
{
    char hash[24], data[24];
    snprintf(hash, sizeof hash, "%016llx", (unsigned long long)l->run->hash);
    snprintf(data, sizeof data, "%016llx", (unsigned long long)ds_dataset_fingerprint(l->s->data));
    json_t *numbers = json_object();
    bool bad = !numbers || add_numbers(numbers, l->state);
    json_t *m = json_pack("{s:i, s:i, s:I, s:I, s:I, s:o, s:s, s:s, s:s, s:o}", "format", DS_CHECKPOINT_FORMAT,
                          "serial", l->run->serial + 1, "step", (json_int_t)l->step, "epoch", (json_int_t)l->epoch,
                          "batch", (json_int_t)l->batch, "written_by", machine(l), "config_hash", hash, "data_hash",
                          data, "config", l->run->resolved, "numbers", numbers);
    if (m && (l->reason == DS_PATIENCE || l->reason == DS_REACHED))
        bad |= json_object_set_new(m, "ended", json_pack("{s:i, s:s}", "reason", l->reason, "why", l->why));
    if (m && !bad) return m;
    json_decref(m);
    return NULL;
}

int ds_manifest_add_files(json_t *m, const ds_checksum *weights, const ds_checksum *state)
{
    return json_object_set_new(
        m, "files",
        json_pack("{s:o, s:o}", "weights.safetensors", file_entry(weights), "state.safetensors", file_entry(state)));
}

char *ds_manifest_text(json_t *m)
{
    json_object_del(m, "xxh128");
    char *body = json_dumps(m, SHAPE);
    if (!body) return NULL;
    ds_checksum sum = ds_checksum_of(body, strlen(body));
    free(body);
    return json_object_set_new(m, "xxh128", json_string(sum.text)) ? NULL : json_dumps(m, SHAPE);
}

static ds_status check_self(ds_ctx *ctx, json_t *m, const char *path)
{
    char said[40] = "";
    const char *sum = json_string_value(json_object_get(m, "xxh128"));
    if (sum) snprintf(said, sizeof said, "%s", sum);
    json_object_del(m, "xxh128");
    char *body = json_dumps(m, SHAPE);
    if (!body) return ds_fail_memory(ctx, LIMIT, path);
    ds_checksum found = ds_checksum_of(body, strlen(body));
    free(body);
    if (strcmp(found.text, said))
        return ds_fail(ctx, DS_EFORMAT, "%s: its content has checksum %s, it says \"%s\"", path, found.text, said);
    json_int_t format = json_integer_value(json_object_get(m, "format"));
    if (format != DS_CHECKPOINT_FORMAT)
        return ds_fail(ctx, DS_EUSAGE, "%s: format %lld; this program (%s) reads format %d", path, (long long)format,
                       ds_version(), DS_CHECKPOINT_FORMAT);
    return DS_OK;
}

ds_status ds_manifest_read(json_t **out, ds_ctx *ctx, const char *path)
{
    char *text;
    size_t bytes;
    json_error_t error;
    *out = NULL;
    DS_TRY(ds_file_read(ctx, path, LIMIT, &text, &bytes));
    json_t *m = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    ds_status status = json_is_object(m) ? check_self(ctx, m, path)
                       : json_error_code(&error) == json_error_out_of_memory
                           ? ds_fail_memory(ctx, bytes, path)
                           : ds_fail(ctx, DS_EFORMAT, "%s: byte %d: %s", path, error.position, error.text);
    if (status == DS_OK)
        *out = m;
    else
        json_decref(m);
    return status;
}

ds_status ds_manifest_file(ds_ctx *ctx, const json_t *m, const char *file, ds_checksum *sum)
{
    json_t *entry = json_object_get(json_object_get(m, "files"), file);
    const char *text = json_string_value(json_object_get(entry, "xxh128"));
    if (!text) return ds_fail(ctx, DS_EFORMAT, "manifest.json: no checksum of %s", file);
    *sum = (ds_checksum){ .bytes = json_integer_value(json_object_get(entry, "bytes")) };
    snprintf(sum->text, sizeof sum->text, "%s", text);
    return DS_OK;
}

static bool fits(const ds_state_block *b, const json_t *v)
{
    return b->kind == DS_STATE_INTEGER ? json_is_integer(v)
           : b->kind == DS_STATE_FLAG  ? json_is_boolean(v)
                                       : json_is_string(v);
}

ds_status ds_manifest_check(const ds_loop *l, const json_t *m, const char *path)
{
    json_t *numbers = json_object_get(m, "numbers");
    const char *name;
    json_t *v;
    for (int i = 0; i < ds_state_count(l->state); i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        v = json_object_get(numbers, b->name);
        if (b->kind == DS_STATE_VECTOR || (!v && ds_checkpoint_may_lack(b->name))) continue;
        if (!v || !fits(b, v))
            return ds_fail(l->s->ctx, DS_EUSAGE,
                           "%s: no number \"%s\"; this program (%s) keeps another state than the one that wrote it",
                           path, b->name, ds_version());
    }
    json_object_foreach(numbers, name, v)
    {
        if (ds_state_find(l->state, name) || ds_checkpoint_may_lack(name)) continue;
        return ds_fail(l->s->ctx, DS_EUSAGE,
                       "%s: number \"%s\" has no place here; this program (%s) keeps another state", path, name,
                       ds_version());
    }
    return DS_OK;
}

void ds_manifest_restore(const ds_loop *l, const json_t *m)
{
    json_t *numbers = json_object_get(m, "numbers");
    for (int i = 0; i < ds_state_count(l->state); i++) {
        const ds_state_block *b = ds_state_at(l->state, i);
        const json_t *v = json_object_get(numbers, b->name);
        if (!v) continue;
        if (b->kind == DS_STATE_INTEGER) *(int64_t *)b->data = json_integer_value(v);
        if (b->kind == DS_STATE_FLAG) *(bool *)b->data = json_is_true(v);
        if (b->kind == DS_STATE_REAL) *(double *)b->data = strtod(json_string_value(v), NULL);
    }
}
