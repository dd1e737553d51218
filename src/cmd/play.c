/* play.c - `descent play`: solvers and rules on an analytic function, with their paths and what they cost. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cmd.h"
#include "descent/function.h"
#include "descent/graph.h"
#include "descent/optim.h"
#include "optimizers.h"
#include "paths.h"

static const ds_option flags[] = {
    { .name = "optimizer",
      .type = DS_OPT_TEXT,
      .def = "lbfgs",
      .help = "a solver (explain solver) or a rule (explain rule), or several: momentum(lr=1e-3),lbfgs" },
    { .name = "search", .type = DS_OPT_TEXT, .help = "line search of the solver: wolfe, armijo, fixed(a=1e-3)" },
    { .name = "start", .type = DS_OPT_TEXT, .help = "numbers apart by commas; default: the function's own start" },
    { .name = "budget",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1e12,
      .def = "10000",
      .help = "evaluations at most, a hard limit" },
    { .name = "seed", .type = DS_OPT_INT, .lo = 0, .hi = 1e15, .def = "1", .help = "of solvers that draw" },
    { .name = "picture",
      .type = DS_OPT_TEXT,
      .def = "",
      .help = "FILE.png or FILE.svg: the paths over contours of a function of two numbers, by gnuplot" },
    { .name = "json", .type = DS_OPT_BOOL, .def = "false", .help = "one JSON object a line; the last one sums up" },
    { 0 },
};

extern const ds_command ds_command_play;

enum { SHOWN = 10 }; /* entries of x that are printed */

typedef struct game {
    ds_ctx *ctx;
    const ds_args *a;
    const ds_function *f;
    const char *function;
    const ds_named_optimizer *optimizer;
    ds_path *path; /* NULL: no picture */
    double gtol, target, lowest;
    bool json;
    int64_t seen, next; /* values so far; when the next row of the path is due */
} game;

/* ---- output ------------------------------------------------------------------------------------------------------ */

static void print_point(const game *g, const double *x)
{
    for (int64_t i = 0; i < g->f->n && (g->json || i < SHOWN); i++) {
        if (g->json) {
            printf("%s", i ? ", " : "");
            ds_print_json_number(stdout, x[i]);
        } else {
            printf(" %11.6g", x[i]);
        }
    }
    if (!g->json && g->f->n > SHOWN) printf(" ...");
}

/* The path: every improvement as JSON, rows in growing distances for people. */
static void watch(void *arg, const ds_solver *s, const double *x, double value)
{
    game *g = arg;
    bool better = value < g->lowest;
    g->seen++;
    if (g->path && (better || !s)) ds_path_add(g->path, x); /* what a search tries in vain is no part of the path */
    if (better) g->lowest = value;
    if (!better || (!g->json && g->seen < g->next)) return;
    g->next = g->seen + g->seen / 4 + 1;
    if (g->json) {
        printf("{\"evaluation\": %lld, \"value\": ", (long long)g->seen);
        ds_print_json_number(stdout, value);
        printf(", \"x\": [");
        print_point(g, x);
        printf("]}\n");
        return;
    }
    printf("%10lld  %14.7g ", (long long)g->seen, value);
    print_point(g, x);
    printf("\n");
}

static void sum_up(const game *g, const ds_solver_outcome *o)
{
    if (!g->json) {
        printf("\n%s: %lld values, %lld gradients, %lld products\nf = %.10g, largest entry of the gradient %.3g at",
               o->text, (long long)o->values, (long long)o->gradients, (long long)o->products, o->value,
               o->gradient_norm);
        print_point(g, o->x);
        printf("\n");
        return;
    }
    printf("{\"function\": ");
    ds_print_json_text(stdout, g->function);
    printf(", \"optimizer\": ");
    ds_print_json_text(stdout, g->optimizer->text);
    printf(", \"x\": [");
    print_point(g, o->x);
    printf("], \"value\": ");
    ds_print_json_number(stdout, o->value);
    printf(", \"gradient_norm\": ");
    ds_print_json_number(stdout, o->gradient_norm);
    printf(", \"values\": %lld, \"gradients\": %lld, \"products\": %lld, \"reason\": ", (long long)o->values,
           (long long)o->gradients, (long long)o->products);
    ds_print_json_text(stdout, o->text);
    printf("}\n");
}

