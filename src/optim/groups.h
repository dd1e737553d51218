/* groups.h - inside view of an optimizer: its groups, and what the step under way needs and was told. */
#ifndef DS_OPTIM_GROUPS_H
#define DS_OPTIM_GROUPS_H

#include "optim/lookahead.h"
#include "optim/route.h"
#include "optim/stretch.h"
#include "space/space.h"

typedef struct ds_stretch_group {
    char name[32]; /* of its route */
    ds_stretch *at;
    int64_t from, n; /* in elements */
    ds_space space;  /* of its own tensors, from 0 */
} ds_stretch_group;

/* A state of one of the groups. */
typedef struct ds_state_place {
    int group, state;
    char name[64];
} ds_state_place;

/* Vectors are of the whole optimizer, by the place of their need's bit; NULL: never needed. */
typedef struct ds_needs {
    unsigned any, told; /* bits: of any step; answered for the step under way */
    void *vector[DS_NEED_KINDS];
    void *v, *at; /* direction of products; another point: of sam, or theta before the latest step */
    double loss, rows;
} ds_needs;

struct ds_optim {
    ds_ctx *ctx;
    ds_stretch_group *group;
    int groups, states;
    ds_state_place *state;
    int64_t n, t; /* elements; steps taken */
    ds_dtype dtype;
    size_t element;
    ds_routes routes;
    const ds_space *space; /* of the settings; NULL: there is none */
    bool book;
    double lr; /* of the settings' rule, whether or not a tensor is left to it: what schedules start from */
    ds_slow slow;
    void *point; /* of several groups, one of which looks ahead */
    ds_sam sam;
    uint64_t seed;
    ds_needs needs;
};

/* The part of a vector that is the group's. */
static inline size_t ds_group_offset(const ds_optim *o, const ds_stretch_group *g)
{
    return (size_t)g->from * o->element;
}

/* Memory for what any step may need. */
ds_status ds_needs_open(ds_optim *o);
void ds_needs_close(ds_needs *k);
size_t ds_needs_bytes(const ds_optim *o);
/* DS_EUSAGE: the step needs what it was not told. */
ds_status ds_needs_check(const ds_optim *o);
/* Keep theta where the rules ask for the gradient there once more. */
void ds_needs_before_step(ds_optim *o, const void *theta);
void ds_needs_remember(ds_optim *o, ds_state *st);
/* What a group is given. */
ds_given ds_needs_given(const ds_optim *o, const ds_stretch_group *g);

#endif
