/* test_ops.c - every registered op keeps the promises of the library on its samples: the backends, fused and unfused
 * programs, thread counts, instruction sets and repeated runs give the same bits; derivatives agree with differences.
 * Sizes, ends and rules: test_ops_edges.c. */
#include "test_ops_support.h"

static bool has_derivative(const ds_op *op) { return !(op->flags & DS_OP_NONDIFF); }

static void samples_conform(void **state)
{
    int n;
    const ds_op *const *ops = ds_ops(&n);
    assert_true(n > 60);
    say_skipped_isa();
    for (int k = 0; k < n; k++)
        for (const ds_op_sample *s = ops[k]->samples; s && s->build; s++)
            for (int t = DS_F32; t <= DS_F64; t++) {
                conform(*state, ops[k]->head.name, s, (ds_dtype)t, has_derivative(ops[k]), true, false, true);
                conform(*state, ops[k]->head.name, s, (ds_dtype)t, has_derivative(ops[k]), true, true, false);
            }
    none_wrong();
}

/* One file for each op, which says what it is; and explain has all that the op's head can say. */
static void every_op_has_its_file(void **state)
{
    (void)state;
    int n;
    const ds_op *const *ops = ds_ops(&n);
    for (int k = 0; k < n; k++) {
        const ds_head *h = &ops[k]->head;
        char path[128], head[128], line[160] = "";
        snprintf(path, sizeof path, "src/op/%s.c", h->name);
        snprintf(head, sizeof head, "/* %s.c - ", h->name);
        FILE *f = fopen(path, "r");
        if (!f || !fgets(line, sizeof line, f) || strncmp(line, head, strlen(head)))
            fail_msg("%s: wanted a file that begins \"%s\"", path, head);
        fclose(f);
        if (!h->summary || !h->formula || !h->cite) fail_msg("%s: summary, formula or source is missing", h->name);
    }
}

/* Every op of the registry is sampled, but for the two that samples of all others are made of. */
static void every_op_has_samples(void **state)
{
    (void)state;
    int n;
    const ds_op *const *ops = ds_ops(&n);
    for (int k = 0; k < n; k++)
        if (!ops[k]->samples || !ops[k]->samples->build)
            if (ops[k] != &ds_op_broadcast && ops[k] != &ds_op_reshape) fail_msg("%s has no sample", ops[k]->head.name);
}

/* ---- derivatives ------------------------------------------------------------------------------------------------- */

/* Central differences of four points with h = 2^-11. Their truncation is h^4/30 |f^(5)|; the steepest sample is ln near
 * 0.2, where f^(5) = 24 / x^5 = 75000: 1.4e-10 an element, and 3.6e-9 for the derivative of its gradient (f^(6) = 120 /
 * x^6). Rounding gives 1.5 eps |L| / h, below 1e-10 for |L| < 100. The tolerances hold ten times that, relative to the
 * sum of the sizes that cancel. */
#define STEP 0x1p-11
static const double gradient_tolerance = 2e-9, curvature_tolerance = 4e-8;

typedef struct probe {
    ds_ctx *ctx;
    const ds_op_sample *s;
    built b;
    data d;
    void *base[DS_MAX_IN]; /* the inputs where the derivatives are taken */
    ds_plan *all, *value, *gradient;
} probe;

/* Move the real inputs to base + a u: u random directions, or one element of input `which` when element >= 0. */
static void move(probe *p, double a, int which, int64_t element)
{
    for (int k = 0; k < p->b.nx; k++) {
        int i = p->b.x[k];
        int64_t n = ds_shape_count(p->s->shape[i]);
        double *x = p->d.in[i];
        const double *v = p->d.v[k];
        memcpy(x, p->base[k], (size_t)n * sizeof *x);
        if (element < 0)
            for (int64_t e = 0; e < n; e++) x[e] += a * v[e];
        else if (which == k)
            x[element] += a;
    }
}

static double four_points(const double f[4]) { return (f[0] - 8 * f[1] + 8 * f[2] - f[3]) / (12 * STEP); }
static const double points[4] = { -2 * STEP, -STEP, STEP, 2 * STEP };

static double value_difference(probe *p, int which, int64_t element)
{
    double f[4];
    ds_ctx *ctx = p->ctx;
    for (int q = 0; q < 4; q++) {
        move(p, points[q], which, element);
        OK(ds_plan_run(p->value));
        f[q] = *(double *)ds_plan_data(p->value, p->b.l);
    }
    move(p, 0, 0, -1);
    return four_points(f);
}

