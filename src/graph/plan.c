/* plan.c - from a graph to steps: what is needed, fused, ordered, placed; then kernels with their addresses. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "graph/plan.h"

void *ds_buffer_alloc(size_t bytes)
{
    if (bytes > SIZE_MAX / 2) return NULL;
    size_t total = (bytes + 63) / 64 * 64 + 128 + 64;
    char *raw = calloc(1, total + sizeof(void *));
    if (!raw) return NULL;
    char *p = (char *)(((uintptr_t)raw + sizeof(void *) + 63) & ~(uintptr_t)63);
    ((void **)(void *)p)[-1] = raw;
#ifdef MADV_HUGEPAGE
    if (bytes >= (size_t)4 << 20)
        madvise((void *)(((uintptr_t)p + 4095) & ~(uintptr_t)4095), (bytes - 4096) & ~(size_t)4095, MADV_HUGEPAGE);
#endif
    return p;
}

void ds_buffer_free(void *memory)
{
    if (memory) free(((void **)memory)[-1]);
}

void ds_call_describe(const ds_planner *p, int id, ds_call *call)
{
    const ds_node *n = ds_at(p, id);
    *call = (ds_call){
        .op = n->op->head.name, .nin = n->nin, .attr = &n->attr, .pool = ds_ctx_pool(p->ctx), .vec = p->vec
    };
    call->out = (ds_tensor){ NULL, n->dtype, n->shape };
    for (int i = 0; i < n->nin; i++) {
        const ds_node *x = ds_at(p, n->in[i].id);
        call->in[i] = (ds_tensor){ NULL, x->dtype, x->shape };
    }
}

const ds_kernel_def *ds_kernel_of(const ds_planner *p, int id)
{
    ds_call call;
    ds_call_describe(p, id, &call);
    return ds_backend_find(p->backend, &call);
}

/* ---- what is needed ---------------------------------------------------------------------------------------------- */

static void mark_needed(ds_planner *p, int noutputs, const ds_val *outputs)
{
    for (int k = 0; k < noutputs; k++) p->needed[outputs[k].id] = p->output[outputs[k].id] = 1;
    for (int id = p->count - 1; id > 0; id--)
        for (int i = 0; p->needed[id] && i < ds_at(p, id)->nin; i++) p->needed[ds_at(p, id)->in[i].id] = 1;
    for (int id = p->count - 1; id > 0; id--) /* an output seen through a view is an output */
        if (p->output[id] && ds_is_view(p, id)) p->output[ds_at(p, id)->in[0].id] = 1;
}

static void mark_varying(ds_planner *p)
{
    for (int k = 0; k < p->nchanging; k++) p->varies[p->changing[k].id] = 1;
    for (int id = 1; id < p->count; id++)
        for (int i = 0; i < ds_at(p, id)->nin; i++) p->varies[id] |= p->varies[ds_at(p, id)->in[i].id];
}

static void list_uses(ds_planner *p)
{
    for (int pass = 0; pass < 2; pass++) {
        for (int id = 1; id < p->count; id++) {
            const ds_node *n = ds_at(p, id);
            for (int i = 0; p->needed[id] && i < n->nin; i++) {
                int x = n->in[i].id;
                if (pass == 0)
                    p->use_first[x + 1]++;
                else
                    p->use[p->use_first[x]++] = id;
            }
        }
        if (pass == 0)
            for (int id = 0; id < p->count; id++) p->use_first[id + 1] += p->use_first[id];
        else
            for (int id = p->count; id > 0; id--) p->use_first[id] = p->use_first[id - 1];
    }
    p->use_first[0] = 0;
}

/* Outputs that have no memory of their own (inputs, constants, views of them, twins) get a copy. */
static ds_status own_outputs(ds_graph *g, int n, const ds_val *outputs, ds_val *own)
{
    for (int k = 0; k < n; k++) {
        if (!ds_vals_ok(g, "plan output", 1, &outputs[k])) return g->status;
        int id = outputs[k].id;
        while (g->node[id].op->flags & DS_OP_VIEW) id = g->node[id].in[0].id;
        bool copy = g->node[id].op == &ds_op_input || g->node[id].op == &ds_op_fill;
        for (int j = 0; j < k && !copy; j++) {
            int other = own[j].id;
            while (g->node[other].op->flags & DS_OP_VIEW) other = g->node[other].in[0].id;
            copy = other == id;
        }
        own[k] = copy ? ds_copy(g, outputs[k]) : outputs[k];
    }
    return g->status;
}

static void planner_free(ds_planner *p)
{
    free(p->needed);
    free(p->use_first);
    free(p->use);
    free(p->group);
    free(p->joined);
    free(p->unit);
    free(p->unit_of);
    free(p->order);
    free(p->offset);
    free(p->same);
    *p = (ds_planner){ 0 };
}

