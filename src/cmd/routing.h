/* routing.h - the routing report: which rule moves which tensor, where it is not one rule for all. */
#ifndef DS_CMD_ROUTING_H
#define DS_CMD_ROUTING_H

#include <stdio.h>

#include "descent/train.h"

/* [owned] The session's optimizer, for the report; NULL when one rule moves all and there is nothing to report. */
ds_status ds_routing_open(ds_session *s, ds_optim **out);
/* A line a tensor, and what is held in all. */
void ds_print_routing(FILE *f, const ds_optim *o);
/* The same as a list. */
void ds_print_routing_json(FILE *f, const ds_optim *o);

#endif
