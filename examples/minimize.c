/* minimize.c - the library minimizes a function of yours: its value and, where g is given, its gradient.
 *
 *   cc minimize.c $(pkg-config --cflags --libs descent) && ./a.out */
#include <math.h>
#include <stdio.h>

#include <descent/solve.h>

static double valley(void *arg, const double *x, double *g)
{
    (void)arg;
    double a = x[1] - x[0] * x[0], b = 1 - x[0];
    if (g) g[0] = -400 * a * x[0] - 2 * b, g[1] = 200 * a;
    return 100 * a * a + b * b;
}

int main(void)
{
    ds_ctx *ctx;
    if (ds_ctx_create(&ctx, 1) != DS_OK) return 1;
    ds_function f = { .n = 2, .value = valley };
    ds_solver_settings settings = { .gtol = 1e-8, .target = -INFINITY, .budget = 1000 };
    ds_solver_outcome o;
    double x[2] = { -1.2, 1 };
    ds_status status = ds_solver_parse(ctx, "lbfgs(m=5)", &settings.solver);
    if (status == DS_OK) status = ds_minimize(ctx, &f, &settings, x, &o, NULL, NULL);
    if (status == DS_OK)
        printf("f(%.6f, %.6f) = %.3g after %lld values: %s\n", x[0], x[1], o.value, (long long)o.values, o.text);
    else
        fprintf(stderr, "%s\n", ds_error(ctx));
    ds_ctx_free(ctx);
    return status != DS_OK;
}