static ds_status planner_open(ds_planner *p, int noutputs, const ds_val *outputs)
{
    size_t n = (size_t)p->count + 1;
    p->needed = calloc(n, 7);
    p->use_first = calloc(n + 1, sizeof *p->use_first);
    p->use = calloc(n * DS_MAX_IN, sizeof *p->use);
    p->joined = malloc(n * DS_JOIN * sizeof *p->joined);
    p->unit = calloc(n, sizeof *p->unit);
    p->unit_of = malloc(n * sizeof *p->unit_of);
    p->order = calloc(n, sizeof *p->order);
    p->offset = malloc(n * sizeof *p->offset);
    p->same = malloc(n * sizeof *p->same);
    if (!p->needed || !p->use_first || !p->use || !p->joined || !p->unit || !p->unit_of || !p->order || !p->offset ||
        !p->same)
        return ds_fail_memory(p->ctx, n * 64, "a plan");
    p->output = p->needed + n;
    p->stored = p->output + n;
    p->folded = p->stored + n;
    p->varies = p->folded + n;
    p->hosted = p->varies + n;
    p->mark = p->hosted + n;
    for (size_t id = 0; id < n; id++) {
        p->unit_of[id] = -1;
        p->offset[id] = SIZE_MAX;
        p->same[id] = (int)id;
        for (int j = 0; j < DS_JOIN; j++) p->joined[DS_JOIN * id + (size_t)j] = -1;
    }
    mark_needed(p, noutputs, outputs);
    mark_varying(p);
    list_uses(p);
    return DS_OK;
}

/* ---- steps ------------------------------------------------------------------------------------------------------- */

static void add_patch(ds_plan *plan, int node, void **where)
{
    plan->patch[plan->npatches++] = (ds_patch){ node, where };
}

static void patch_program(ds_plan *plan, ds_program_plan *w, bool stores)
{
    for (int k = 0; k < w->program.nload; k++)
        if (w->load_node[k] >= 0) add_patch(plan, w->load_node[k], &w->program.load[k].data);
    for (int k = 0; stores && k < w->program.nstore; k++) add_patch(plan, w->store_node[k], &w->program.store[k].data);
    for (int k = 0; stores && k < w->program.nsum; k++) add_patch(plan, w->sum_node[k], &w->program.sum[k].data);
}

static ds_status make_program(ds_planner *p, int group, int cut, ds_program_plan **out)
{
    *out = malloc(sizeof **out);
    if (!*out) return ds_fail_memory(p->ctx, sizeof **out, "a fused program");
    return ds_program_make(p, &p->group[group], cut, *out);
}

/* A lone group is a call of "elementwise": its program is the epilogue of nothing. */
static void describe_lone(ds_planner *p, const ds_program_plan *w, ds_step *s)
{
    ds_call_describe(p, w->store_node[0], &s->call);
    s->call.op = "elementwise";
    s->call.nin = 0;
    s->node = w->store_node[0];
}

static ds_status make_step(ds_planner *p, ds_plan *plan, const ds_work *u, ds_step *s)
{
    if (u->pre >= 0) DS_TRY(make_program(p, u->pre, p->group[u->pre].cut, &s->pre));
    if (u->post >= 0) {
        int cut = u->node ? ds_at(p, u->node)->shape.rank - 1 : -1;
        DS_TRY(make_program(p, u->post, cut, &s->post));
    }
    if (u->node) {
        ds_call_describe(p, u->node, &s->call);
        s->node = u->node;
    } else {
        describe_lone(p, s->post, s);
    }
    s->kernel = ds_backend_find(p->backend, &s->call);
    if (!s->kernel)
        return ds_fail(p->ctx, DS_EUNKNOWN, "backend \"%s\" has no kernel for op \"%s\" in %s", p->backend->head.name,
                       s->call.op, ds_dtype_name(s->call.out.dtype));
    s->call.pre = s->pre ? &s->pre->program : NULL;
    s->call.post = s->post ? &s->post->program : NULL;
    s->attr = *s->call.attr;
    s->call.attr = &s->attr;
    size_t scratch = s->kernel->scratch ? s->kernel->scratch(&s->call, ds_ctx_threads(p->ctx)) : 0;
    s->call.scratch_bytes = scratch = (scratch + 63) / 64 * 64;
    scratch += ds_leaf_bytes(&s->call);
    if (scratch > plan->scratch_bytes) plan->scratch_bytes = scratch;
    return DS_OK;
}