/* ---- a rule ------------------------------------------------------------------------------------------------------ */

static double largest(const double *x, int64_t n)
{
    double most = 0;
    for (int64_t i = 0; i < n; i++) most = fabs(x[i]) > most || isnan(x[i]) ? fabs(x[i]) : most;
    return most;
}

/* What the rule needs beside value and gradient; every evaluation counts. */
static ds_status answer(game *p, ds_optim *rule, const void *at, double *g, double value, ds_solver_outcome *o)
{
    ds_need q = { 0 };
    for (;;) {
        ds_status status = ds_optim_ask(rule, at, g, &q);
        if (status != DS_OK || !q.what) return status;
        q.number = value;
        if (q.what == DS_NEED_PRODUCT) p->f->product(p->f->arg, q.at, q.v, q.out);
        if (q.what == DS_NEED_GRADIENT) p->f->value(p->f->arg, q.at, q.out);
        o->products += q.what == DS_NEED_PRODUCT;
        o->values += q.what == DS_NEED_GRADIENT;
        o->gradients += q.what == DS_NEED_GRADIENT;
    }
}

/* 0 or an exit code: what a function cannot give. */
static int check_needs(game *p, const char *text)
{
    char words[160];
    unsigned needs = 0;
    ds_optim_settings set = { .n = p->f->n, .dtype = DS_F64 };
    ds_status status = ds_rule_parse(p->ctx, text, &set.rule);
    if (status == DS_OK) status = ds_optim_needs_of(p->ctx, &set, NULL, &needs);
    if (status != DS_OK) return ds_complain_status(p->ctx, status);
    if (!(needs & DS_NEED_SAMPLED)) return DS_EXIT_OK;
    return ds_complain(DS_EXIT_USAGE,
                       "rule \"%s\" needs %s, which a function does not have; take a network, or another "
                       "option of the rule",
                       p->optimizer->head->name, ds_needs_text(needs & DS_NEED_SAMPLED, words, sizeof words));
}

/* x is the point the rule works on, g its gradient where the rule wants it, best what is returned. */
static ds_status follow(game *p, ds_optim *rule, double *x, double *g, double *best, ds_solver_outcome *o)
{
    int64_t n = p->f->n, budget = ds_args_flag(p->a, &ds_command_play, "budget")->integer;
    double lr = ds_optim_lr(rule);
    bool second = ds_optim_needs(rule) & DS_NEED_GRADIENT;
    *o = (ds_solver_outcome){
        .value = INFINITY, .gradient_norm = NAN, .x = best, .text = "the budget of evaluations is used up"
    };
    while (o->values < budget) {
        const void *at;
        ds_status status = ds_optim_point(rule, x, &at);
        if (status != DS_OK) return status;
        double value = p->f->value(p->f->arg, at, g), most = largest(g, n);
        o->values++;
        o->gradients++;
        watch(p, NULL, at, value);
        if (value < o->value) {
            o->value = value;
            o->gradient_norm = most;
            memcpy(best, at, (size_t)n * sizeof *best);
        }
        o->text = p->gtol > 0 && most <= p->gtol        ? "the gradient is small"
                  : value <= p->target                  ? "the target value is reached"
                  : !isfinite(value) || !isfinite(most) ? "diverged: a value is not finite; a smaller lr may help"
                                                        : o->text;
        if ((p->gtol > 0 && most <= p->gtol) || value <= p->target || !isfinite(value) || !isfinite(most)) break;
        if (second && o->values >= budget) break;
        status = answer(p, rule, at, g, value, o);
        if (status == DS_OK) status = ds_optim_step(rule, x, g, lr);
        if (status != DS_OK) return status;
        o->iterations++;
    }
    return DS_OK;
}

static ds_status play_rule(game *p, const char *text, double *x, ds_solver_outcome *o)
{
    ds_optim *rule = NULL;
    size_t bytes = (size_t)p->f->n * sizeof(double);
    ds_optim_settings set = { .n = p->f->n, .dtype = DS_F64 };
    double *at = ds_buffer_alloc(bytes), *g = ds_buffer_alloc(bytes);
    ds_status status = at && g ? ds_rule_parse(p->ctx, text, &set.rule) : DS_EMEM;
    set.seed = (uint64_t)ds_args_flag(p->a, &ds_command_play, "seed")->integer;
    if (status == DS_OK) status = ds_optim_create(&rule, p->ctx, &set);
    if (status == DS_OK) {
        memcpy(at, x, bytes);
        status = follow(p, rule, at, g, x, o);
    }
    ds_optim_free(rule);
    ds_buffer_free(at);
    ds_buffer_free(g);
    return status;
}

