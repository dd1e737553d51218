/* selftest.c - `descent selftest`: laws that every rule and every solver has to keep, checked on this machine.
 *
 * Rules, in both dialects, f32 and f64, over fixed random gradients:
 *   still      no gradient, fresh state: nothing moves (weight decay aside)
 *   buffer     the gradient is only read
 *   order      permuted numbers move as the numbers do (to rounding where the rule sums over all), equal ones stay equal;
 *              of rules for matrices permuted rows and columns
 *   negate     weights and gradients of the other sign move to the weights of the other sign: to maximize is to negate
 *   resume     saved and put back into a fresh one after each step, it goes on to the same bits
 *   fused      one pass over memory gives the same bits as one operation at a time
 *   threads    three threads give the same bits as one
 * Solvers, on Rosenbrock's function:
 *   resume     saved and put back between any two evaluations, the same bits
 *   budget     never exceeded, and the best point is returned
 *   descent    the value falls
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "descent/function.h"
#include "descent/graph.h"
#include "descent/optim.h"
#include "descent/random.h"
#include "descent/registry.h"

static const ds_option flags[] = {
    { .name = "optimizer", .type = DS_OPT_TEXT, .def = "all", .help = "a rule, a solver, or all" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object a line on standard output" },
    { 0 },
};

enum { N = 203, SIDE = 14 /* of the matrix of rules for matrices */, STEPS = 8 };

/* ---- rules ------------------------------------------------------------------------------------------------------- */

typedef struct walk {
    ds_ctx *ctx;
    const char *rule, *dialect;
    bool matrix;
    int64_t n;
    ds_dtype dtype;
    bool unfused, zero, permuted, negated, handed_over; /* what is special about it */
    bool gradient_kept;
    double theta[N]; /* where it ends */
} walk;

/* Weights and gradients of a negated walk have the other sign. */
static double sign(const walk *w) { return w->negated ? -1 : 1; }

/* Where element i of a permuted walk comes from: 64 and N share no factor, nor do 3 and 5 and SIDE. */
static int64_t source(const walk *w, int64_t i)
{
    if (!w->permuted) return i;
    return w->matrix ? i / SIDE * 3 % SIDE * SIDE + i % SIDE * 5 % SIDE : i * 64 % N;
}

/* Every third number equals its neighbour, in vectors. */
static double number(const walk *w, uint32_t step, int64_t i)
{
    ds_rng r = ds_rng_at(17, DS_FOR_TEST, step, (uint32_t)(i - (i % 3 == 1 && !w->matrix)));
    return (double)(float)ds_rng_normal(&r);
}

static void put(const walk *w, void *v, int64_t i, double x)
{
    if (w->dtype == DS_F32)
        ((float *)v)[i] = (float)x;
    else
        ((double *)v)[i] = x;
}
static double get(const walk *w, const void *v, int64_t i)
{
    return w->dtype == DS_F32 ? (double)((const float *)v)[i] : ((const double *)v)[i];
}

static ds_status make(const walk *w, ds_optim **o)
{
    ds_optim_settings s = { .dialect = w->dialect, .n = w->n, .dtype = w->dtype, .unfused = w->unfused };
    if (w->matrix) s.columns = SIDE;
    ds_status status = ds_rule_parse(w->ctx, w->rule, &s.rule);
    return status == DS_OK ? ds_optim_create(o, w->ctx, &s) : status;
}

/* All that one list remembers into the memory of another, as a checkpoint would. */
static void copy_state(const ds_state *from, const ds_state *to)
{
    for (int i = 0; i < ds_state_count(from); i++) {
        const ds_state_block *b = ds_state_at(from, i);
        size_t bytes = b->kind == DS_STATE_VECTOR ? ds_dtype_bytes(b->dtype)
                       : b->kind == DS_STATE_FLAG ? sizeof(bool)
                                                  : sizeof(int64_t);
        memcpy(ds_state_at(to, i)->data, b->data, (size_t)b->count * bytes);
    }
}

/* A fresh optimizer goes on with the state of the old one. */
static ds_status hand_over(const walk *w, ds_optim **o)
{
    ds_optim *fresh;
    ds_state *a = NULL, *b = NULL;
    ds_status status = make(w, &fresh);
    if (status != DS_OK) return status;
    status = ds_state_create(&a, w->ctx);
    if (status == DS_OK) status = ds_state_create(&b, w->ctx);
    if (status == DS_OK) {
        ds_optim_remember(*o, a);
        ds_optim_remember(fresh, b);
        status = ds_state_status(a);
    }
    if (status == DS_OK) status = ds_state_status(b);
    if (status == DS_OK) copy_state(a, b);
    ds_state_free(a);
    ds_state_free(b);
    ds_optim_free(*o);
    *o = fresh;
    return status;
}

