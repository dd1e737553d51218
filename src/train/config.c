/* config.c - reading a config as a whole, from file or memory; mistakes that are found later. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "train/config_node.h"

static char *name_of(reader *r, const char *file)
{
    const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
    int n = dot && dot > base ? (int)(dot - base) : (int)strlen(base);
    return config_text(r, "%.*s", n, base);
}

static void split_lines(reader *r)
{
    struct ds_config_own *own = r->own;
    int n = 1;
    for (const char *c = own->source; *c; c++) n += *c == '\n';
    own->lines = config_keep(r, (size_t)n * sizeof *own->lines);
    if (!own->lines) return;
    own->lines[own->line_count++] = own->source;
    for (const char *c = own->source; *c; c++)
        if (*c == '\n') own->lines[own->line_count++] = c + 1;
}

static ds_status open_reader(reader *r, ds_ctx *ctx, const char *file, const char *text, size_t bytes, int settings,
                             const char *const *setting)
{
    *r = (reader){ .ctx = ctx };
    r->config = calloc(1, sizeof *r->config);
    r->own = calloc(1, sizeof *r->own);
    r->mistakes = calloc(1, sizeof *r->mistakes);
    if (!r->config || !r->own || !r->mistakes) return ds_fail_memory(ctx, sizeof *r->mistakes, "a config");
    r->config->own = r->own;
    r->own->ctx = ctx;
    r->own->source = config_keep(r, bytes + 1);
    const char **copy = config_keep(r, ((size_t)settings + 1) * sizeof *copy);
    if (!r->own->source || !copy) return ds_fail_memory(ctx, bytes, "a config");
    memcpy(r->own->source, text, bytes);
    for (int k = 0; k < settings; k++) copy[k] = config_text(r, "%s", setting[k]);
    r->own->settings = settings;
    r->own->setting = copy;
    split_lines(r);
    r->config->file = config_text(r, "%s", file);
    r->config->name = name_of(r, file);
    r->config->notes = r->own->notes;
    r->mistakes->file = ds_arena_text(&r->mistakes->arena, file);
    return r->no_memory || !r->mistakes->file ? ds_fail_memory(ctx, bytes, "a config")
                                              : ds_model_create(&r->config->model, ctx);
}

ds_status ds_config_parse(ds_config **out, ds_ctx *ctx, const char *file, const char *text, size_t bytes, int settings,
                          const char *const *setting, ds_diagnostics **diagnostics)
{
    reader r;
    *out = NULL;
    *diagnostics = NULL;
    ds_status status = open_reader(&r, ctx, file, text, bytes, settings, setting);
    if (status == DS_OK) {
        if (bytes && memchr(text, 0, bytes))
            config_mistake(&r, (place){ .line = 1, .column = 1, .width = 1, .setting = -1 }, NULL,
                           "the file has zero bytes; it is not text");
        r.own->root = r.mistakes->count ? NULL : config_tree(&r, text, bytes, -1);
        if (r.own->root && !r.no_memory) {
            config_override(&r, r.own->root);
            config_read_all(&r, r.own->root);
        }
        if (r.no_memory)
            status = ds_fail_memory(ctx, bytes, "a config");
        else if (r.mistakes->count)
            status = ds_fail(ctx, DS_ECONFIG, "%s: %d mistakes", file, r.mistakes->count);
        else if (!r.own->root)
            status = ds_fail(ctx, DS_ECONFIG, "%s: not YAML", file);
    }
    if (status == DS_OK) {
        *out = r.config;
        ds_diagnostics_free(r.mistakes);
        return DS_OK;
    }
    if (status == DS_ECONFIG) {
        config_sort(r.mistakes);
        *diagnostics = r.mistakes;
        if (r.lays) {
            r.mistakes->config = r.config;
            return status;
        }
    } else {
        ds_diagnostics_free(r.mistakes);
    }
    if (r.config)
        r.config->own = r.own;
    else
        free(r.own);
    ds_config_free(r.config);
    return status;
}

ds_status ds_config_read(ds_config **out, ds_ctx *ctx, const char *path, int settings, const char *const *setting,
                         ds_diagnostics **diagnostics)
{
    char *text;
    size_t bytes;
    *out = NULL;
    *diagnostics = NULL;
    DS_TRY(ds_file_read(ctx, path, CONFIG_BYTES, &text, &bytes));
    ds_status status = ds_config_parse(out, ctx, path, text, bytes, settings, setting, diagnostics);
    free(text);
    return status;
}

void ds_config_free(ds_config *c)
{
    if (!c) return;
    ds_model_free(c->model);
    if (c->own) ds_arena_free(&c->own->arena);
    free(c->own);
    free(c);
}

/* The place of a key, or of the nearest section or list around it. */
static place find_place(const ds_config *c, const char *key)
{
    char path[256];
    place at = { .line = 1, .column = 1, .width = 1, .setting = -1 };
    const node *n = c->own->root;
    snprintf(path, sizeof path, "%s", key);
    char *rest = path;
    for (char *word = strtok_r(path, ".", &rest); word && n; word = strtok_r(NULL, ".", &rest)) {
        const node *child = n->kind == NODE_MAP ? config_child(n, word) : NULL;
        long index = strtol(word, NULL, 10);
        if (n->kind == NODE_LIST)
            for (child = n->child; child && index > 0; index--) child = child->next;
        else if (!child && *word == '0')
            continue; /* an entry that stands alone, without its list */
        n = child;
        if (n && n->at.setting >= 0)
            at = n->at;
        else if (n && n->key)
            at = n->key_at;
        else if (n && n->at.line)
            at = n->at;
    }
    return at;
}

static bool complain(const ds_config *c, ds_diagnostics *d, const char *key, const char *text, const char *hint)
{
    reader r = { .ctx = c->own->ctx, .config = (ds_config *)(uintptr_t)c, .own = c->own, .mistakes = d };
    int before = d->count;
    config_mistake(&r, find_place(c, key), hint, "%s", text);
    if (d->count > before) d->shape[before] = true;
    config_sort(d);
    return !r.no_memory;
}

ds_diagnostics *ds_config_complain(const ds_config *c, const char *key, const char *text, const char *hint)
{
    ds_diagnostics *d = calloc(1, sizeof *d);
    if (!d) return NULL;
    d->file = ds_arena_text(&d->arena, c->file);
    if (d->file && complain(c, d, key, text, hint)) return d;
    ds_diagnostics_free(d);
    return NULL;
}

ds_status ds_diagnostics_add(ds_diagnostics *d, const char *key, const char *text, const char *hint)
{
    if (!d->config) return DS_EUSAGE;
    return complain(d->config, d, key, text, hint) ? DS_OK : DS_EMEM;
}
