/* test_plan.c - plans of random graphs: however nodes are fused, ordered, placed and split between threads, every
 * output has the bits that the reference gives node by node; also outputs bound by the caller, partial runs, and a
 * graph that is gone. DS_ROUNDS sets how many graphs. */
#include "test_graph_support.h"

enum { INPUTS = 5, MOST = 64, OUTPUTS = 6 };

typedef struct random_graph {
    ds_graph *g;
    ds_dtype t;
    ds_val in[INPUTS], node[MOST], out[OUTPUTS];
    int count, nout;
    uint64_t seed, draws;
} random_graph;

static uint64_t below(random_graph *r, uint64_t n) { return mixed(r->seed, r->draws++) % n; }

static ds_shape shape_of(const random_graph *r, ds_val v) { return ds_val_shape(r->g, v); }

/* A value made so far, rather a late one. */
static ds_val any(random_graph *r)
{
    uint64_t n = (uint64_t)r->count, back = below(r, n);
    if (below(r, 2)) back = below(r, back + 1);
    return r->node[n - 1 - back];
}

static bool fits(ds_shape a, ds_shape b)
{
    for (int k = 1; k <= a.rank && k <= b.rank; k++) {
        int64_t p = a.dim[a.rank - k], q = b.dim[b.rank - k];
        if (p != q && p != 1 && q != 1) return false;
    }
    return true;
}

static ds_val fitting(random_graph *r, ds_val x)
{
    for (int tries = 0; tries < 8; tries++) {
        ds_val y = any(r);
        if (fits(shape_of(r, x), shape_of(r, y))) return y;
    }
    return x;
}

static ds_val unary(random_graph *r, ds_val x)
{
    switch (below(r, 9)) {
    case 0: return ds_tanh(r->g, x);
    case 1: return ds_neg(r->g, x);
    case 2: return ds_square(r->g, x);
    case 3: return ds_relu(r->g, x);
    case 4: return ds_sigmoid(r->g, x);
    case 5: return ds_scale(r->g, x, 0.75);
    case 6: return ds_shift(r->g, x, -0.25);
    case 7: return ds_abs(r->g, x);
    default: return ds_gelu(r->g, x);
    }
}

static ds_val binary(random_graph *r, ds_val x)
{
    ds_val y = fitting(r, x);
    switch (below(r, 6)) {
    case 0: return ds_add(r->g, x, y);
    case 1: return ds_mul(r->g, x, y);
    case 2: return ds_sub(r->g, y, x);
    case 3: return ds_max(r->g, x, y);
    case 4: return ds_greater(r->g, x, y);
    default: return ds_where(r->g, ds_greater(r->g, x, y), x, ds_tanh(r->g, y));
    }
}

static ds_val reduction(random_graph *r, ds_val x)
{
    ds_shape s = shape_of(r, x);
    unsigned axes = (unsigned)below(r, 1u << s.rank);
    switch (below(r, 6)) {
    case 0: return axes ? ds_max_over(r->g, x, axes) : x;
    case 1: return s.rank ? ds_softmax(r->g, x) : x;
    case 2: return s.rank ? ds_logsumexp(r->g, x) : x;
    case 3: return ds_sub(r->g, x, ds_mean(r->g, x, axes));
    default: return ds_sum(r->g, x, axes);
    }
}

static ds_val moved(random_graph *r, ds_val x)
{
    ds_shape s = shape_of(r, x);
    if (s.rank < 2) return ds_reshape(r->g, x, DS_SHAPE(1, -1));
    int axis = (int)below(r, (uint64_t)s.rank), swap[DS_MAX_RANK] = { 0, 1, 2, 3, 4, 5 };
    swap[s.rank - 1] = s.rank - 2;
    swap[s.rank - 2] = s.rank - 1;
    switch (below(r, 6)) {
    case 0: return ds_transpose(r->g, x, swap);
    case 1: return ds_reshape(r->g, x, DS_SHAPE(-1, s.dim[s.rank - 1]));
    case 2: return ds_pad(r->g, ds_slice(r->g, x, axis, s.dim[axis] / 2, s.dim[axis]), axis, s.dim[axis] / 2, 0);
    case 3:
        return ds_concat(r->g, 2,
                         (ds_val[]){ ds_slice(r->g, x, axis, s.dim[axis] / 2, s.dim[axis]),
                                     ds_slice(r->g, x, axis, 0, s.dim[axis] / 2) },
                         axis);
    case 4: return ds_matmul(r->g, ds_matmul(r->g, x, x, true, false), x, false, true);
    default: return ds_matmul(r->g, x, ds_tanh(r->g, x), false, true);
    }
}

