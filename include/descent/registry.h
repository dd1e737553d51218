/* descent/registry.h - every selectable thing by kind and name: what help, explain and completion read. */
#ifndef DESCENT_REGISTRY_H
#define DESCENT_REGISTRY_H

#include "descent/option.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A kind of thing ("rule", "schedule", "layer", ...) and its definitions. */
typedef struct ds_registry {
    const char *kind;
    const char *summary;
    const ds_head *const *heads; /* count entries */
    int count;
} ds_registry;

/* All registries, in a fixed order; *count is set. */
DS_API const ds_registry *const *ds_registries(int *count);

/* One of them by its kind, or the union of rules and solvers, "optimizer", which is not in the list. NULL: none. */
DS_API const ds_registry *ds_registry_named(const char *kind);

/* A section of a config and its keys; those of the definition that `selector` names come on top. */
typedef struct ds_section {
    const char *name, *summary;
    const ds_option *options;
    const char *kind, *selector; /* registry, and the key that names one of it; NULL */
    const char *role;            /* what the chosen definition is called in messages */
} ds_section;

/* All sections, in the order of a config; *count is set. */
DS_API const ds_section *ds_sections(int *count);

/* Every key of a config by its path: "train.batch", "optimizer.beta1" (once for each rule that knows it),
 * "model.layers.N.pad" with N for a position, "model.loss.delta". owner NULL: it belongs to the section itself, or to all layers. */
typedef void ds_key_visitor(void *arg, const char *path, const ds_head *owner, const ds_option *option);
DS_API void ds_each_key(ds_key_visitor *visit, void *arg);

#ifdef __cplusplus
}
#endif
#endif
