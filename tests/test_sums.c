/* test_sums.c - sums, maxima, rows of scores and pooling against docs/arithmetic.md written out here, bit for bit:
 * lengths around lanes and leaves, every instruction set, several thread counts. */
#include "kernel/ew_code.h"
#include "test_graph_support.h"

enum { LANES = 16, ROW_LEAF = 4096, COLUMN_LEAF = 64 };

static double rounded(ds_dtype t, double x) { return t == DS_F32 ? (double)(float)x : x; }

/* a + b in the type: the sum of two f32 rounded to f64 and then to f32 is the one rounded once, since 53 >= 2 * 24 + 2.
 */
static double plus(ds_dtype t, double a, double b) { return rounded(t, a + b); }

static double tree(ds_dtype t, const double *leaf, int64_t n)
{
    int64_t m = 1;
    if (n == 1) return leaf[0];
    while (2 * m < n) m *= 2;
    return plus(t, tree(t, leaf, m), tree(t, leaf + m, n - m));
}

/* n elements, `step` apart: in lanes or as a chain. */
static double sum_of(ds_dtype t, const void *x, int64_t n, int64_t step, bool lanes)
{
    const int64_t length = lanes ? ROW_LEAF : COLUMN_LEAF;
    double leaf[2048];
    int64_t leaves = 0;
    if (n == 0) return 0;
    for (int64_t from = 0; from < n; from += length) {
        double lane[LANES] = { 0 };
        for (int64_t i = from; i < n && i < from + length; i++) {
            int64_t l = lanes ? (i - from) % LANES : 0;
            lane[l] = plus(t, lane[l], get(t, x, i * step));
        }
        for (int width = lanes ? LANES / 2 : 0; width > 0; width /= 2)
            for (int l = 0; l < width; l++) lane[l] = plus(t, lane[l], lane[l + width]);
        assert_true(leaves < 2048);
        leaf[leaves++] = lane[0];
    }
    return tree(t, leaf, leaves);
}

typedef ds_val (*build_fn)(ds_graph *g, const ds_val *in);

/* Compare the op's result with `want` everywhere. index: second input of i32, or NULL. */
static void expect(void **state, const char *name, build_fn f, ds_dtype t, ds_shape s, void *x, int64_t rows,
                   void *index, const void *want, int64_t count)
{
    for (int k = 0; k < ISA_NAMES; k++)
        for (int c = 0; c < THREAD_COUNTS; c++) {
            if (!isa_here(isa_names[k]) || (k + c) % 2) continue;
            ds_ctx *ctx = ((ds_ctx **)*state)[c];
            ds_graph *g;
            ds_plan *p;
            OK(ds_graph_create(&g, ctx));
            ds_val in[2] = { ds_input(g, "x", t, s), ds_input(g, "index", DS_I32, DS_SHAPE(rows)) }, y = f(g, in);
            setenv("DS_ISA", isa_names[k], 1);
            OK(ds_plan_create(&p, g, 1, &y, &(ds_plan_options){ .backend = "cpu" }));
            unsetenv("DS_ISA");
            OK(ds_plan_bind(p, in[0], x));
            if (ds_plan_has(p, in[1])) OK(ds_plan_bind(p, in[1], index));
            OK(ds_plan_run(p));
            assert_int_equal(ds_shape_count(ds_val_shape(g, y)), count);
            int64_t at = first_difference(t, count, want, ds_plan_data(p, y));
            char text[64];
            if (at >= 0)
                fail_msg("%s of %s %s by %s, %d threads: element %lld is %.17g, wanted %.17g", name,
                         ds_shape_text(s, text, sizeof text), ds_dtype_name(t), isa_names[k], thread_counts[c],
                         (long long)at, get(t, ds_plan_data(p, y), at), get(t, want, at));
            ds_plan_free(p);
            ds_graph_free(g);
        }
}

#define CASE(id, expression)                                                                                           \
    static ds_val id(ds_graph *g, const ds_val *in) { return expression; }