static void patch_step(ds_planner *p, ds_plan *plan, ds_step *s)
{
    add_patch(plan, s->node, &s->call.out.data);
    const ds_node *n = ds_at(p, s->node);
    for (int i = s->pre ? 1 : 0; i < s->call.nin; i++)
        add_patch(plan, ds_memory_node(p, n->in[i].id), &s->call.in[i].data);
    if (s->pre) patch_program(plan, s->pre, false);
    if (s->post) patch_program(plan, s->post, true);
}

static int by_node(const void *a, const void *b)
{
    const ds_patch *x = a, *y = b;
    return (x->node > y->node) - (x->node < y->node);
}

static void fill_constant(char *at, ds_dtype t, int64_t n, double x)
{
    for (int64_t i = 0; i < n; i++)
        if (t == DS_F32)
            ((float *)(void *)at)[i] = (float)x;
        else if (t == DS_F64)
            ((double *)(void *)at)[i] = x;
        else
            ((int32_t *)(void *)at)[i] = (int32_t)x;
}

/* Constants that kernels read whole, and the splats of programs: counted, then filled. */
static size_t walk_constants(ds_planner *p, ds_plan *plan, bool fill)
{
    size_t at = 0;
    for (int id = 1; id < p->count; id++) {
        const ds_node *n = ds_at(p, id);
        if (!p->needed[id] || n->op != &ds_op_fill || plan->patch_first[id] == plan->patch_first[id + 1]) continue;
        int64_t count = ds_shape_count(n->shape);
        if (fill) {
            fill_constant(plan->constants + at, n->dtype, count, n->attr.f[0]);
            ds_plan_point(plan, id, plan->constants + at);
        }
        at += ((size_t)count * ds_dtype_bytes(n->dtype) + 63) / 64 * 64 + 128;
    }
    for (int k = 0; k < plan->nsteps; k++)
        for (int side = 0; side < 2; side++) {
            ds_program_plan *w = side ? plan->step[k].post : plan->step[k].pre;
            for (int l = 0; w && l < w->program.nload; l++) {
                if (w->load_node[l] >= 0) continue;
                if (fill) {
                    fill_constant(plan->constants + at, w->program.load[l].dtype, 1, w->load_fill[l]);
                    w->program.load[l].data = plan->constants + at;
                }
                at += 64;
            }
        }
    return at;
}

static ds_status make_steps(ds_planner *p, ds_plan *plan)
{
    plan->step = calloc((size_t)p->nunits + 1, sizeof *plan->step);
    plan->patch =
        calloc((size_t)p->nunits * (DS_MAX_IN + 1 + 3 * DS_EW_MAX_OPERANDS + DS_EW_MAX_SUMS) + 1, sizeof *plan->patch);
    plan->patch_first = calloc((size_t)p->count + 2, sizeof *plan->patch_first);
    if (!plan->step || !plan->patch || !plan->patch_first)
        return ds_fail_memory(p->ctx, (size_t)p->nunits * sizeof(ds_step), "a plan");
    plan->static_steps = p->static_units;
    for (; plan->nsteps < p->nunits; plan->nsteps++) {
        ds_step *s = &plan->step[plan->nsteps];
        DS_TRY(make_step(p, plan, &p->unit[p->order[plan->nsteps]], s));
        patch_step(p, plan, s);
    }
    qsort(plan->patch, (size_t)plan->npatches, sizeof *plan->patch, by_node);
    for (int k = 0; k < plan->npatches; k++) plan->patch_first[plan->patch[k].node + 1]++;
    for (int id = 0; id <= p->count; id++) plan->patch_first[id + 1] += plan->patch_first[id];
    return DS_OK;
}

static ds_status make_memory(ds_planner *p, ds_plan *plan)
{
    size_t constants = walk_constants(p, plan, false);
    plan->work_bytes = p->work_bytes;
    plan->work = ds_buffer_alloc(p->work_bytes);
    plan->scratch = ds_buffer_alloc(plan->scratch_bytes);
    plan->constants = ds_buffer_alloc(constants);
    if (!plan->work || !plan->scratch || !plan->constants)
        return ds_fail_memory(p->ctx, p->work_bytes + plan->scratch_bytes + constants,
                              "the work area of a plan; try a smaller batch");
    walk_constants(p, plan, true);
    for (int id = 1; id < p->count; id++)
        if (p->offset[id] != SIZE_MAX) ds_plan_point(plan, id, plan->work + p->offset[id]);
    for (int k = 0; k < plan->nsteps; k++) {
        ds_call *call = &plan->step[k].call;
        call->scratch = plan->scratch;
        call->leaves = plan->scratch + call->scratch_bytes;
    }
    return DS_OK;
}

