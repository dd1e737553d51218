/* route.h - which rule moves which tensor: the groups of an optimizer, by name and role. */
#ifndef DS_OPTIM_ROUTE_H
#define DS_OPTIM_ROUTE_H

#include "optim/rule.h"

typedef struct ds_route {
    char name[32]; /* "", "rest", "groups.0", "groups.0.rest": where the config says so, and how states are called */
    ds_part rule;  /* resolved; head NULL: frozen */
} ds_route;

typedef struct ds_routes {
    ds_route *route;
    int *of; /* [segments] */
    int count;
} ds_routes;

/* Every tensor of the space on its route; space NULL: one route, which is the settings' rule. DS_ECONFIG, with the
 * config's key, for a pattern that names no tensor, a tensor of two groups, an unknown role, and options that would have
 * no effect. */
ds_status ds_routes_make(ds_routes *out, ds_ctx *ctx, const ds_optim_settings *s, const ds_space *space);
void ds_routes_free(ds_routes *r);
/* "weight", "bias", "norm". */
const char *ds_role_name(ds_role role);

#endif