static ds_status play_solver(game *p, const char *text, double *x, ds_solver_outcome *o)
{
    const char *search = ds_args_flag(p->a, &ds_command_play, "search")->text;
    ds_solver_settings set = { .budget = ds_args_flag(p->a, &ds_command_play, "budget")->integer,
                               .gtol = p->gtol,
                               .target = p->target,
                               .seed = (uint64_t)ds_args_flag(p->a, &ds_command_play, "seed")->integer };
    ds_status status = ds_solver_parse(p->ctx, text, &set.solver);
    if (status == DS_OK && search && *search) status = ds_search_parse(p->ctx, search, &set.search);
    return status == DS_OK ? ds_minimize(p->ctx, p->f, &set, x, o, watch, p) : status;
}

/* ---- the command ------------------------------------------------------------------------------------------------- */

/* gtol and target are the command's own; the other words are options of the one optimizer, "name(key=value, ...)". */
static int collect(game *p, bool several, char *text, size_t bytes)
{
    const ds_named_optimizer *o = p->optimizer;
    int n = snprintf(text, bytes, *o->list ? "%s(%s" : "%s", o->head->name, o->list), options = *o->list != 0;
    for (int k = 1; k < p->a->count; k++) {
        const char *word = p->a->positional[k];
        char *end = NULL;
        if (!strchr(word, '='))
            return ds_complain(DS_EXIT_USAGE, "\"%s\": wanted option=value of %s", word, o->head->name);
        double *own = strncmp(word, "gtol=", 5) == 0 ? &p->gtol : strncmp(word, "target=", 7) == 0 ? &p->target : NULL;
        if (own) {
            *own = strtod(strchr(word, '=') + 1, &end);
            if (*end || end == strchr(word, '=') + 1)
                return ds_complain(DS_EXIT_USAGE, "\"%s\": that is no number", word);
            continue;
        }
        if (several)
            return ds_complain(DS_EXIT_USAGE,
                               "\"%s\": of which optimizer? Put it in brackets: --optimizer \"%s(%s),...\"", word,
                               o->head->name, word);
        n += snprintf(text + n, n < (int)bytes ? bytes - (size_t)n : 0, "%s%s", options++ ? ", " : "(", word);
        if (n >= (int)bytes - 2) return ds_complain(DS_EXIT_USAGE, "too many options");
    }
    if (options) snprintf(text + n, bytes - (size_t)n, ")");
    return DS_EXIT_OK;
}

static int read_start(const char *text, double *x, int64_t n)
{
    char *end = (char *)text;
    for (int64_t i = 0; i < n; i++) {
        const char *from = end;
        x[i] = strtod(from, &end);
        if (end == from || *end != (i == n - 1 ? 0 : ','))
            return ds_complain(DS_EXIT_USAGE, "--start %s: wanted %lld numbers apart by commas", text, (long long)n);
        end++;
    }
    return DS_EXIT_OK;
}

/* One optimizer, from the start. x: [n] of work space. */
static int play(game *p, ds_test_function *t, bool several, double *x)
{
    char text[1024];
    ds_solver_outcome o;
    const char *start = ds_args_flag(p->a, &ds_command_play, "start")->text;
    ds_test_function_start(t, x);
    p->lowest = INFINITY;
    p->seen = p->next = 0;
    int code = collect(p, several, text, sizeof text);
    if (!code && start && *start) code = read_start(start, x, p->f->n);
    if (!code && p->optimizer->rule) code = check_needs(p, text);
    if (code) return code;
    if (several && !p->json) printf("\n%s\n", p->optimizer->text);
    if (!p->json) printf("%10s  %14s  x\n", "evaluation", "value");
    ds_status status = p->optimizer->rule ? play_rule(p, text, x, &o) : play_solver(p, text, x, &o);
    if (status != DS_OK) return ds_complain_status(p->ctx, status);
    sum_up(p, &o);
    return DS_EXIT_OK;
}

