/* dense.c - blocked Householder QR: A = (1 - V T V') R, 32 columns at a time.
 *
 *   panel   v_j with (1 - beta_j v_j v_j') x = (r, 0, ..), applied to the columns of the panel that follow
 *   T       upper triangle, T[0..j, j] = -beta_j T (V' v_j), T[j, j] = beta_j
 *   rest    C <- C - V T' (V' C);   Q = product of the blocks, from the last to the first: C <- C - V T (V' C)
 *
 * What is outside the panels is products of matrices, three quarters of the work at n = 128 and more beyond. Columns of a
 * panel lie as rows in V, so that every loop runs along memory. Golub, Van Loan: Matrix computations, sec. 5.2.3. */
#include "kernel/dense.h"

#include <math.h>
#include <string.h>

enum { PANEL = 32, SLACK = 16 /* numbers past the end, read by whole vectors */ };

void ds_dense_product(const ds_product *p, const ds_dense *d)
{
    for (int64_t col = 0; col < d->n; col += p->nr) {
        int64_t w = d->n - col < p->nr ? d->n - col : p->nr, mr = ds_tile_rows(p, d->m, w);
        ds_micro_call t = { .n = (int)w,
                            .down = d->lda,
                            .stepped = d->turned,
                            .runs = 1,
                            .len = d->k,
                            .b = d->b + col,
                            .ldb = d->ldb,
                            .ldc = d->ldc,
                            .first = !d->added };
        for (int64_t row = 0; row < d->m; row += mr) {
            t.m = (int)(d->m - row < mr ? d->m - row : mr);
            t.a = d->turned ? d->a + row : d->a + row * d->lda;
            t.c = d->c + row * d->ldc + col;
            p->micro(&t);
        }
    }
}

/* Eight chains, joined in pairs. */
static double dot(int64_t n, const double *x, const double *y)
{
    double s[8] = { 0 };
    int64_t i = 0;
    for (; i + 8 <= n; i += 8)
        for (int l = 0; l < 8; l++) s[l] += x[i + l] * y[i + l];
    for (int l = 0; i < n; i++, l++) s[l] += x[i] * y[i];
    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
}

static void add_scaled(int64_t n, double s, const double *x, double *restrict y)
{
    for (int64_t i = 0; i < n; i++) y[i] += s * x[i];
}

typedef struct qr {
    const ds_product *p;
    int64_t n;
    double *a, *V, *T, *W, *sign; /* V [n, n], row j is v_j from place j on; T [n, PANEL]; W [2, PANEL, n]; sign [n] */
} qr;

int64_t ds_qr_work(int64_t n) { return n * n + 3 * PANEL * n + n + 3 * SLACK; }

/* Columns k .. k + w of a, which begin at row k, as rows of V; each turned into its v, the following ones reflected. */
static void panel(const qr *q, int64_t k, int64_t w)
{
    int64_t n = q->n;
    double *T = q->T + k * PANEL;
    for (int64_t i = k; i < n; i++)
        for (int64_t j = k; j < k + w; j++) q->V[j * n + i] = q->a[i * n + j];
    for (int64_t j = 0; j < w; j++) {
        int64_t m = n - k - j;
        double *v = q->V + (k + j) * n + k + j, norm = sqrt(dot(m, v, v)), r = v[0] > 0 ? -norm : norm;
        v[0] -= r;
        double square = dot(m, v, v), beta = square > 0 ? 2 / square : 0;
        q->sign[k + j] = r < 0 ? -1 : 1;
        for (int64_t c = j + 1; c < w; c++) {
            double *x = q->V + (k + c) * n + k + j;
            add_scaled(m, -beta * dot(m, v, x), v, x);
        }
        memset(q->V + (k + j) * n + k, 0, (size_t)j * sizeof *v);
        double z[PANEL];
        for (int64_t i = 0; i < j; i++) z[i] = dot(m, q->V + (k + i) * n + k + j, v);
        for (int64_t i = 0; i < w; i++) T[i * PANEL + j] = i == j ? beta : 0;
        for (int64_t i = 0; i < j; i++) T[i * PANEL + j] = -beta * dot(j - i, T + i * PANEL + i, z + i);
    }
}

/* C <- C - V T' (V' C) or, turned off, C - V T (V' C), of rows k and on, columns c0 and on. */
static void reflect(const qr *q, int64_t k, int64_t w, int64_t c0, bool turned)
{
    int64_t n = q->n, cols = n - c0, m = n - k;
    double *C = q->a + k * n + c0, *W = q->W, *X = q->W + PANEL * n;
    const double *V = q->V + k * n + k;
    if (cols == 0) return;
    ds_dense_product(q->p,
                     &(ds_dense){ .m = w, .n = cols, .k = m, .a = V, .lda = n, .b = C, .ldb = n, .c = W, .ldc = n });
    ds_dense_product(q->p, &(ds_dense){ .m = w,
                                        .n = cols,
                                        .k = w,
                                        .a = q->T + k * PANEL,
                                        .lda = PANEL,
                                        .turned = turned,
                                        .b = W,
                                        .ldb = n,
                                        .c = X,
                                        .ldc = n });
    for (int64_t i = 0; i < w; i++)
        for (int64_t c = 0; c < cols; c++) X[i * n + c] = -X[i * n + c];
    ds_dense_product(q->p, &(ds_dense){ .m = m,
                                        .n = cols,
                                        .k = w,
                                        .a = V,
                                        .lda = n,
                                        .turned = true,
                                        .b = X,
                                        .ldb = n,
                                        .c = C,
                                        .ldc = n,
                                        .added = true });
}

void ds_qr(const ds_product *p, int64_t n, double *a, double *work)
{
    qr q = { p, n, a, work, work + n * n + SLACK, NULL, NULL };
    q.W = q.T + n * PANEL + SLACK;
    q.sign = q.W + 2 * PANEL * n + SLACK;
    for (int64_t k = 0; k < n; k += PANEL) {
        int64_t w = n - k < PANEL ? n - k : PANEL;
        panel(&q, k, w);
        reflect(&q, k, w, k + w, true);
    }
    memset(a, 0, (size_t)(n * n) * sizeof *a);
    for (int64_t i = 0; i < n; i++) a[i * n + i] = 1;
    for (int64_t k = (n - 1) / PANEL * PANEL; k >= 0; k -= PANEL)
        reflect(&q, k, n - k < PANEL ? n - k : PANEL, k, false);
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < n; j++) a[i * n + j] *= q.sign[j];
}
