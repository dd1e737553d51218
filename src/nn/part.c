/* part.c - "name" or "name(key=value, ...)" read by a registry's option tables. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/registry.h"
#include "nn/nn.h"

enum { WORD = 128 };

static ds_status unknown(ds_ctx *ctx, const ds_registry *r, const char *where, const char *name)
{
    const char *names[64];
    int n = 0;
    for (; n < r->count && n < 64; n++) names[n] = r->heads[n]->name;
    const char *near = ds_nearest(name, names, n);
    return ds_fail(ctx, DS_EUNKNOWN, "%s: no %s is called \"%s\"%s%s%s", where, r->kind, name,
                   near ? "; did you mean \"" : "", near ? near : "", near ? "\"?" : "");
}

static ds_status keep_text(ds_ctx *ctx, ds_arena *arena, ds_optval *v)
{
    if (!v->text || !arena) return DS_OK;
    v->text = ds_arena_text(arena, v->text);
    return v->text ? DS_OK : ds_fail_memory(ctx, WORD, "option text");
}

/* Values of type CHOICE count by their index, so only free text is kept. */
static bool is_text(const ds_option *o) { return o->type == DS_OPT_TEXT || o->type == DS_OPT_OTHER; }

/* The next item up to one of `stop` outside parentheses, or the end, trimmed, in word; the place after it. NULL: too
 * long. */
static const char *item(const char *at, const char *stop, char *word)
{
    while (isspace((unsigned char)*at)) at++;
    size_t n = 0;
    for (int depth = 0; at[n] && !(depth == 0 && strchr(stop, at[n])); n++) depth += (at[n] == '(') - (at[n] == ')');
    size_t trimmed = n;
    while (trimmed && isspace((unsigned char)at[trimmed - 1])) trimmed--;
    if (trimmed >= WORD) return NULL;
    memcpy(word, at, trimmed);
    word[trimmed] = 0;
    return at + n;
}

static ds_status option(ds_ctx *ctx, ds_arena *arena, const char *where, const char *key, const char *value,
                        ds_part *out)
{
    const ds_option *table = out->head->options;
    int k = table ? ds_option_find(table, key) : -1;
    char why[256];
    if (k < 0) return ds_fail(ctx, DS_EUNKNOWN, "%s: \"%s\" has no option \"%s\"", where, out->head->name, key);
    if (ds_option_parse(&table[k], value, &out->value[k], why, sizeof why) != DS_OK)
        return ds_fail(ctx, DS_ECONFIG, "%s: option \"%s\" of \"%s\": %s", where, key, out->head->name, why);
    out->value[k].given = true;
    return is_text(&table[k]) ? keep_text(ctx, arena, &out->value[k]) : DS_OK;
}

static ds_status defaults(ds_ctx *ctx, ds_arena *arena, const char *where, ds_part *out)
{
    char why[256];
    const ds_option *table = out->head->options;
    if (!table) return DS_OK;
    if (ds_option_count(table) > DS_MAX_PART_OPTIONS)
        return ds_fail(ctx, DS_EBUG, "\"%s\" has more than %d options", out->head->name, DS_MAX_PART_OPTIONS);
    if (ds_option_defaults(table, out->value, why, sizeof why) != DS_OK)
        return ds_fail(ctx, DS_ECONFIG, "%s: \"%s\": %s", where, out->head->name, why);
    for (int k = 0; table[k].type != DS_OPT_END; k++)
        if (is_text(&table[k])) DS_TRY(keep_text(ctx, arena, &out->value[k]));
    return DS_OK;
}

/* Options that must be given (no default) and are not. */
ds_status ds_part_complete(ds_ctx *ctx, const char *where, const ds_part *part)
{
    const ds_option *table = part->head->options;
    for (int k = 0; table && table[k].type != DS_OPT_END; k++)
        if (!table[k].def && !part->value[k].given)
            return ds_fail(ctx, DS_ECONFIG, "%s: \"%s\" needs option \"%s\" (%s)", where, part->head->name,
                           table[k].name, table[k].help);
    return DS_OK;
}

ds_status ds_part_parse(ds_ctx *ctx, ds_arena *arena, const ds_registry *r, const char *where, const char *text,
                        ds_part *out)
{
    char name[WORD], key[WORD], value[WORD];
    const char *at = item(text, "(", name);
    if (!at) return ds_fail(ctx, DS_ECONFIG, "%s: \"%.40s...\" is too long for a name", where, text);
    *out = (ds_part){ .head = ds_registry_find(r, name) };
    if (!out->head) return unknown(ctx, r, where, name);
    DS_TRY(defaults(ctx, arena, where, out));
    if (*at == '(') at++;
    while (*at && *at != ')') {
        at = item(at, "=,)", key);
        if (!at || *at != '=')
            return ds_fail(ctx, DS_ECONFIG, "%s: found \"%s\"; wanted name(key=value, ...)", where, text);
        at = item(at + 1, ",)", value);
        if (!at) return ds_fail(ctx, DS_ECONFIG, "%s: value of \"%s\" is too long", where, key);
        DS_TRY(option(ctx, arena, where, key, value, out));
        if (*at == ',') at++;
    }
    return ds_part_complete(ctx, where, out);
}

ds_status ds_part_copy(ds_ctx *ctx, ds_arena *arena, const ds_part *in, ds_part *out)
{
    *out = *in;
    for (int k = 0; in->head && in->head->options && in->head->options[k].type != DS_OPT_END; k++)
        if (is_text(&in->head->options[k])) DS_TRY(keep_text(ctx, arena, &out->value[k]));
    return DS_OK;
}
