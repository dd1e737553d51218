/* registry.c - stop rules by name, and what they share. */
#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/ctx.h"
#include "base/registry.h"
#include "nn/nn.h"
#include "train/stop/stop.h"

#define DS_STOP(name) DS_DECLARE(stop, name)
#include "train/stop/registry.def"
#undef DS_STOP

#define DS_STOP(name) DS_HEAD_OF(stop, name)
static const ds_head *const heads[] = {
#include "train/stop/registry.def"
};
const ds_registry ds_stop_registry = DS_REGISTRY("stop", "rules that end a run before its budget (train.stop)", heads);

const ds_stop_def *ds_stop_of(const ds_head *head)
{
    return (const ds_stop_def *)ds_registry_holds(&ds_stop_registry, head);
}

const ds_head *ds_stop_chosen_by(const char *key)
{
    for (int k = 0; k < ds_stop_registry.count; k++)
        if (!strcmp(heads[k]->options[0].name, key)) return heads[k];
    return NULL;
}

/* The watched number is kept by the name in its own definition, which stays. */
ds_status ds_stop_parse(ds_ctx *ctx, const char *text, ds_part *out)
{
    ds_arena words = { 0 };
    ds_status status = ds_part_parse(ctx, &words, &ds_stop_registry, "stop", text, out);
    bool watches = status == DS_OK && !ds_stop_of(out->head)->ends;
    const ds_column *c = watches ? ds_column_named(out->value[0].text) : NULL;
    if (c)
        out->value[0].text = c->head.name;
    else if (watches)
        status = ds_fail(ctx, DS_EUNKNOWN, "stop: found \"%s\", wanted a number of an epoch such as val.loss",
                         out->value[0].text);
    ds_arena_free(&words);
    return status;
}

static const ds_optval *option(const ds_part *rule, const char *name)
{
    return &rule->value[ds_option_find(rule->head->options, name)];
}

double ds_stop_real(const ds_stop_at *a, const char *name) { return option(a->rule, name)->real; }
int64_t ds_stop_integer(const ds_stop_at *a, const char *name) { return option(a->rule, name)->integer; }

const ds_column *ds_stop_watches(const ds_part *rule, bool *more)
{
    enum { AUTO, MIN, MAX };
    const ds_column *c = ds_column_named(rule->value[0].text);
    int64_t mode = option(rule, "mode")->integer;
    *more = mode == AUTO ? c && c->more : mode == MAX;
    return c;
}

bool ds_stop_better(bool more, double x, double y, double delta)
{
    if (!isfinite(x)) return false;
    if (!isfinite(y)) return true;
    return more ? x > y + delta : x < y - delta;
}
