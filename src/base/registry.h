/* registry.h - how the lines of a registry.def become registries, and how definitions are found in them.
 *
 * A registry.def lists definitions of one or more kinds, each by its own macro: DS_RULE(adam). It gives each macro an
 * empty meaning where the includer has none, and takes all back at its end. So declaring is one include with all macros
 * set, and tabulating a kind is one include with its macro alone set to DS_HEAD_OF. */
#ifndef DS_BASE_REGISTRY_H
#define DS_BASE_REGISTRY_H

#include "descent/registry.h"

#define DS_DECLARE(kind, name) extern const ds_##kind##_def ds_##kind##_##name;
#define DS_HEAD_OF(kind, name) &ds_##kind##_##name.head,
#define DS_REGISTRY(kind, summary, table)                                                                              \
    {                                                                                                                  \
        kind, summary, table, (int)(sizeof table / sizeof table[0])                                                    \
    }

/* A definition by name; NULL: r has none of that name (or name is NULL). A head is its definition's first member. */
const ds_head *ds_registry_find(const ds_registry *r, const char *name);
/* head itself when it is one of r, else NULL. */
const ds_head *ds_registry_holds(const ds_registry *r, const ds_head *head);

#endif
