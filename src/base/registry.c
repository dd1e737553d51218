/* registry.c - definitions in a registry, by name and by address. */
#include "base/registry.h"

#include <string.h>

const ds_head *ds_registry_find(const ds_registry *r, const char *name)
{
    for (int k = 0; name && k < r->count; k++)
        if (strcmp(r->heads[k]->name, name) == 0) return r->heads[k];
    return NULL;
}

const ds_head *ds_registry_holds(const ds_registry *r, const ds_head *head)
{
    for (int k = 0; k < r->count; k++)
        if (r->heads[k] == head) return head;
    return NULL;
}
