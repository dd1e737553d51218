/* registry.c - sources, samplers and transforms by name. */
#include "base/registry.h"
#include "data/source.h"

#define DS_SOURCE(name)    DS_DECLARE(source, name)
#define DS_SAMPLER(name)   DS_DECLARE(sampler, name)
#define DS_TRANSFORM(name) DS_DECLARE(transform, name)
#include "data/registry.def"

#define DS_SOURCE(name) DS_HEAD_OF(source, name)
static const ds_head *const sources[] = {
#include "data/registry.def"
};
const ds_registry ds_source_registry = DS_REGISTRY("source", "data formats and generators (data.format)", sources);

#define DS_SAMPLER(name) DS_HEAD_OF(sampler, name)
static const ds_head *const samplers[] = {
#include "data/registry.def"
};
const ds_registry ds_sampler_registry = DS_REGISTRY("sampler", "orders of the training rows", samplers);

#define DS_TRANSFORM(name) DS_HEAD_OF(transform, name)
static const ds_head *const transforms[] = {
#include "data/registry.def"
};
const ds_registry ds_transform_registry =
    DS_REGISTRY("transform", "changes of training rows (data.augment)", transforms);

const ds_source_def *ds_source_find(const char *name)
{
    return (const ds_source_def *)ds_registry_find(&ds_source_registry, name);
}
const ds_sampler_def *ds_sampler_find(const char *name)
{
    return (const ds_sampler_def *)ds_registry_find(&ds_sampler_registry, name);
}
const ds_transform_def *ds_transform_find(const char *name)
{
    return (const ds_transform_def *)ds_registry_find(&ds_transform_registry, name);
}