/* The gradient of a scalar made of x with respect to one input, so that graphs have the look of backward passes. */
static ds_val gradient(random_graph *r, ds_val x)
{
    ds_val of = r->in[below(r, INPUTS)], dx;
    ds_grad(r->g, ds_sum_all(r->g, ds_tanh(r->g, x)), 1, &of, &dx);
    return dx;
}

static random_graph make_graph(ds_ctx *ctx, uint64_t seed)
{
    random_graph r = { .t = seed & 1 ? DS_F64 : DS_F32, .seed = seed };
    OK(ds_graph_create(&r.g, ctx));
    bool large = seed % 7 == 3;
    int64_t m = large ? 67 : 1 + (int64_t)below(&r, 6), n = large ? 530 : 1 + (int64_t)below(&r, 20);
    ds_shape shapes[INPUTS] = { DS_SHAPE(m, n), DS_SHAPE(n), DS_SHAPE(m, 1), DS_SHAPE(2, m, n), DS_SHAPE(m, n) };
    for (int k = 0; k < INPUTS; k++) r.in[k] = r.node[r.count++] = ds_input(r.g, "x", r.t, shapes[k]);
    int wanted = 10 + (int)below(&r, MOST - INPUTS - 10);
    for (int guard = 0; r.count < wanted && guard < 400; guard++) {
        ds_val x = any(&r), y;
        uint64_t what = below(&r, 20);
        y = what < 7    ? unary(&r, x)
            : what < 14 ? binary(&r, x)
            : what < 17 ? reduction(&r, x)
            : what < 19 ? moved(&r, x)
                        : gradient(&r, x);
        OK(ds_graph_status(r.g));
        if (ds_shape_count(shape_of(&r, y)) <= (large ? 100000 : 3000)) r.node[r.count++] = y;
    }
    r.nout = 1 + (int)below(&r, OUTPUTS);
    for (int k = 0; k < r.nout; k++) r.out[k] = any(&r);
    r.out[0] = r.node[r.count - 1];
    return r;
}

/* Inputs are remembered in `data`; those in the mask `changed` are of the second kind. */
static void fill_inputs(const random_graph *r, void *data[INPUTS], unsigned changed)
{
    for (int k = 0; k < INPUTS; k++)
        fill_uniform(r->t, data[k], ds_shape_count(shape_of(r, r->in[k])),
                     r->seed + (uint64_t)k + (changed >> k & 1 ? 1000 : 0), -1.5, 1.5);
}

static ds_plan *plan_of(ds_ctx *ctx, random_graph *r, void *data[INPUTS], ds_plan_options o)
{
    ds_plan *p;
    OK(ds_plan_create(&p, r->g, r->nout, r->out, &o));
    for (int k = 0; k < INPUTS; k++)
        if (ds_plan_has(p, r->in[k])) OK(ds_plan_bind(p, r->in[k], data[k]));
    return p;
}

static void compare(const random_graph *r, const ds_plan *p, void *const want[OUTPUTS], const char *what)
{
    for (int k = 0; k < r->nout; k++) {
        const void *found = ds_plan_data(p, r->out[k]);
        assert_non_null(found);
        int64_t at = first_difference(r->t, ds_shape_count(shape_of(r, r->out[k])), want[k], found);
        char text[20000];
        if (at >= 0)
            fail_msg("graph %d, %s: output %d element %lld is %.17g, wanted %.17g\n%s", (int)r->seed, what, k,
                     (long long)at, get(r->t, found, at), get(r->t, want[k], at), ds_plan_text(p, text, sizeof text));
    }
}

/* What the reference gives node by node for the inputs with this mask. */
static void reference(ds_ctx *ctx, random_graph *r, void *data[INPUTS], unsigned changed, void *want[OUTPUTS])
{
    fill_inputs(r, data, changed);
    ds_plan *p = plan_of(ctx, r, data, (ds_plan_options){ .backend = "ref", .unfused = true });
    OK(ds_plan_run(p));
    for (int k = 0; k < r->nout; k++)
        memcpy(want[k], ds_plan_data(p, r->out[k]),
               (size_t)ds_shape_count(shape_of(r, r->out[k])) * ds_dtype_bytes(r->t));
    ds_plan_free(p);
}

