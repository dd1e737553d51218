/* solvers.c - what a solver costs beside the evaluations it asks for: Rosenbrock's function, chained through n numbers.
 *
 *   solvers lbfgs 1000000 20        solver, n, iterations: "us" of processor time an iteration outside the function
 *
 * bench/peers/scipy_solvers.py prints the same of SciPy. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "descent/solve.h"

static double now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

typedef struct timed {
    int64_t n;
    double spent;
} timed;

static double rosenbrock(void *arg, const double *x, double *g)
{
    timed *t = arg;
    double from = now_us(), sum = 0;
    for (int64_t i = 0; i < t->n; i++) g[i] = 0;
    for (int64_t i = 0; i + 1 < t->n; i++) {
        double a = x[i + 1] - x[i] * x[i], b = 1 - x[i];
        sum += 100 * a * a + b * b;
        g[i] -= 400 * a * x[i] + 2 * b;
        g[i + 1] += 200 * a;
    }
    t->spent += now_us() - from;
    return sum;
}

int main(int argc, char **argv)
{
    int64_t n = argc > 2 ? atoll(argv[2]) : 0, iterations = argc > 3 ? atoll(argv[3]) : 0;
    ds_ctx *ctx;
    ds_solver *s;
    timed t = { .n = n };
    if (n < 2 || iterations < 1 || ds_ctx_create(&ctx, 1) != DS_OK) return 2;
    double *x = malloc((size_t)n * sizeof *x), best = INFINITY;
    ds_solver_settings set = { .n = n, .start = x, .target = -INFINITY };
    if (!x || ds_solver_parse(ctx, argv[1], &set.solver) != DS_OK) return 2;
    const ds_function f = { .n = n, .value = rosenbrock, .arg = &t };
    for (int round = 0; round < 5; round++) {
        ds_solver_outcome o = { .iterations = 0 };
        for (int64_t i = 0; i < n; i++) x[i] = i % 2 ? 1 : -1.2;
        if (ds_solver_create(&s, ctx, &set) != DS_OK) return 1;
        double from = now_us();
        t.spent = 0;
        while (o.iterations < iterations && ds_solver_ask(s)->what && ds_solver_answer(s, &f, NULL) == DS_OK)
            ds_solver_result(s, &o);
        double each = (now_us() - from - t.spent) / (double)o.iterations;
        best = each < best ? each : best;
        ds_solver_free(s);
    }
    printf("us %.3f\n", best);
    free(x);
    ds_ctx_free(ctx);
    return 0;
}