CASE(sum_first, ds_sum(g, in[0], 1))
CASE(sum_last, ds_sum(g, in[0], 2))
CASE(sum_squares_first, ds_sum(g, ds_square(g, in[0]), 1))
CASE(sum_squares_last, ds_sum(g, ds_square(g, in[0]), 2))
CASE(sum_outer, ds_sum(g, in[0], 5))
CASE(max_first, ds_max_over(g, in[0], 1))
CASE(max_last, ds_max_over(g, in[0], 2))
CASE(soft, ds_softmax(g, in[0]))
CASE(lse, ds_logsumexp(g, in[0]))
CASE(entropy, ds_cross_entropy(g, in[0], in[1], 0))
CASE(entropy_smooth, ds_cross_entropy(g, in[0], in[1], 0.3))
CASE(scattered, ds_scatter_add(g, in[0], in[1], 7))

/* Values of very different sizes, so that another order shows. */
static void *numbers(ds_dtype t, int64_t n, uint64_t seed)
{
    void *x = memory_for(t, n);
    for (int64_t i = 0; i < n; i++)
        put(t, x, i, ldexp(uniform(seed, (uint64_t)i, -1, 1), (int)(mixed(seed + 1, (uint64_t)i) % 12)));
    return x;
}

static void squares(ds_dtype t, int64_t n, const void *x, void *to)
{
    for (int64_t i = 0; i < n; i++) put(t, to, i, get(t, x, i) * get(t, x, i));
}

static void sums(void **state)
{
    static const int64_t sizes[][2] = { { 3, 1 },     { 2, 15 },     { 2, 16 },    { 3, 17 },    { 63, 3 },
                                        { 64, 16 },   { 65, 17 },    { 129, 31 },  { 1023, 5 },  { 1025, 40 },
                                        { 2, 4095 },  { 2, 4096 },   { 3, 4097 },  { 2, 12289 }, { 1, 65536 },
                                        { 2, 65537 }, { 1, 140000 }, { 5000, 2 },  { 70, 511 },  { 70, 512 },
                                        { 130, 513 }, { 200, 1100 }, { 140000, 1 } };
    say_skipped_isa();
    for (size_t k = 0; k < 2 * sizeof sizes / sizeof sizes[0]; k++) {
        ds_dtype t = k & 1 ? DS_F64 : DS_F32;
        int64_t rows = sizes[k / 2][0], cols = sizes[k / 2][1];
        ds_shape s = DS_SHAPE(rows, cols);
        void *x = numbers(t, rows * cols, 11 + k), *sq = memory_for(t, rows * cols),
             *want = memory_for(t, rows > cols ? rows : cols);
        squares(t, rows * cols, x, sq);
        bool first = rows > 1, last = cols > 1; /* a sum over an extent of 1 is the value itself */
        for (int64_t c = 0; c < cols; c++)
            put(t, want, c,
                first ? sum_of(t, (char *)x + (size_t)c * ds_dtype_bytes(t), rows, cols, cols == 1) : get(t, x, c));
        expect(state, "sum of rows", sum_first, t, s, x, 0, NULL, want, cols);
        for (int64_t c = 0; c < cols; c++)
            put(t, want, c,
                first ? sum_of(t, (char *)sq + (size_t)c * ds_dtype_bytes(t), rows, cols, cols == 1) : get(t, sq, c));
        expect(state, "sum of rows of squares", sum_squares_first, t, s, x, 0, NULL, want, cols);
        for (int64_t r = 0; r < rows; r++)
            put(t, want, r,
                last ? sum_of(t, (char *)x + (size_t)(r * cols) * ds_dtype_bytes(t), cols, 1, true) : get(t, x, r));
        expect(state, "sum along rows", sum_last, t, s, x, 0, NULL, want, rows);
        for (int64_t r = 0; r < rows; r++)
            put(t, want, r,
                last ? sum_of(t, (char *)sq + (size_t)(r * cols) * ds_dtype_bytes(t), cols, 1, true) : get(t, sq, r));
        expect(state, "sum along rows of squares", sum_squares_last, t, s, x, 0, NULL, want, rows);
        ds_buffer_free(x);
        ds_buffer_free(sq);
        ds_buffer_free(want);
    }
}

