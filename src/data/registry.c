/* registry.c - sources, samplers and transforms by name. */
#include <string.h>

#include "data/source.h"

#define NONE(name)

#define DS_SOURCE(name)    extern const ds_source_def ds_source_##name;
#define DS_SAMPLER(name)   extern const ds_sampler_def ds_sampler_##name;
#define DS_TRANSFORM(name) extern const ds_transform_def ds_transform_##name;
#include "data/registry.def"
#undef DS_SOURCE
#undef DS_SAMPLER
#undef DS_TRANSFORM

#define HEAD(kind, name) &ds_##kind##_##name.head,

#define DS_SOURCE(name) HEAD(source, name)
#define DS_SAMPLER      NONE
#define DS_TRANSFORM    NONE
static const ds_head *const sources[] = {
#include "data/registry.def"
};
#undef DS_SOURCE
#undef DS_SAMPLER

#define DS_SOURCE        NONE
#define DS_SAMPLER(name) HEAD(sampler, name)
static const ds_head *const samplers[] = {
#include "data/registry.def"
};
#undef DS_SAMPLER
#undef DS_TRANSFORM

#define DS_SAMPLER         NONE
#define DS_TRANSFORM(name) HEAD(transform, name)
static const ds_head *const transforms[] = {
#include "data/registry.def"
};

#define COUNT(table) ((int)(sizeof table / sizeof table[0]))
const ds_registry ds_source_registry = { "source", "data formats and generators (data.format)", sources,
                                         COUNT(sources) };
const ds_registry ds_sampler_registry = { "sampler", "orders of the training rows", samplers, COUNT(samplers) };
const ds_registry ds_transform_registry = { "transform", "changes of training rows (data.augment)", transforms,
                                            COUNT(transforms) };

/* The head is the first member of every definition, so a found head is the definition. */
static const ds_head *find(const ds_registry *r, const char *name)
{
    for (int i = 0; name && i < r->count; i++)
        if (strcmp(r->heads[i]->name, name) == 0) return r->heads[i];
    return NULL;
}

const ds_source_def *ds_source_find(const char *name) { return (const ds_source_def *)find(&ds_source_registry, name); }
const ds_sampler_def *ds_sampler_find(const char *name)
{
    return (const ds_sampler_def *)find(&ds_sampler_registry, name);
}
const ds_transform_def *ds_transform_find(const char *name)
{
    return (const ds_transform_def *)find(&ds_transform_registry, name);
}