/* What the rule needs beside the gradient, from the quadratic sum_i c_i x_i^2 / 2, whose c are the squares of draws; for
 * drawn labels a gradient of other draws. A walk without gradient stands at the least value. */
static ds_status supply(const walk *w, ds_optim *o, uint32_t t, const void *at, void *g)
{
    ds_need q = { 0 };
    for (;;) {
        ds_status status = ds_optim_ask(o, at, g, &q);
        if (status != DS_OK || !q.what) return status;
        double loss = 0;
        for (int64_t i = 0; i < w->n; i++) {
            double c = number(w, 500, source(w, i)), x = get(w, q.at, i);
            if (!w->zero) loss += c * c * x * x / 2;
            if (q.what == DS_NEED_PRODUCT) put(w, q.out, i, c * c * get(w, q.v, i));
            if (q.what == DS_NEED_SAMPLED) put(w, q.out, i, sign(w) * number(w, 600 + t, source(w, i)));
            if (q.what == DS_NEED_GRADIENT) put(w, q.out, i, w->zero ? 0 : c * c * x);
        }
        q.number = q.what == DS_NEED_LOSS ? loss : 32;
    }
}

static ds_status step(walk *w, ds_optim *o, uint32_t t, void *theta, void *g, void *copy)
{
    const void *at;
    size_t bytes = (size_t)w->n * ds_dtype_bytes(w->dtype);
    ds_status status = ds_optim_point(o, theta, &at);
    if (status != DS_OK) return status;
    for (int64_t i = 0; i < w->n; i++) put(w, g, i, w->zero ? 0 : sign(w) * number(w, t, source(w, i)));
    status = supply(w, o, t, at, g);
    if (status != DS_OK) return status;
    memcpy(copy, g, bytes);
    status = ds_optim_step(o, theta, g, ds_optim_lr(o));
    w->gradient_kept = w->gradient_kept && memcmp(copy, g, bytes) == 0;
    return status;
}

static ds_status go(walk *w)
{
    ds_optim *o = NULL;
    size_t bytes = (size_t)w->n * ds_dtype_bytes(w->dtype);
    void *theta = ds_buffer_alloc(bytes), *g = ds_buffer_alloc(bytes), *copy = ds_buffer_alloc(bytes);
    ds_status status = theta && g && copy ? make(w, &o) : DS_EMEM;
    w->gradient_kept = true;
    for (int64_t i = 0; i < w->n && status == DS_OK; i++) put(w, theta, i, sign(w) * number(w, 1000, source(w, i)));
    for (uint32_t t = 0; t < STEPS && status == DS_OK; t++) {
        status = step(w, o, t, theta, g, copy);
        if (status == DS_OK && w->handed_over) status = hand_over(w, &o);
    }
    for (int64_t i = 0; i < w->n && status == DS_OK; i++) w->theta[source(w, i)] = get(w, theta, i);
    ds_optim_free(o);
    ds_buffer_free(theta);
    ds_buffer_free(g);
    ds_buffer_free(copy);
    return status;
}

enum { LAWS = 8 };
typedef struct verdict {
    const char *law[LAWS];
    bool kept[LAWS];
    int count;
} verdict;

static void judge(verdict *v, const char *law, bool kept)
{
    int k = 0;
    while (k < v->count && strcmp(v->law[k], law)) k++;
    if (k == v->count) {
        v->law[v->count++] = law;
        v->kept[k] = true;
    }
    v->kept[k] = v->kept[k] && kept;
}

static bool same(const walk *a, const walk *b) { return memcmp(a->theta, b->theta, sizeof a->theta) == 0; }

/* The same but for the order of sums: 8 steps of a few roundings each. */
static bool nearly_same(const walk *a, const walk *b)
{
    double unit = a->dtype == DS_F32 ? 0x1p-24 : 0x1p-53;
    bool near = true;
    for (int64_t i = 0; i < a->n; i++)
        near = near && fabs(a->theta[i] - b->theta[i]) <= 64 * unit * (1 + fabs(a->theta[i]));
    return near;
}

static bool opposite(const walk *a, const walk *b)
{
    bool all = true;
    for (int64_t i = 0; i < N; i++) all = all && a->theta[i] == -b->theta[i];
    return all;
}

static bool neighbours_equal(const walk *a)
{
    bool equal = true;
    for (int64_t i = 1; i < N && !a->matrix; i++) equal = equal && (i % 3 != 1 || a->theta[i] == a->theta[i - 1]);
    return equal;
}

