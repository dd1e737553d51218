/* augment.c - the list of transforms in the settings, read by the option tables of the transforms. */
#include "data/dataset.h"

#include <stdio.h>
#include <string.h>

static ds_status unknown(ds_ctx *ctx, const char *name)
{
    const char *names[16];
    int n = ds_transform_registry.count;
    for (int i = 0; i < n; i++) names[i] = ds_transform_registry.heads[i]->name;
    const char *near = ds_nearest(name, names, n);
    return ds_fail(ctx, DS_EUNKNOWN, "augment: no transform '%s'%s%s%s", name, near ? "; did you mean '" : "",
                   near ? near : "", near ? "'?" : "");
}

static ds_status read_options(ds_ctx *ctx, const ds_augment *given, const ds_option *table, ds_optval *values)
{
    char why[256];
    if (ds_option_defaults(table, values, why, sizeof why) != DS_OK)
        return ds_fail(ctx, DS_ECONFIG, "augment: %s: %s", given->name, why);
    for (int i = 0; i < given->count; i++) {
        int at = ds_option_find(table, given->key[i]);
        if (at < 0) return ds_fail(ctx, DS_ECONFIG, "augment: %s has no option '%s'", given->name, given->key[i]);
        ds_status status = ds_option_parse(&table[at], given->value[i], &values[at], why, sizeof why);
        if (status != DS_OK) return ds_fail(ctx, status, "augment: %s: %s: %s", given->name, given->key[i], why);
    }
    return DS_OK;
}

ds_draw4 ds_chance_block(const ds_chance *c, uint32_t block)
{
    uint64_t element = (uint64_t)(uint32_t)(block * DS_MAX_AUGMENT + (uint32_t)c->position);
    return ds_draw(c->seed, DS_FOR_AUGMENT, (uint32_t)c->epoch, (uint32_t)c->row,
                   ((uint64_t)c->row >> 32) << 32 | element);
}

/* images: the layout of stored rows as they are by now. */
static ds_status create(ds_dataset *d, const ds_augment *given, ds_shape *images, ds_transform *t)
{
    const ds_source *s = &d->source[DS_TRAIN];
    ds_optval values[DS_MAX_OPTIONS];
    t->def = ds_transform_find(given->name);
    if (!t->def) return unknown(d->ctx, given->name);
    t->layout = t->out = t->def->apply ? *images : d->layout;
    t->own = s->layout;
    if (t->layout.rank != 3 && !t->def->tables)
        return ds_fail(d->ctx, DS_ECONFIG, "augment: %s needs images, the rows are tables", given->name);
    t->cell_bytes = ds_cell_bytes(s->cell);
    t->classes = s->classes > 0;
    DS_TRY(read_options(d->ctx, given, t->def->head.options, values));
    DS_TRY(t->def->prepare(d->ctx, values, t));
    if (!t->def->apply) return DS_OK;
    *images = t->out;
    if (ds_shape_count(t->out) > d->widest) d->widest = ds_shape_count(t->out);
    return DS_OK;
}

ds_status ds_augment_create(ds_dataset *d, const ds_data_settings *set)
{
    if (set->augment_count > DS_MAX_AUGMENT)
        return ds_fail_at(d->ctx, DS_ECONFIG, "data.augment", "augment: %d transforms; at most %d", set->augment_count,
                          DS_MAX_AUGMENT);
    ds_shape own = d->source[DS_TRAIN].layout, images = own;
    for (int k = 0; k < set->augment_count; k++) {
        char key[32];
        ds_status status = create(d, &set->augment[k], &images, &d->transform[k]);
        snprintf(key, sizeof key, "data.augment.%d", k);
        if (status != DS_OK) ds_fail_key(d->ctx, key);
        DS_TRY(status);
        d->transforms = k + 1;
        d->partners = d->partners || d->transform[k].def->partner;
    }
    if (ds_shape_equal(own, images)) return DS_OK;
    return ds_fail_at(d->ctx, DS_ECONFIG, "data.augment",
                      "augment: images come in as %lldx%lld and leave as %lldx%lld; wanted the size they came in: add "
                      "{crop: 0, pad: 0}",
                      (long long)own.dim[0], (long long)own.dim[1], (long long)images.dim[0], (long long)images.dim[1]);
}