static void check_gradient(probe *p, const char *name)
{
    double along = 0, size = 1;
    for (int k = 0; k < p->b.nx; k++) {
        const double *g = ds_plan_data(p->all, p->b.grad[k]), *v = p->d.v[k];
        int64_t n = ds_shape_count(p->s->shape[p->b.x[k]]), by = n > 40 ? n / 40 : 1;
        for (int64_t e = 0; e < n; e++) {
            along += g[e] * v[e];
            size += fabs(g[e] * v[e]);
            if (e % by) continue;
            double want = value_difference(p, k, e);
            if (!(fabs(g[e] - want) <= gradient_tolerance * (1 + fabs(want))))
                WRONG("%s: gradient of input %d, element %lld is %.15g, differences give %.15g", name, k, (long long)e,
                      g[e], want);
        }
    }
    double want = value_difference(p, 0, -1);
    if (!(fabs(along - want) <= gradient_tolerance * size))
        WRONG("%s: derivative along a direction is %.15g, differences give %.15g", name, along, want);
    /* <w, J v> = <J' w, v>: both are sums of the same products, rounded in other orders */
    const double *jv = ds_plan_data(p->all, p->b.jv), *w = p->d.w;
    double pulled = 0;
    for (int64_t e = 0; e < ds_shape_count(ds_val_shape(p->b.g, p->b.y)); e++) {
        pulled += w[e] * jv[e];
        size += fabs(w[e] * jv[e]);
    }
    if (!(fabs(pulled - along) <= 1e-13 * size)) WRONG("%s: <w, Jv> is %.17g, <J'w, v> is %.17g", name, pulled, along);
}

static void check_curvature(probe *p, const char *name)
{
    ds_ctx *ctx = p->ctx;
    double *g[4][DS_MAX_IN];
    for (int q = 0; q < 4; q++) {
        move(p, points[q], 0, -1);
        OK(ds_plan_run(p->gradient));
        for (int k = 0; k < p->b.nx; k++) {
            size_t bytes = (size_t)ds_shape_count(p->s->shape[p->b.x[k]]) * sizeof(double);
            g[q][k] = malloc(bytes + 1);
            assert_non_null(g[q][k]);
            memcpy(g[q][k], ds_plan_data(p->gradient, p->b.grad[k]), bytes);
        }
    }
    move(p, 0, 0, -1);
    for (int k = 0; k < p->b.nx; k++) {
        const double *hv = ds_plan_data(p->all, p->b.hv[k]);
        for (int64_t e = 0; e < ds_shape_count(p->s->shape[p->b.x[k]]); e++) {
            double want = four_points((double[4]){ g[0][k][e], g[1][k][e], g[2][k][e], g[3][k][e] });
            if (!(fabs(hv[e] - want) <= curvature_tolerance * (1 + fabs(want))))
                WRONG("%s: H v of input %d, element %lld is %.15g, differences give %.15g", name, k, (long long)e,
                      hv[e], want);
        }
        for (int q = 0; q < 4; q++) free(g[q][k]);
    }
}

static void derivatives_of(ds_ctx *ctx, const char *name, const ds_op_sample *s)
{
    probe p = { .ctx = ctx, .s = s, .b = build(ctx, s, DS_F64, true, true) };
    choice cpu = { .backend = "cpu" };
    if (p.b.smooth && ds_val_dtype(p.b.g, p.b.y) == DS_F64) {
        p.d = make_data(&p.b, s, DS_F64, 5000 + (uint64_t)strlen(name), false);
        for (int k = 0; k < p.b.nx; k++) {
            size_t bytes = (size_t)ds_shape_count(s->shape[p.b.x[k]]) * sizeof(double);
            p.base[k] = malloc(bytes + 1);
            assert_non_null(p.base[k]);
            memcpy(p.base[k], p.d.in[p.b.x[k]], bytes);
        }
        p.all = plan_of(ctx, &p.b, s, &p.d, p.b.nout, p.b.out, cpu);
        p.value = plan_of(ctx, &p.b, s, &p.d, 1, &p.b.l, cpu);
        p.gradient = plan_of(ctx, &p.b, s, &p.d, p.b.nx, p.b.grad, cpu);
        OK(ds_plan_run(p.all));
        check_gradient(&p, name);
        check_curvature(&p, name);
        for (int k = 0; k < p.b.nx; k++) free(p.base[k]);
        ds_plan_free(p.all);
        ds_plan_free(p.value);
        ds_plan_free(p.gradient);
        free_data(&p.d);
    }
    ds_graph_free(p.b.g);
}

static void derivatives(void **state)
{
    int n;
    const ds_op *const *ops = ds_ops(&n);
    for (int k = 0; k < n; k++)
        for (const ds_op_sample *s = ops[k]->samples; s && s->build; s++)
            if (has_derivative(ops[k])) derivatives_of(((ds_ctx **)*state)[0], ops[k]->head.name, s);
    none_wrong();
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_op_has_its_file), cmocka_unit_test(every_op_has_samples),
                                        cmocka_unit_test(samples_conform), cmocka_unit_test(derivatives) };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