/* A set of axes with a gap: the last stretch first. */
static void sums_with_a_gap(void **state)
{
    for (int t = DS_F32; t <= DS_F64; t++) {
        enum { A = 130, B = 5, C = 33 };
        void *x = numbers((ds_dtype)t, A * B * C, 5), *part = memory_for((ds_dtype)t, A * B),
             *want = memory_for((ds_dtype)t, B);
        for (int64_t r = 0; r < A * B; r++)
            put((ds_dtype)t, part, r,
                sum_of((ds_dtype)t, (char *)x + (size_t)(r * C) * ds_dtype_bytes((ds_dtype)t), C, 1, true));
        for (int64_t b = 0; b < B; b++)
            put((ds_dtype)t, want, b,
                sum_of((ds_dtype)t, (char *)part + (size_t)b * ds_dtype_bytes((ds_dtype)t), A, B, false));
        expect(state, "sum over outer axes", sum_outer, (ds_dtype)t, DS_SHAPE(A, B, C), x, 0, NULL, want, B);
        ds_buffer_free(x);
        ds_buffer_free(part);
        ds_buffer_free(want);
    }
}

/* The first of equals stays, a NaN wins. */
static double max_of(ds_dtype t, const void *x, int64_t n, int64_t step)
{
    double m = -INFINITY;
    for (int64_t i = 0; i < n && !isnan(m); i++) {
        double v = get(t, x, i * step);
        if (v > m || isnan(v)) m = v;
    }
    return m;
}

static void maxima(void **state)
{
    static const int64_t sizes[][2] = { { 3, 1 }, { 65, 17 }, { 130, 600 }, { 2, 9000 }, { 9000, 2 } };
    for (size_t k = 0; k < 4 * sizeof sizes / sizeof sizes[0]; k++) {
        ds_dtype t = k & 1 ? DS_F64 : DS_F32;
        int64_t rows = sizes[k / 4][0], cols = sizes[k / 4][1];
        void *x = numbers(t, rows * cols, 60 + k), *want = memory_for(t, rows > cols ? rows : cols);
        if (k & 2) strew_special(t, x, rows * cols, 9, 5000);
        for (int64_t i = 0; i < rows * cols && k & 2; i += 2) put(t, x, i, i % 4 ? 0.0 : -0.0);
        for (int64_t c = 0; c < cols; c++)
            put(t, want, c, max_of(t, (char *)x + (size_t)c * ds_dtype_bytes(t), rows, cols));
        expect(state, "max of rows", max_first, t, DS_SHAPE(rows, cols), x, 0, NULL, want, cols);
        for (int64_t r = 0; r < rows; r++)
            put(t, want, r, max_of(t, (char *)x + (size_t)(r * cols) * ds_dtype_bytes(t), cols, 1));
        expect(state, "max along rows", max_last, t, DS_SHAPE(rows, cols), x, 0, NULL, want, rows);
        ds_buffer_free(x);
        ds_buffer_free(want);
    }
}

/* ln by the scalar table: the function itself is tested elsewhere. */
static double ln(ds_dtype t, double x)
{
    void *in = memory_for(t, 1), *out = memory_for(t, 1);
    ds_ew_program p = { .dtype = t, .rank = 1, .dim = { 1 }, .nload = 1, .nstore = 1, .ninstr = 1, .nreg = 1 };
    void *tile = ds_buffer_alloc(ds_ew_tile_bytes(&p));
    assert_non_null(tile);
    put(t, in, 0, x);
    p.load[0] = (ds_ew_operand){ in, { 1 }, t };
    p.store[0] = (ds_ew_operand){ out, { 1 }, t };
    p.instr[0] = (ds_ew_instr){ DS_EW_log, 0, { -1, INT16_MIN, INT16_MIN }, { 0 } };
    ds_vec_named("scalar")->ew(&p, 0, 1, 0, 1, tile, NULL);
    double y = get(t, out, 0);
    ds_buffer_free(in);
    ds_buffer_free(out);
    ds_buffer_free(tile);
    return y;
}