static ds_status check_rule(ds_ctx *ctx, ds_ctx *many, const ds_head *rule, verdict *v)
{
    static const char *const dialects[] = { "torch", "book" };
    char text[64]; /* what is done at a period is done */
    snprintf(text, sizeof text, "%s%s", rule->name, ds_option_find(rule->options, "period") >= 0 ? "(period=2)" : "");
    for (int d = 0; d < 2; d++)
        for (int t = 0; t < 2; t++) {
            walk plain = { .ctx = ctx, .rule = text, .dialect = dialects[d], .matrix = ds_rule_takes_matrices(rule) };
            plain.n = plain.matrix ? SIDE * SIDE : N;
            plain.dtype = t ? DS_F64 : DS_F32;
            walk still = plain, permuted = plain, resumed = plain, unfused = plain, threads = plain, start = plain;
            walk negated = plain;
            still.zero = permuted.permuted = negated.negated = resumed.handed_over = unfused.unfused = true;
            threads.ctx = many;
            walk *const all[] = { &plain, &still, &permuted, &negated, &resumed, &unfused, &threads };
            for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
                ds_status status = go(all[k]);
                if (status != DS_OK) return status;
            }
            for (int64_t i = 0; i < start.n; i++) start.theta[i] = number(&start, 1000, i);
            bool decays = ds_option_find(rule->options, "weight_decay") >= 0 &&
                          ds_rule_default(rule, dialects[d], "weight_decay") &&
                          strtod(ds_rule_default(rule, dialects[d], "weight_decay"), NULL) != 0;
            if (!decays) judge(v, "still", same(&still, &start));
            judge(v, "buffer", plain.gradient_kept && still.gradient_kept);
            judge(v, "order",
                  (ds_rule_couples(rule) ? nearly_same : same)(&plain, &permuted) && neighbours_equal(&plain));
            judge(v, "negate", opposite(&plain, &negated));
            judge(v, "resume", same(&plain, &resumed));
            judge(v, "fused", same(&plain, &unfused));
            judge(v, "threads", same(&plain, &threads));
        }
    return DS_OK;
}

/* ---- solvers ----------------------------------------------------------------------------------------------------- */

enum { DIM = 6, BUDGET = 150 };

static ds_status start(ds_ctx *ctx, const ds_function *f, const char *solver, const double *x, ds_solver **s)
{
    ds_solver_settings set = { .n = DIM, .m = f->m, .start = x, .budget = BUDGET, .target = -INFINITY, .seed = 5 };
    ds_status status = ds_solver_parse(ctx, solver, &set.solver);
    return status == DS_OK ? ds_solver_create(s, ctx, &set) : status;
}

static ds_status swap(ds_ctx *ctx, const ds_function *f, const char *solver, const double *x, ds_solver **s)
{
    ds_solver *fresh;
    ds_state *a = NULL, *b = NULL;
    ds_status status = start(ctx, f, solver, x, &fresh);
    if (status != DS_OK) return status;
    status = ds_state_create(&a, ctx);
    if (status == DS_OK) status = ds_state_create(&b, ctx);
    if (status == DS_OK) {
        ds_solver_remember(*s, a);
        ds_solver_remember(fresh, b);
        status = ds_state_status(a);
    }
    if (status == DS_OK) status = ds_state_status(b);
    if (status == DS_OK) copy_state(a, b);
    ds_state_free(a);
    ds_state_free(b);
    ds_solver_free(*s);
    *s = fresh;
    return status;
}

static ds_status solve(ds_ctx *ctx, const ds_function *f, const char *solver, const double *x, bool swapped,
                       double *best, ds_solver_outcome *o)
{
    ds_solver *s;
    ds_status status = start(ctx, f, solver, x, &s);
    if (status != DS_OK) return status;
    while (status == DS_OK && ds_solver_ask(s)->what) {
        status = ds_solver_answer(s, f, NULL);
        if (status == DS_OK && swapped) status = swap(ctx, f, solver, x, &s);
    }
    ds_solver_result(s, o);
    memcpy(best, o->x, DIM * sizeof *best);
    ds_solver_free(s);
    return status;
}