static int play_all(game *p, ds_test_function *t, double *x, ds_named_optimizer *list)
{
    char names[2048], *rest = names;
    const char *picture = ds_args_flag(p->a, &ds_command_play, "picture")->text;
    int count = 0, code = 0;
    snprintf(names, sizeof names, "%s", ds_args_flag(p->a, &ds_command_play, "optimizer")->text);
    for (char *word; !code && (word = ds_next_optimizer(&rest));)
        code = count < DS_PATHS ? ds_name_optimizer(&list[count++], "optimizer", word)
                                : ds_complain(DS_EXIT_USAGE, "--optimizer: at most %d of them", DS_PATHS);
    bool draws = picture && *picture;
    ds_paths paths = { .f = p->f, .function = p->function };
    if (!code && draws) code = ds_paths_begin(&paths, picture);
    for (int k = 0; k < count && !code; k++) {
        p->optimizer = &list[k];
        p->path = draws ? ds_paths_next(&paths, list[k].text) : NULL;
        code = play(p, t, count > 1, x);
    }
    if (draws) code = ds_paths_end(&paths, code);
    return code;
}

static int run(ds_ctx *ctx, int argc, char **argv)
{
    ds_args a;
    char name[256];
    ds_test_function *t;
    int code = ds_args_parse(&a, &ds_command_play, argc, argv);
    if (code) return code;
    if (a.count < 1) return ds_complain(DS_EXIT_USAGE, "play wants a function: descent play %s", ds_command_play.usage);
    snprintf(name, sizeof name, "%s", a.positional[0]);
    char *colon = strchr(name, ':'), *end = NULL;
    long long n = colon ? strtoll(colon + 1, &end, 10) : 0;
    if (colon && (*end || n < 1))
        return ds_complain(DS_EXIT_USAGE, "%s: wanted FUNCTION:n with a whole number n", a.positional[0]);
    if (colon) *colon = 0;
    ds_status status = ds_test_function_create(&t, ctx, name, n);
    if (status != DS_OK) return ds_complain_status(ctx, status);
    game p = { .ctx = ctx,
               .a = &a,
               .f = ds_test_function_of(t),
               .function = a.positional[0],
               .gtol = 1e-6,
               .target = -INFINITY,
               .json = ds_args_flag(&a, &ds_command_play, "json")->integer };
    double *x = malloc((size_t)p.f->n * sizeof *x);
    ds_named_optimizer *list = calloc(DS_PATHS, sizeof *list);
    code = x && list ? play_all(&p, t, x, list)
                     : ds_complain(DS_EXIT_FAILED, "no memory for %lld numbers", (long long)p.f->n);
    free(x);
    free(list);
    ds_test_function_free(t);
    return code;
}

const ds_command ds_command_play = {
    .head = { .name = "play", .summary = "solvers and rules on an analytic function", .options = flags },
    .usage =
        "FUNCTION[:n] [--optimizer NAME] [option=value...] [--start a,b,...] [--budget n] [--picture FILE] [--json]",
    .run = run,
    .about =
        "FUNCTION is a name of `descent explain function`, \"quadratic(kappa=100)\" with options, :n its number of "
        "dimensions. Options of the optimizer are given as option=value; gtol= stops when no entry of the gradient "
        "is larger (default 1e-6, 0: never), target= when the value is reached. A budget counts values, gradients "
        "that do not come with a value, and Hessian products, and is never exceeded; the best point seen is "
        "returned. The path shows points that lower the value.\n"
        "Several optimizers, apart by commas and with their options in brackets, start from one point each. --picture "
        "draws their paths over the contours of a function of two numbers: every step of a rule, the points of a "
        "solver "
        "that lower the value. Without gnuplot (Debian: gnuplot-nox) there is none, and the exit code is 1.",
    .example =
        "descent play rosenbrock:100 --optimizer lbfgs\n"
        "descent play beale --optimizer newton --start 1,1 --json\n"
        "descent play rosenbrock --optimizer adam lr=0.02 --budget 5000\n"
        "descent play beale --optimizer \"momentum(lr=1e-3),adam(lr=0.1),lbfgs\" --budget 300 --picture beale.png",
};
