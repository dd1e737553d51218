/* piece.c - one statement of an update as a graph, planned.
 *
 * Early states are a plan of their own, since the refresh stands between them and the rest. A result lies over what it is
 * computed from where the plan allows that (ds_plan_over), so that most rules move no byte twice. */
#include "optim/piece.h"

static ds_plan *plan_of(const ds_piece *p, int i) { return p->build.state[i].early ? p->early : p->plan; }

/* Whether the plans change state i. */
static bool changes(const ds_piece *p, int i) { return p->build.state[i].count && ds_val_ok(p->build.state[i].next); }

/* The outputs of one kind; theta with those that are not early. */
static ds_status plan_outputs(ds_piece *p, ds_graph *g, bool early, const ds_plan_options *options, ds_plan **out)
{
    ds_val output[DS_RULE_STATES + 1];
    int n = 0;
    if (!early) output[n++] = p->build.theta_next;
    for (int i = 0; i < p->build.nstates; i++)
        if (changes(p, i) && p->build.state[i].early == early) output[n++] = p->build.state[i].next;
    return n ? ds_plan_create(out, g, n, output, options) : DS_OK;
}

static void find_overlaps(ds_piece *p)
{
    const ds_rule_build *b = &p->build;
    for (int i = 0; i < b->nstates; i++)
        p->aside[i] = changes(p, i) && !ds_plan_over(plan_of(p, i), b->state[i].now, b->state[i].next);
    p->aside[DS_RULE_STATES] = !ds_plan_over(p->plan, b->theta, b->theta_next);
}

static ds_status state_update(ds_piece *p, ds_graph *g, const ds_optim_settings *s, const ds_rule_def *def)
{
    ds_rule_build *b = &p->build;
    ds_shape shape = def->each ? DS_SHAPE(p->rows, p->cols) : DS_SHAPE(p->n);
    ds_plan_options options = { .backend = s->backend, .bound = true, .unfused = s->unfused };
    b->theta = ds_input(g, "theta", s->dtype, shape);
    b->grad = ds_input(g, "g", s->dtype, shape);
    def->update(b);
    DS_TRY(plan_outputs(p, g, true, &options, &p->early));
    DS_TRY(plan_outputs(p, g, false, &options, &p->plan));
    if (ds_val_ok(b->point)) DS_TRY(ds_plan_create(&p->look, g, 1, &b->point, &options));
    find_overlaps(p);
    return DS_OK;
}

ds_status ds_piece_plan(ds_piece *p, ds_ctx *ctx, const ds_optim_settings *s, const ds_rule_def *def,
                        const ds_rule_options *option, const ds_segment *segment)
{
    ds_graph *g;
    DS_TRY(ds_graph_create(&g, ctx));
    p->build = (ds_rule_build){ .g = g, .option = *option, .in = p->rows, .out = p->cols };
    if (!def->each) p->build.space = s->space;
    if (segment && segment->shape.rank && segment->order[segment->shape.rank - 1] != 0) /* outputs first, as in files */
        p->build.out = p->n / (p->build.in = p->cols);
    ds_status status = state_update(p, g, s, def);
    ds_graph_free(g);
    p->build.g = NULL;
    return status;
}

void ds_piece_free(ds_piece *p)
{
    ds_plan_free(p->early);
    ds_plan_free(p->plan);
    ds_plan_free(p->look);
}

ds_status ds_piece_bind(ds_piece *p, ds_val v, void *memory)
{
    if (p->early && ds_plan_has(p->early, v)) DS_TRY(ds_plan_bind(p->early, v, memory));
    return ds_plan_has(p->plan, v) ? ds_plan_bind(p->plan, v, memory) : DS_OK;
}

size_t ds_piece_bytes(const ds_piece *p)
{
    size_t bytes = ds_plan_bytes(p->plan);
    if (p->early) bytes += ds_plan_bytes(p->early);
    return p->look ? bytes + ds_plan_bytes(p->look) : bytes;
}
