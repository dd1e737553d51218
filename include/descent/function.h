/* descent/function.h - analytic functions to try solvers on, by name: value, gradient and Hessian products from one
 * expression each, in f64.
 *
 *   ds_test_function_create(&t, ctx, "rosenbrock", 100);   n = 0: the function's own
 *   ds_minimize(ctx, ds_test_function_of(t), &settings, x, &outcome, NULL, NULL);
 *
 * Ownership  _create gives, _free takes (NULL is fine). Errors  DS_EUNKNOWN with the nearest name, DS_ECONFIG (an option, or
 * an n the function is not defined for), DS_EMEM. */
#ifndef DESCENT_FUNCTION_H
#define DESCENT_FUNCTION_H

#include "descent/solve.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_test_function ds_test_function;

DS_API ds_status ds_test_function_create(ds_test_function **out, ds_ctx *ctx, const char *text, int64_t n);
DS_API void ds_test_function_free(ds_test_function *t);
DS_API int64_t ds_test_function_n(const ds_test_function *t);
DS_API void ds_test_function_start(const ds_test_function *t, double *x); /* the start of the literature */
DS_API double ds_test_function_minimum(const ds_test_function *t);        /* its least value; NaN: not known */
/* As solvers take it; valid as long as t. An evaluation that fails gives NaN. */
DS_API const ds_function *ds_test_function_of(ds_test_function *t);

#ifdef __cplusplus
}
#endif
#endif
