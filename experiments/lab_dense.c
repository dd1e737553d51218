/* lab_dense.c - see lab_dense.h. */
#include "lab_dense.h"

#include <math.h>
#include <stdlib.h>

ds_status lab_hessian(const ds_function *f, const double *x, double *h)
{
    int64_t n = f->n;
    double *e = calloc((size_t)n, sizeof *e);
    if (!e) return DS_EMEM;
    for (int64_t k = 0; k < n; k++) {
        e[k] = 1;
        f->product(f->arg, x, e, h + k * n);
        e[k] = 0;
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) h[i * n + j] = h[j * n + i] = 0.5 * (h[i * n + j] + h[j * n + i]);
    free(e);
    return DS_OK;
}

/* Turn rows and columns p and q so that a[p][q] becomes 0. */
static void rotate(int n, double *a, int p, int q)
{
    double apq = a[p * n + q];
    if (apq == 0) return;
    double tau = (a[q * n + q] - a[p * n + p]) / (2 * apq);
    double tangent = (tau >= 0 ? 1 : -1) / (fabs(tau) + sqrt(1 + tau * tau));
    double c = 1 / sqrt(1 + tangent * tangent), s = tangent * c;
    for (int k = 0; k < n; k++) {
        double x = a[k * n + p], y = a[k * n + q];
        a[k * n + p] = c * x - s * y;
        a[k * n + q] = s * x + c * y;
    }
    for (int k = 0; k < n; k++) {
        double x = a[p * n + k], y = a[q * n + k];
        a[p * n + k] = c * x - s * y;
        a[q * n + k] = s * x + c * y;
    }
}

static int ascending(const void *x, const void *y)
{
    double a = *(const double *)x, b = *(const double *)y;
    return (a > b) - (a < b);
}

void lab_eigenvalues(int n, double *a, double *w)
{
    for (int sweep = 0; sweep < 30; sweep++) {
        double off = 0, all = 0;
        for (int i = 0; i < n * n; i++) {
            all += a[i] * a[i];
            off += i / n == i % n ? 0 : a[i] * a[i];
        }
        if (off <= 1e-28 * all) break;
        for (int p = 0; p < n; p++)
            for (int q = p + 1; q < n; q++) rotate(n, a, p, q);
    }
    for (int i = 0; i < n; i++) w[i] = a[i * n + i];
    qsort(w, (size_t)n, sizeof *w, ascending);
}

bool lab_linear(int n, double *a, double *b)
{
    for (int k = 0; k < n; k++) {
        int best = k;
        for (int i = k + 1; i < n; i++)
            if (fabs(a[i * n + k]) > fabs(a[best * n + k])) best = i;
        if (!(fabs(a[best * n + k]) > 0)) return false;
        for (int j = 0; j < n && best != k; j++) {
            double x = a[k * n + j];
            a[k * n + j] = a[best * n + j];
            a[best * n + j] = x;
        }
        double x = b[k];
        b[k] = b[best];
        b[best] = x;
        for (int i = k + 1; i < n; i++) {
            double f = a[i * n + k] / a[k * n + k];
            for (int j = k; j < n; j++) a[i * n + j] -= f * a[k * n + j];
            b[i] -= f * b[k];
        }
    }
    for (int k = n - 1; k >= 0; k--) {
        for (int j = k + 1; j < n; j++) b[k] -= a[k * n + j] * b[j];
        b[k] /= a[k * n + k];
    }
    return true;
}
