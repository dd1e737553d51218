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

#ifdef __cplusplus
}
#endif
#endif
