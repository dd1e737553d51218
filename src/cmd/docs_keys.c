/* docs_keys.c - what the generated texts share: the keys of a config, the words of their values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "docs.h"

static void add(void *arg, const char *path, const ds_head *owner, const ds_option *option)
{
    ds_docs_keys *keys = arg;
    (void)owner;
    for (int k = 0; k < keys->count; k++)
        if (!strcmp(keys->list[k].path, path)) return;
    if (keys->count == DS_DOCS_KEYS) return;
    snprintf(keys->list[keys->count].path, DS_DOCS_PATH, "%s", path);
    keys->list[keys->count++].option = option;
}

ds_docs_keys *ds_docs_keys_create(void)
{
    ds_docs_keys *keys = calloc(1, sizeof *keys);
    if (keys) ds_each_key(add, keys);
    return keys;
}

/* Words apart by bars. */
static int split(FILE *f, const char *words, const char *after)
{
    int n = 0;
    for (const char *p = words; *p; n++) {
        int length = (int)strcspn(p, "|");
        fprintf(f, "%.*s%s", length, p, after);
        p += length + (p[length] == '|');
    }
    return n;
}

int ds_docs_values(FILE *f, const ds_option *o, const char *after)
{
    const ds_registry *r = o->kind && !o->list && !o->map ? ds_registry_named(o->kind) : NULL;
    for (int k = 0; r && k < r->count; k++) fprintf(f, "%s%s", r->heads[k]->name, after);
    if (r) return r->count;
    if (o->type == DS_OPT_BOOL) return split(f, "true|false", after);
    if (o->type == DS_OPT_CHOICE) return split(f, o->choices, after);
    return o->words ? split(f, o->words, after) : 0;
}

/* A word behind a flag is the flag's. */
static bool of_flag(const char *usage, const char *at)
{
    if (at - usage < 2 || at[-1] != ' ') return false;
    const char *before = at - 1;
    while (before > usage && before[-1] != ' ' && before[-1] != '[') before--;
    return *before == '-';
}

bool ds_docs_takes(const ds_command *c, const char *word)
{
    for (const char *at = strstr(c->usage, word); at; at = strstr(at + 1, word))
        if (!of_flag(c->usage, at)) return true;
    return false;
}

const ds_registry *ds_docs_taken(const ds_command *c)
{
    int n;
    const ds_registry *const *all = ds_registries(&n);
    for (int k = 0; k < n; k++) {
        char word[32] = "";
        for (size_t i = 0; all[k]->kind[i] && i + 1 < sizeof word; i++)
            word[i] = (char)toupper((unsigned char)all[k]->kind[i]);
        if (!strncmp(c->usage, word, strlen(word))) return all[k];
    }
    return NULL;
}

void ds_docs_escaped(FILE *f, const char *text, const char *special)
{
    for (; *text; text++) {
        if (strchr(special, *text)) fputc('\\', f);
        fputc(*text, f);
    }
}