/* What bind and data need to know of nodes once the planner is gone. */
static ds_status remember_nodes(ds_planner *p, ds_plan *plan, int noutputs, const ds_val *outputs, const ds_val *own)
{
    plan->count = p->count;
    plan->memory_node = calloc((size_t)p->count, sizeof *plan->memory_node);
    plan->kind = calloc((size_t)p->count, 1);
    plan->address = calloc((size_t)p->count, sizeof *plan->address);
    plan->output_node = calloc((size_t)p->count, sizeof *plan->output_node);
    if (!plan->memory_node || !plan->kind || !plan->address || !plan->output_node)
        return ds_fail_memory(p->ctx, (size_t)p->count * 16, "a plan");
    for (int id = 1; id < p->count; id++) {
        plan->memory_node[id] = p->needed[id] ? ds_memory_node(p, id) : id;
        if (p->needed[id] && ds_at(p, id)->op == &ds_op_input) {
            plan->kind[id] = 'u';
            plan->unbound++;
        }
    }
    for (int k = 0; k < noutputs; k++) {
        int id = outputs[k].id;
        if (plan->output_node[id]) continue; /* asked for twice: the first place */
        plan->output_node[id] = ds_memory_node(p, own[k].id);
        if (plan->kind[id]) continue; /* an input: binding it gives the input its memory */
        plan->memory_node[id] = plan->output_node[id];
        plan->kind[id] = 'o';
    }
    return DS_OK;
}

static ds_status plan_once(ds_planner *p, int noutputs, const ds_val *own)
{
    DS_TRY(planner_open(p, noutputs, own));
    DS_TRY(ds_fuse(p));
    DS_TRY(ds_schedule(p));
    return ds_place(p);
}

static ds_status build(ds_plan *plan, ds_planner *p, int noutputs, const ds_val *outputs, const ds_plan_options *o)
{
    ds_graph *g = p->g;
    ds_val *own = calloc((size_t)noutputs + 1, sizeof *own);
    if (!own) return ds_fail_memory(p->ctx, (size_t)noutputs * sizeof *own, "a plan");
    ds_status status = own_outputs(g, noutputs, outputs, own);
    const ds_planner start = { .ctx = g->ctx,
                               .g = g,
                               .backend = p->backend,
                               .vec = p->vec,
                               .unfused = o->unfused,
                               .bound = o->bound,
                               .count = g->count,
                               .changing = o->changing,
                               .nchanging = o->nchanging };
    for (int attempt = 0; status == DS_OK && attempt < 2; attempt++) {
        *p = start;
        p->no_merge = attempt == 1;
        status = plan_once(p, noutputs, own);
        if (status != DS_EUSAGE || attempt == 1) break;
        planner_free(p);
        status = DS_OK;
    }
    if (status == DS_OK) status = make_steps(p, plan);
    if (status == DS_OK) status = remember_nodes(p, plan, noutputs, outputs, own);
    if (status == DS_OK) status = make_memory(p, plan);
    free(own);
    return status;
}

ds_status ds_plan_create(ds_plan **out, ds_graph *g, int noutputs, const ds_val *outputs,
                         const ds_plan_options *options)
{
    *out = NULL;
    if (g->status != DS_OK) return g->status;
    ds_plan_options none = { 0 };
    const ds_plan_options *o = options ? options : &none;
    ds_planner p = { .ctx = g->ctx, .g = g, .backend = ds_backend_get(o->backend) };
    if (!p.backend)
        return ds_fail(g->ctx, DS_EUNKNOWN, "no backend called \"%s\"; there are ref, cpu and check",
                       o->backend ? o->backend : getenv("DS_BACKEND"));
    p.vec = p.backend->vec();
    if (!p.vec)
        return ds_fail(g->ctx, DS_EUNKNOWN, "DS_ISA=%s is not an instruction set of this build and processor",
                       getenv("DS_ISA"));
    ds_plan *plan = calloc(1, sizeof *plan);
    if (!plan) return ds_fail_memory(g->ctx, sizeof *plan, "a plan");
    plan->ctx = g->ctx;
    plan->poison = p.backend->flags & DS_BACKEND_POISON;
    ds_status status = build(plan, &p, noutputs, outputs, o);
    planner_free(&p);
    if (status != DS_OK) {
        ds_plan_free(plan);
        return status;
    }
    *out = plan;
    return DS_OK;
}

void ds_plan_free(ds_plan *plan)
{
    if (!plan) return;
    for (int k = 0; plan->step && k <= plan->nsteps; k++) { /* the array has room for the one that failed */
        free(plan->step[k].pre);
        free(plan->step[k].post);
    }
    free(plan->step);
    free(plan->patch);
    free(plan->patch_first);
    free(plan->memory_node);
    free(plan->output_node);
    free(plan->kind);
    free(plan->address);
    ds_buffer_free(plan->work);
    ds_buffer_free(plan->scratch);
    ds_buffer_free(plan->constants);
    free(plan);
}
