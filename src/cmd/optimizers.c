/* optimizers.c - see optimizers.h. */
#include "optimizers.h"

#include <stdio.h>
#include <string.h>

#include "cmd.h"
#include "descent/registry.h"

char *ds_next_optimizer(char **rest)
{
    char *word = *rest, *c = word;
    if (!word) return NULL;
    for (int depth = 0; *c && (*c != ',' || depth > 0); c++) depth += (*c == '(') - (*c == ')');
    *rest = *c ? c + 1 : NULL;
    *c = 0;
    word += strspn(word, " ");
    for (size_t n = strlen(word); n && word[n - 1] == ' '; n--) word[n - 1] = 0;
    return word;
}

static bool same_name(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if (*a != *b && !(strchr("-_", *a) && strchr("-_", *b))) return false;
    return *a == *b;
}

/* NULL: there is none, and *near (NULL: nothing) may be what was meant. */
static const ds_head *find(const char *name, bool *rule, const char **near)
{
    const char *names[256];
    int count, n = 0;
    const ds_registry *const *all = ds_registries(&count);
    for (int i = 0; i < count; i++) {
        *rule = !strcmp(all[i]->kind, "rule");
        if (!*rule && strcmp(all[i]->kind, "solver")) continue;
        for (int k = 0; k < all[i]->count && n < 256; k++) {
            names[n++] = all[i]->heads[k]->name;
            if (same_name(names[n - 1], name)) return all[i]->heads[k];
        }
    }
    *near = ds_nearest(name, names, n);
    return NULL;
}

int ds_name_optimizer(ds_named_optimizer *out, const char *flag, const char *word)
{
    char name[64];
    const char *near = NULL;
    size_t end = strlen(word), length = strcspn(word, "(");
    *out = (ds_named_optimizer){ .head = NULL };
    if (!*word || length >= sizeof name || end - length >= sizeof out->list || strpbrk(word, "\t\n"))
        return ds_complain(DS_EXIT_USAGE, "--%s: \"%s\" is no optimizer", flag, word);
    if (word[length] && word[end - 1] != ')')
        return ds_complain(DS_EXIT_USAGE, "--%s: \"%s\" lacks its closing bracket", flag, word);
    snprintf(name, sizeof name, "%.*s", (int)length, word);
    if (word[length]) snprintf(out->list, sizeof out->list, "%.*s", (int)(end - length - 2), word + length + 1);
    out->head = find(name, &out->rule, &near);
    if (!out->head)
        return ds_complain(DS_EXIT_USAGE, "--%s: there is no rule and no solver \"%s\"%s%s%s", flag, name,
                           near ? "; did you mean " : "; descent explain rule names them", near ? near : "",
                           near ? "?" : "");
    snprintf(out->text, sizeof out->text, *out->list ? "%s(%s)" : "%s", out->head->name, out->list);
    return 0;
}