/* Every output that is no input gets memory of the caller's. */
static void bound_outputs(ds_ctx *ctx, random_graph *r, void *data[INPUTS], void *const want[OUTPUTS], bool promised)
{
    ds_plan *p = plan_of(ctx, r, data, (ds_plan_options){ .backend = "cpu", .bound = promised });
    void *mine[OUTPUTS] = { 0 };
    for (int k = 0; k < r->nout; k++) {
        bool again = r->out[k].id <= INPUTS;
        for (int q = 0; q < k; q++) again |= r->out[q].id == r->out[k].id;
        if (again) continue;
        mine[k] = memory_for(r->t, ds_shape_count(shape_of(r, r->out[k])));
        OK(ds_plan_bind(p, r->out[k], mine[k]));
    }
    OK(ds_plan_run(p));
    for (int k = 0; k < r->nout; k++)
        if (mine[k]) assert_ptr_equal(ds_plan_data(p, r->out[k]), mine[k]);
    compare(r, p, want, promised ? "outputs bound as promised" : "outputs bound");
    ds_plan_free(p);
    for (int k = 0; k < r->nout; k++) ds_buffer_free(mine[k]);
}

static void one_graph(ds_ctx **ctxs, uint64_t seed)
{
    ds_ctx *ctx = ctxs[seed % THREAD_COUNTS];
    random_graph r = make_graph(ctx, seed);
    void *data[INPUTS], *want[OUTPUTS], *after[OUTPUTS];
    unsigned changed = (unsigned)below(&r, 1u << INPUTS);
    ds_val changing[INPUTS];
    int n = 0;
    for (int k = 0; k < INPUTS; k++) {
        data[k] = memory_for(r.t, ds_shape_count(shape_of(&r, r.in[k])));
        if (changed >> k & 1) changing[n++] = r.in[k];
    }
    for (int k = 0; k < r.nout; k++) {
        want[k] = memory_for(r.t, ds_shape_count(shape_of(&r, r.out[k])));
        after[k] = memory_for(r.t, ds_shape_count(shape_of(&r, r.out[k])));
    }
    reference(ctx, &r, data, changed, after);
    reference(ctx, &r, data, 0, want);
    static const ds_plan_options ways[] = {
        { .backend = "cpu" }, { .backend = "cpu", .unfused = true }, { .backend = "check" }, { .backend = "ref" }
    };
    static const char *const names[] = { "cpu", "cpu unfused", "check", "ref" };
    for (int w = 0; w < 4; w++) {
        fill_inputs(&r, data, 0);
        ds_plan *p = plan_of(ctx, &r, data, ways[w]);
        OK(ds_plan_run(p));
        compare(&r, p, want, names[w]);
        OK(ds_plan_run(p));
        compare(&r, p, want, "the second run");
        ds_plan_free(p);
        ds_plan_options o = ways[w];
        o.changing = changing;
        o.nchanging = n;
        p = plan_of(ctx, &r, data, o);
        OK(ds_plan_run(p));
        compare(&r, p, want, "a full run of a plan with changing inputs");
        fill_inputs(&r, data, changed);
        OK(ds_plan_rerun(p));
        compare(&r, p, after, "a partial run");
        ds_plan_free(p);
    }
    fill_inputs(&r, data, 0);
    bound_outputs(ctx, &r, data, want, false);
    bound_outputs(ctx, &r, data, want, true);
    ds_graph_free(r.g);
    for (int k = 0; k < INPUTS; k++) ds_buffer_free(data[k]);
    for (int k = 0; k < r.nout; k++) {
        ds_buffer_free(want[k]);
        ds_buffer_free(after[k]);
    }
}

static void random_graphs(void **state)
{
    const char *rounds = getenv("DS_ROUNDS");
    for (int seed = 1; seed <= (rounds ? atoi(rounds) : 150); seed++) one_graph(*state, (uint64_t)seed);
    one_graph(*state, 913); /* a constant -0 that vectors once took for +0 */
}

/* A plan borrows nothing from its graph. */
static void plan_outlives_graph(void **state)
{
    ds_ctx *ctx = ((ds_ctx **)*state)[1];
    ds_graph *g;
    ds_plan *p;
    OK(ds_graph_create(&g, ctx));
    ds_val x = ds_input(g, "x", DS_F64, DS_SHAPE(3, 4)),
           y = ds_sum_all(g, ds_square(g, ds_leaky_relu(g, ds_matmul(g, x, x, false, true), 0.5)));
    OK(ds_plan_create(&p, g, 1, &y, NULL));
    ds_graph_free(g);
    double *data = memory_for(DS_F64, 12);
    for (int e = 0; e < 12; e++) data[e] = e < 4 ? 1 : 0;
    OK(ds_plan_bind(p, x, data));
    OK(ds_plan_run(p));
    assert_true(*(double *)ds_plan_data(p, y) == 16); /* one product of 4, squared */
    ds_plan_free(p);
    ds_buffer_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(random_graphs), cmocka_unit_test(plan_outlives_graph) };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
