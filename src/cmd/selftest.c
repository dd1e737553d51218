/* selftest.c - `descent selftest`: laws that every rule and every solver has to keep, checked on this machine.
 *
 * Rules: those of descent/rule.h.
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
#include "descent/registry.h"
#include "descent/rule.h"

static const ds_option flags[] = {
    { .name = "optimizer", .type = DS_OPT_TEXT, .def = "all", .help = "a rule, a solver, or all" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object a line on standard output" },
    { 0 },
};

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
    if (status == DS_OK) ds_state_copy(a, b);
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

static ds_status check_solver(ds_ctx *ctx, const ds_head *solver, ds_laws *v)
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
        ds_laws_judge(v, "resume", memcmp(a, b, sizeof a) == 0 && o.values == p.values);
        ds_laws_judge(v, "budget",
                      o.values + apart + o.products <= BUDGET &&
                          fabs(f->value(f->arg, a, NULL) - o.value) <= 1e-12 * o.value);
        ds_laws_judge(v, "descent", o.value < f->value(f->arg, x, NULL));
    }
    ds_test_function_free(t);
    return status;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

/* Columns of the table. */
static const char *const rule_laws[] = { "still", "buffer", "order", "negate", "resume", "fused", "threads", NULL };
static const char *const solver_laws[] = { "resume", "budget", "descent", NULL };

static void print_header(const char *kind, const char *const *laws)
{
    printf("%-22s", kind);
    for (; *laws; laws++) printf(" %8s", *laws);
    printf("\n");
}

/* A row of the table; "-": the law is not one for it. */
static void print_row(const char *name, const ds_laws *v, const char *const *laws)
{
    printf("%-22s", name);
    for (; *laws; laws++) {
        const char *cell = "-";
        for (int k = 0; k < v->count; k++)
            if (!strcmp(v->law[k], *laws)) cell = v->kept[k] ? "ok" : "BROKEN";
        printf(" %8s", cell);
    }
    printf("\n");
}

static void print_json(const char *kind, const char *name, const ds_laws *v, bool good)
{
    printf("{\"kind\": \"%s\", \"name\": \"%s\", \"pass\": %s, \"laws\": {", kind, name, good ? "true" : "false");
    for (int k = 0; k < v->count; k++) printf("%s\"%s\": %s", k ? ", " : "", v->law[k], v->kept[k] ? "true" : "false");
    printf("}}\n");
}

typedef struct tally {
    int passed, failed, found;
} tally;

/* All of one kind, or the one that is named. */
static ds_status check_kind(ds_ctx *ctx, ds_ctx *many, const char *kind, const char *name, bool json, tally *t)
{
    int count;
    const ds_registry *const *all = ds_registries(&count);
    bool rules = strcmp(kind, "rule") == 0, header = json, good;
    const char *const *laws = rules ? rule_laws : solver_laws;
    for (int i = 0; i < count; i++)
        for (int k = 0; strcmp(all[i]->kind, kind) == 0 && k < all[i]->count; k++) {
            const ds_head *head = all[i]->heads[k];
            ds_laws v = { .count = 0 };
            if (strcmp(name, "all") && strcmp(name, head->name)) continue;
            t->found++;
            ds_status status = rules ? ds_rule_laws(ctx, many, head, &v) : check_solver(ctx, head, &v);
            if (status != DS_OK) return status;
            good = true;
            for (int law = 0; law < v.count; law++) good = good && v.kept[law];
            t->passed += good;
            t->failed += !good;
            if (!header) print_header(kind, laws);
            header = true;
            if (json)
                print_json(kind, head->name, &v, good);
            else
                print_row(head->name, &v, laws);
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
