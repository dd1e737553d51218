/* run.c - a finished plan at work: binding memory, running all or what changes, telling what it does. */
#include <stdio.h>
#include <string.h>

#include "graph/plan.h"

void ds_plan_point(ds_plan *plan, int node, void *memory)
{
    plan->address[node] = memory;
    for (int k = plan->patch_first[node]; k < plan->patch_first[node + 1]; k++) *plan->patch[k].where = memory;
}

ds_status ds_plan_bind(ds_plan *plan, ds_val v, void *memory)
{
    if (v.id <= 0 || v.id >= plan->count || !plan->kind[v.id])
        return ds_fail(plan->ctx, DS_EUSAGE, "bind: value %d is neither an input nor an output of this plan", v.id);
    if (plan->kind[v.id] == 'u') {
        plan->kind[v.id] = 'i';
        plan->unbound--;
    }
    ds_plan_point(plan, plan->memory_node[v.id], memory);
    return DS_OK;
}

bool ds_plan_has(const ds_plan *plan, ds_val v) { return v.id > 0 && v.id < plan->count && plan->kind[v.id]; }

static bool writes(const ds_step *s, int node)
{
    bool yes = s->node == node;
    for (int k = 0; s->post && k < s->post->program.nstore; k++) yes = yes || s->post->store_node[k] == node;
    return yes;
}

static bool program_reads(const ds_program_plan *w, int node)
{
    bool yes = false;
    for (int k = 0; w && k < w->program.nload; k++) yes = yes || w->load_node[k] == node;
    return yes;
}

static bool reads(const ds_plan *plan, const ds_step *s, int node)
{
    bool yes = program_reads(s->pre, node) || program_reads(s->post, node);
    for (int k = plan->patch_first[node]; k < plan->patch_first[node + 1]; k++)
        for (int i = 0; i < s->call.nin; i++) yes = yes || plan->patch[k].where == &s->call.in[i].data;
    return yes;
}

/* Whether step s, which writes `to`, is a lone program that reads `from` where it writes. */
static bool in_step(const ds_step *s, int from, int to)
{
    const ds_program_plan *w = s->post;
    if (s->call.nin || !w) return false;
    const int64_t *at = NULL;
    bool same = true;
    for (int k = 0; k < w->program.nstore; k++)
        if (w->store_node[k] == to) at = w->program.store[k].stride;
    for (int k = 0; at && k < w->program.nload; k++)
        for (int d = 0; d < w->program.rank && w->load_node[k] == from; d++)
            same = same && (w->program.dim[d] == 1 || w->program.load[k].stride[d] == at[d]);
    return at && same;
}

bool ds_plan_over(const ds_plan *plan, ds_val in, ds_val out)
{
    if (!ds_plan_has(plan, out)) return false;
    if (!ds_plan_has(plan, in)) return true;
    int from = plan->memory_node[in.id], to = plan->memory_node[out.id];
    bool written = false, safe = true;
    for (int k = 0; k < plan->nsteps; k++) {
        const ds_step *s = &plan->step[k];
        bool here = writes(s, to);
        if (reads(plan, s, from)) safe = safe && !written && (!here || in_step(s, from, to));
        written = written || here;
    }
    return safe;
}

void *ds_plan_data(const ds_plan *plan, ds_val v)
{
    if (v.id <= 0 || v.id >= plan->count || !plan->output_node[v.id]) return NULL;
    return plan->address[plan->output_node[v.id]];
}

/* Poison mode: NaN before the step, its slack untouched after it. */
static ds_status run_checked(ds_plan *plan, ds_step *s)
{
    char *out = s->call.out.data;
    size_t bytes = (size_t)ds_shape_count(s->call.out.shape) * ds_dtype_bytes(s->call.out.dtype);
    bool ours = out >= plan->work && out < plan->work + plan->work_bytes;
    if (ours) memset(out, 0xff, bytes + 128);
    s->kernel->run(&s->call);
    for (size_t k = 0; ours && k < 128; k++)
        if ((unsigned char)out[bytes + k] != 0xff)
            return ds_fail(plan->ctx, DS_EBUG, "kernel \"%s\" wrote past the end of its result", s->call.op);
    return DS_OK;
}

static ds_status run_from(ds_plan *plan, int first)
{
    if (plan->unbound)
        for (int id = 1; id < plan->count; id++)
            if (plan->kind[id] == 'u')
                return ds_fail(plan->ctx, DS_EUSAGE, "run: %d inputs have no memory (the first is value %d); bind them",
                               plan->unbound, id);
    for (int k = first; k < plan->nsteps; k++) {
        ds_step *s = &plan->step[k];
        if (plan->poison)
            DS_TRY(run_checked(plan, s));
        else
            s->kernel->run(&s->call);
    }
    return DS_OK;
}

ds_status ds_plan_run(ds_plan *plan) { return run_from(plan, 0); }
ds_status ds_plan_rerun(ds_plan *plan) { return run_from(plan, plan->static_steps); }
size_t ds_plan_bytes(const ds_plan *plan) { return plan->work_bytes + plan->scratch_bytes; }
int ds_plan_steps(const ds_plan *plan) { return plan->nsteps; }

char *ds_plan_text(const ds_plan *plan, char *buf, size_t bytes)
{
    size_t used = 0;
    if (bytes) buf[0] = 0;
    for (int k = 0; k < plan->nsteps && used + 1 < bytes; k++) {
        const ds_step *s = &plan->step[k];
        char shape[64], in[2][64] = { "", "" };
        for (int i = 0; i < s->call.nin && i < 2; i++) ds_shape_text(s->call.in[i].shape, in[i], sizeof in[i]);
        int n = snprintf(buf + used, bytes - used, "%3d %-14s %-5s %-18s <- %s %s%s", k, s->call.op,
                         ds_dtype_name(s->call.out.dtype), ds_shape_text(s->call.out.shape, shape, sizeof shape), in[0],
                         in[1], k < plan->static_steps ? "" : "  *");
        used += (size_t)n;
        for (int side = 0; side < 2 && used + 1 < bytes; side++) {
            const ds_program_plan *w = side ? s->post : s->pre;
            if (!w) continue;
            n = snprintf(buf + used, bytes - used, "  %s(%d loads, %d instructions, %d stores", side ? "then" : "after",
                         w->program.nload, w->program.ninstr, w->program.nstore);
            used += (size_t)n;
            if (used + 1 < bytes && w->program.nsum)
                used += (size_t)snprintf(buf + used, bytes - used, ", %d sums", w->program.nsum);
            if (used + 1 < bytes) used += (size_t)snprintf(buf + used, bytes - used, ")");
        }
        if (used + 1 < bytes) used += (size_t)snprintf(buf + used, bytes - used, "\n");
    }
    return buf;
}
