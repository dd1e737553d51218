/* orthogonal.c - rows (or columns, whichever are fewer) of the weight, as a matrix [outputs, rest], are orthonormal
 * times gain. A normal matrix A [n, m], n >= m, is factored A = Q R by Householder reflections; Q times the signs of
 * R's diagonal is uniform over orthonormal frames. Columns are stored one after another; every product is a chain of
 * fused multiply-adds in index order.
 * Saxe et al. 2014; Mezzadri 2007 (the signs) */
#include <math.h>
#include <stdlib.h>

#include "nn/nn.h"

static const ds_option options[] = {
    { "gain", DS_OPT_REAL, 0, 1e6, "1", NULL, NULL, "factor of all weights; sqrt 2 suits rectifiers",
      .why = "linear layers then keep lengths", .cite = "Saxe et al. 2014",
      .elsewhere = "PyTorch init.orthogonal_(gain), Keras Orthogonal(gain=)" },
    { NULL, DS_OPT_END, 0, 0, NULL, NULL, NULL, NULL },
};

static double dot(int64_t n, const double *x, const double *y)
{
    double s = 0;
    for (int64_t i = 0; i < n; i++) s = fma(x[i], y[i], s);
    return s;
}

/* y -= 2 v (v' y), v of length one. */
static void reflect(int64_t n, const double *v, double *y)
{
    double c = -2 * dot(n, v, y);
    for (int64_t i = 0; i < n; i++) y[i] = fma(c, v[i], y[i]);
}

/* The reflection that takes the column x to a multiple of the first axis: v over x, the sign of R's diagonal entry
 * returned. v = x + sign(x0) |x| e0 loses no digits. A column of zeros gives v = 0, no reflection. */
static double householder(int64_t n, double *x)
{
    double norm = sqrt(dot(n, x, x)), sign = x[0] < 0 ? 1 : -1;
    x[0] -= sign * norm;
    double length = sqrt(dot(n, x, x));
    for (int64_t i = 0; length > 0 && i < n; i++) x[i] /= length;
    return sign;
}

/* a: m columns of n; on return q holds the first m columns of Q, sign-corrected. */
static void orthonormalize(int64_t n, int64_t m, double *a, double *q)
{
    for (int64_t k = 0; k < m; k++) {
        double sign = householder(n - k, a + k * n + k);
        for (int64_t j = k + 1; j < m; j++) reflect(n - k, a + k * n + k, a + j * n + k);
        for (int64_t i = 0; i < n; i++) q[k * n + i] = i == k ? sign : 0;
    }
    for (int64_t k = m - 1; k >= 0; k--) /* Q = H_0 H_1 ... applied to the columns of the identity */
        for (int64_t j = k; j < m; j++) reflect(n - k, a + k * n + k, q + j * n + k);
}

static ds_status fill(const ds_init_ask *ask, double *w)
{
    int64_t rows = ask->segment->shape.dim[0], cols = ask->segment->count / rows, count = rows * cols;
    bool wide = rows < cols;
    int64_t n = wide ? cols : rows, m = wide ? rows : cols;
    double gain = ask->option[0].real, *a = malloc(2 * (size_t)count * sizeof *a);
    if (!a) return ds_fail_memory(ask->ctx, 2 * (size_t)count * sizeof *a, "an orthogonal matrix");
    double *q = a + count;
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) a[wide ? r * n + c : c * n + r] = ds_init_normal(ask, r * cols + c);
    orthonormalize(n, m, a, q);
    for (int64_t r = 0; r < rows; r++)
        for (int64_t c = 0; c < cols; c++) w[r * cols + c] = gain * q[wide ? r * n + c : c * n + r];
    free(a);
    return DS_OK;
}

const ds_initializer_def ds_initializer_orthogonal = {
    .head = { "orthogonal", "orthonormal rows or columns times gain", "W' W = gain^2 I", "Saxe et al. 2014", options,
              "PyTorch init.orthogonal_, Keras Orthogonal, Caffe none" },
    .fill = fill,
};
