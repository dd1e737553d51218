/* rule.h - rules inside the library: their registry, and families that several of them belong to. What a rule is says
 * descent/rule.h. */
#ifndef DS_OPTIM_RULE_H
#define DS_OPTIM_RULE_H

#include "base/ctx.h"
#include "descent/rule.h"

/* Place of one bit DS_NEED_* among all. */
int ds_need_index(unsigned need);
extern ds_registry ds_rule_registry;                /* grows by ds_rule_register alone */
const ds_rule_def *ds_rule_of(const ds_head *head); /* NULL: not a rule */

/* Families that several rules belong to. */
const char *ds_momentum_conflict(const ds_rule_options *o, const char **why);
void ds_momentum_scalars(const ds_rule_step *s, double *out);
void ds_momentum_update(ds_rule_build *b);
extern const ds_rule_default_def ds_momentum_book[];
void ds_rmsprop_scalars(const ds_rule_step *s, double *out);
void ds_adam_update(ds_rule_build *b);
void ds_adamw_update(ds_rule_build *b);
void ds_adam_scalars(const ds_rule_step *s, double *out);
void ds_sign_scalars(const ds_rule_step *s, double *out);
void ds_sign_update(ds_rule_build *b);
void ds_schedule_free_scalars(const ds_rule_step *s, double *out);
/* Declare d and say where the gradient is taken; then take a step of the base rule in direction `way`. */
ds_val ds_schedule_free_point(ds_rule_build *b, double share, ds_rule_state **d);
void ds_schedule_free_update(ds_rule_build *b, ds_rule_state *d, ds_val way);

#endif