/* softmax, logsumexp and both cross-entropies of one row; returns by pointers. */
static void scores_of(ds_dtype t, const char *x, int64_t n, int32_t label, void *soft_row, double *row_lse,
                      double *plain, double *smooth)
{
    double m = max_of(t, x, n, 1);
    void *e = memory_for(t, n);
    for (int64_t c = 0; c < n; c++) put(t, e, c, get(t, x, c) - m);
    ds_vec_named("scalar")->exp(t, n, e, e);
    double s = sum_of(t, e, n, 1, true), a = 0.3;
    for (int64_t c = 0; c < n; c++) put(t, soft_row, c, get(t, e, c) / s);
    *row_lse = plus(t, m, ln(t, s));
    *plain = *smooth = NAN;
    if (label >= 0 && label < n) {
        *plain = plus(t, *row_lse, -get(t, x, label));
        *smooth = rounded(t, (1 - a) * *plain + a * (*row_lse - sum_of(t, x, n, 1, true) / (double)n));
    }
    ds_buffer_free(e);
}

static void rows_of_scores(void **state)
{
    static const int64_t sizes[][2] = { { 3, 1 },   { 5, 10 },  { 7, 16 },   { 40, 17 }, { 200, 100 },
                                        { 4, 511 }, { 3, 513 }, { 3, 4097 }, { 2, 9001 } };
    for (size_t k = 0; k < 2 * sizeof sizes / sizeof sizes[0]; k++) {
        ds_dtype t = k & 1 ? DS_F64 : DS_F32;
        int64_t rows = sizes[k / 2][0], cols = sizes[k / 2][1];
        size_t es = ds_dtype_bytes(t);
        char *x = memory_for(t, rows * cols), *s = memory_for(t, rows * cols), *l = memory_for(t, rows),
             *h = memory_for(t, rows), *f = memory_for(t, rows);
        int32_t *label = memory_for(DS_I32, rows);
        fill_uniform(t, x, rows * cols, k, -9, 9);
        if (rows > 2) put(t, x, cols, NAN), put(t, x, 2 * cols, INFINITY); /* the second row and the third */
        for (int64_t r = 0; r < rows; r++) {
            double lse_r, plain, smooth;
            label[r] = r == 3 ? (int32_t)cols : (int32_t)(mixed(k, (uint64_t)r) % (uint64_t)cols);
            scores_of(t, x + (size_t)(r * cols) * es, cols, label[r], s + (size_t)(r * cols) * es, &lse_r, &plain,
                      &smooth);
            put(t, l, r, lse_r);
            put(t, h, r, plain);
            put(t, f, r, smooth);
        }
        ds_shape shape = DS_SHAPE(rows, cols);
        expect(state, "softmax", soft, t, shape, x, 0, NULL, s, rows * cols);
        expect(state, "logsumexp", lse, t, shape, x, 0, NULL, l, rows);
        expect(state, "cross entropy", entropy, t, shape, x, rows, label, h, rows);
        expect(state, "cross entropy with smoothing", entropy_smooth, t, shape, x, rows, label, f, rows);
        ds_buffer_free(x), ds_buffer_free(s), ds_buffer_free(l), ds_buffer_free(h), ds_buffer_free(f),
            ds_buffer_free(label);
    }
}

/* Rows added in the order of the index; those with an index outside are left out. */
static void scatter_order(void **state)
{
    enum { ROWS = 60, COLS = 19, TO = 7 };
    for (int t = DS_F32; t <= DS_F64; t++) {
        void *x = numbers((ds_dtype)t, ROWS * COLS, 77), *want = memory_for((ds_dtype)t, TO * COLS);
        int32_t *index = memory_for(DS_I32, ROWS);
        for (int64_t r = 0; r < ROWS; r++) {
            index[r] = (int32_t)(mixed(8, (uint64_t)r) % (TO + 2)) - 1;
            for (int64_t c = 0; c < COLS && index[r] >= 0 && index[r] < TO; c++)
                put((ds_dtype)t, want, index[r] * COLS + c,
                    plus((ds_dtype)t, get((ds_dtype)t, want, index[r] * COLS + c), get((ds_dtype)t, x, r * COLS + c)));
        }
        expect(state, "scatter_add", scattered, (ds_dtype)t, DS_SHAPE(ROWS, COLS), x, ROWS, index, want, TO * COLS);
        ds_buffer_free(x);
        ds_buffer_free(want);
        ds_buffer_free(index);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),           cmocka_unit_test(sums_with_a_gap), cmocka_unit_test(maxima),
        cmocka_unit_test(rows_of_scores), cmocka_unit_test(scatter_order),
    };
    return cmocka_run_group_tests(tests, open_contexts, close_contexts);
}