static ds_status check_solver(ds_ctx *ctx, const ds_head *solver, verdict *v)
{
    ds_test_function *t;
    double x[DIM], a[DIM], b[DIM];
    ds_solver_outcome o, p;
    ds_status status = ds_test_function_create(&t, ctx, "rosenbrock", DIM);
    if (status != DS_OK) return status;
    const ds_function *f = ds_test_function_of(t);
    ds_test_function_start(t, x);
    status = solve(ctx, f, solver->name, x, false, a, &o);
    if (status == DS_OK) status = solve(ctx, f, solver->name, x, true, b, &p);
    if (status == DS_OK) {
        int64_t apart = o.gradients > o.values ? o.gradients - o.values : 0;
        judge(v, "resume", memcmp(a, b, sizeof a) == 0 && o.values == p.values);
        judge(v, "budget",
              o.values + apart + o.products <= BUDGET && fabs(f->value(f->arg, a, NULL) - o.value) <= 1e-12 * o.value);
        judge(v, "descent", o.value < f->value(f->arg, x, NULL));
    }
    ds_test_function_free(t);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

static bool print(const char *kind, const char *name, const verdict *v, bool json)
{
    bool good = true;
    for (int k = 0; k < v->count; k++) good = good && v->kept[k];
    if (!json) {
        printf("%-7s %-20s %s ", kind, name, good ? "pass" : "FAIL");
        for (int k = 0; k < v->count; k++) printf(" %s%s", v->kept[k] ? "" : "not ", v->law[k]);
        printf("\n");
        return good;
    }
    printf("{\"kind\": \"%s\", \"name\": \"%s\", \"pass\": %s, \"laws\": {", kind, name, good ? "true" : "false");
    for (int k = 0; k < v->count; k++) printf("%s\"%s\": %s", k ? ", " : "", v->law[k], v->kept[k] ? "true" : "false");
    printf("}}\n");
    return good;
}

typedef struct tally {
    int passed, failed, found;
} tally;

/* All of one kind, or the one that is named. */
static ds_status check_kind(ds_ctx *ctx, ds_ctx *many, const char *kind, const char *name, bool json, tally *t)
{
    int count;
    const ds_registry *const *all = ds_registries(&count);
    for (int i = 0; i < count; i++)
        for (int k = 0; strcmp(all[i]->kind, kind) == 0 && k < all[i]->count; k++) {
            const ds_head *head = all[i]->heads[k];
            verdict v = { .count = 0 };
            if (strcmp(name, "all") && strcmp(name, head->name)) continue;
            t->found++;
            ds_status status =
                strcmp(kind, "rule") == 0 ? check_rule(ctx, many, head, &v) : check_solver(ctx, head, &v);
            if (status != DS_OK) return status;
            if (print(kind, head->name, &v, json))
                t->passed++;
            else
                t->failed++;
        }
    return DS_OK;
}

extern const ds_command ds_command_selftest;

static int run(ds_ctx *ctx, int argc, char **argv)
{
    ds_args a;
    ds_ctx *one = NULL, *many = NULL;
    int code = ds_args_parse(&a, &ds_command_selftest, argc, argv);
    if (code) return code;
    const char *name = ds_args_flag(&a, &ds_command_selftest, "optimizer")->text;
    bool json = ds_args_flag(&a, &ds_command_selftest, "json")->integer;
    tally t = { 0 };
    ds_status status = ds_ctx_create(&one, 1);
    if (status == DS_OK) status = ds_ctx_create(&many, 3);
    if (status == DS_OK) status = check_kind(one, many, "rule", name, json, &t);
    if (status == DS_OK) status = check_kind(one, many, "solver", name, json, &t);
    if (status != DS_OK)
        code = ds_complain_status(many && *ds_error(many) ? many : one ? one : ctx, status);
    else if (!t.found)
        code = ds_complain(DS_EXIT_USAGE, "no rule or solver \"%s\"; descent explain rule lists them", name);
    else if (t.failed)
        code = DS_EXIT_FAILED;
    if (!json && t.found > 1) printf("%d pass, %d fail\n", t.passed, t.failed);
    ds_ctx_free(one);
    ds_ctx_free(many);
    return code;
}

const ds_command ds_command_selftest = {
    .head = { .name = "selftest", .summary = "laws that every rule and solver keeps, checked here", .options = flags },
    .usage = "[--optimizer NAME|all] [--json]",
    .run = run,
    .about = "Rules, in both dialects and in f32 and f64: without a gradient nothing moves; the gradient is only read; "
             "permuted numbers (of rules for matrices rows and columns) move as the numbers do, negated ones the other "
             "way; saved and put back after each step, fused or one operation at a "
             "time, on one thread or three, the bits are the same. Solvers: saved and put back between any two "
             "evaluations they end at the same bits; budgets hold and the best point is returned; the value falls. "
             "Exit 1 when a law is broken.",
    .example = "descent selftest\n"
               "descent selftest --optimizer adam --json",
};
