/* test_data_transforms.c - transforms and whitening: formulas, moments, and that a row's change depends on seed, epoch and
 * row alone. */
#include "test_data_support.h"

#include <math.h>

#include "data/source.h"
#include "kernel/eigen.h"
#include "kernel/normal.h"

/* ---- eigenvalues ------------------------------------------------------------------------------------------------- */

/* |A v - l v| and |V V' - 1| within a small multiple of n rounding errors of |A|. */
static void check_eigen(int64_t n, const double *A, double scale)
{
    double *V = malloc((size_t)(n * n) * sizeof *V), *value = malloc((size_t)n * sizeof *value),
           *work = malloc((size_t)(n * n + 3 * n) * sizeof *work), bound = 8 * (double)n * 0x1p-52;
    memcpy(V, A, (size_t)(n * n) * sizeof *V);
    assert_true(ds_symmetric_eigen(n, V, value, work));
    for (int64_t k = 0; k < n; k++) {
        double most = 0;
        assert_true(k == 0 || value[k] <= value[k - 1]);
        for (int64_t i = 0; i < n; i++) {
            double Av = 0, vv = 0;
            for (int64_t j = 0; j < n; j++) Av += A[i * n + j] * V[k * n + j], vv += V[k * n + j] * V[i * n + j];
            assert_true(fabs(Av - value[k] * V[k * n + i]) <= bound * scale);
            assert_true(fabs(vv - (i == k)) <= bound);
            if (fabs(V[k * n + i]) > fabs(most)) most = V[k * n + i];
        }
        assert_true(most > 0);
    }
    free(V);
    free(value);
    free(work);
}

static void eigen(void **state)
{
    (void)state;
    ds_rng r = ds_rng_at(1, DS_FOR_TEST, 0, 0);
    static double A[40 * 40];
    for (int64_t n = 1; n <= 40; n += n < 6 ? 1 : 17)
        for (int kind = 0; kind < 5; kind++) { /* full, zero, diagonal with equal values, of rank one, tiny */
            double scale = kind == 4 ? 1e-200 : 1;
            for (int64_t i = 0; i < n; i++)
                for (int64_t j = 0; j <= i; j++) {
                    double x = kind == 0 || kind == 4 ? scale * (ds_rng_uniform(&r) - 0.5)
                               : kind == 2            ? (i == j) * (double)(i % 2 + 1)
                               : kind == 3            ? 1.0 / (double)((i + 1) * (j + 1))
                                                      : 0;
                    A[i * n + j] = A[j * n + i] = x;
                }
            check_eigen(n, A, kind == 2 ? 2 : kind == 3 ? 2 : (double)n * scale);
        }
    double two[] = { 2, 1, 1, 2 }, value[2], work[10];
    assert_true(ds_symmetric_eigen(2, two, value, work));
    assert_true(fabs(value[0] - 3) < 1e-15 && fabs(value[1] - 1) < 1e-15);
    two[1] = NAN;
    assert_false(ds_symmetric_eigen(2, two, value, work));
}

/* ---- draws ------------------------------------------------------------------------------------------------------- */

static void moments(void **state)
{
    (void)state;
    enum { N = 40000 };
    double sum[3] = { 0 }, cross = 0;
    for (uint32_t k = 0; k < N; k++) {
        double z[2];
        ds_normal_pair(ds_draw(1, DS_FOR_TEST, 0, 0, k), z);
        for (int i = 0; i < 2; i++) sum[0] += z[i], sum[1] += z[i] * z[i], sum[2] += z[i] * z[i] * z[i] * z[i];
        cross += z[0] * z[1];
    }
    /* Bounds are five standard deviations of the mean: variances 1, 2, 96, and 1 of the product. */
    double m = 2 * N;
    assert_true(fabs(sum[0] / m) < 5 / sqrt(m) && fabs(sum[1] / m - 1) < 5 * sqrt(2 / m));
    assert_true(fabs(sum[2] / m - 3) < 5 * sqrt(96 / m) && fabs(cross / N) < 5 / sqrt(N));
    static const double shapes[][2] = { { 1.2, 0.2 }, { 1, 1 }, { 0.01, 0.01 }, { 5, 4 } };
    for (int k = 0; k < 4; k++) {
        double a = shapes[k][0], b = shapes[k][1], mean = a / (a + b), variance = mean * (1 - mean) / (a + b + 1);
        double s1 = 0, s2 = 0;
        ds_rng r = ds_rng_at(2, DS_FOR_TEST, 0, (uint32_t)k);
        enum { M = 4000 };
        for (int i = 0; i < M; i++) {
            double x = ds_rng_beta(&r, a, b);
            assert_true(x >= 0 && x <= 1);
            s1 += x, s2 += (x - mean) * (x - mean);
        }
        assert_true(fabs(s1 / M - mean) < 5 * sqrt(variance / M));
        /* |x - mean| <= 1 bounds the fourth moment by the variance. */
        assert_true(fabs(s2 / M - variance) < 5 * sqrt(variance / M));
    }
}

/* ---- tables and loaders ------------------------------------------------------------------------------------------ */

enum { ROWS = 64 };

/* Columns i, i^2 mod 11, 3 i mod 7 - i / 2; the label is i itself, or i mod 3. */
static ds_dataset *table(ds_ctx *ctx, ds_data_settings set, bool real)
{
    char text[8192] = "";
    ds_dataset *d;
    for (int i = 0, n = 0; i < ROWS; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%d,%d,%g,%d\n", i, i * i % 11, 3 * i % 7 - i / 2.0,
                      real ? i : i % 3);
    set.format = "csv", set.path = write_text("table.csv", text);
    set.target = real ? DS_TARGET_REAL : DS_TARGET_CLASS;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

/* The training rows of an epoch by their numbers, delivered in batches of n; y may be NULL. */
static void epoch_rows(ds_ctx *ctx, const ds_dataset *d, const char *sampler, int64_t n, int prefetch, uint64_t seed,
                       int64_t epoch, double *x, double *y)
{
    int64_t E = ds_shape_count(ds_dataset_layout(d));
    ds_loader_settings set = { .view = ds_dataset_view(d, DS_TRAIN),
                               .sampler = sampler,
                               .batch = n,
                               .dtype = DS_F64,
                               .seed = seed,
                               .augment = true,
                               .prefetch = prefetch };
    ds_loader *l;
    assert_ok(ctx, ds_loader_create(&l, ctx, &set));
    ds_loader_seek(l, epoch, 0);
    for (int64_t k = 0; k < ds_loader_batches(l); k++) {
        const ds_batch *b = ds_loader_next(l);
        for (int64_t i = 0; i < b->n; i++) {
            memcpy(x + b->ids[i] * E, (double *)b->x + i * E, (size_t)E * sizeof *x);
            if (y) y[b->ids[i]] = ds_dataset_classes(d) ? ((int32_t *)b->y)[i] : ((double *)b->y)[i];
        }
    }
    ds_loader_free(l);
}

/* By seed, epoch and row: order, batch size, threads mean nothing. */
static void pure(void **state)
{
    ds_ctx *ctx = *state, *one;
    const ds_augment a[] = { { "mixup", 1, { "alpha" }, { "1" } }, { "noise", 1, { "std" }, { "0.5" } } };
    ds_data_settings set = ds_data_defaults();
    set.augment = a, set.augment_count = 2, set.standardize = true, set.whiten = DS_WHITEN_PCA;
    static double x[5][ROWS * 3], y[5][ROWS];
    assert_int_equal(ds_ctx_create(&one, 1), DS_OK);
    ds_dataset *d = table(ctx, set, true), *e = table(one, set, true);
    epoch_rows(ctx, d, "sequential", 7, 0, 3, 2, x[0], y[0]);
    epoch_rows(ctx, d, "shuffle", ROWS, 2, 3, 2, x[1], y[1]);
    epoch_rows(one, e, "sequential", 1, 0, 3, 2, x[2], y[2]);
    epoch_rows(ctx, d, "sequential", 7, 0, 3, 1, x[3], y[3]);
    epoch_rows(ctx, d, "sequential", 7, 0, 4, 2, x[4], y[4]);
    for (int k = 1; k <= 2; k++) {
        assert_memory_equal(x[0], x[k], sizeof x[0]);
        assert_memory_equal(y[0], y[k], sizeof y[0]);
    }
    for (int k = 3; k <= 4; k++)
        for (int i = 0; i < ROWS; i++) assert_true(x[0][3 * i] != x[k][3 * i]);
    ds_dataset_free(d);
    ds_dataset_free(e);
    ds_ctx_free(one);
}

static void noise(void **state)
{
    ds_ctx *ctx = *state;
    const ds_augment a = { "noise", 1, { "noise" }, { "0.25" } };
    ds_data_settings set = ds_data_defaults();
    set.augment = &a, set.augment_count = 1;
    static double x[ROWS * 3];
    double sum = 0, square = 0, N = 50 * ROWS * 3;
    ds_dataset *d = table(ctx, set, false);
    for (int epoch = 0; epoch < 50; epoch++) {
        epoch_rows(ctx, d, "sequential", 16, 0, 1, epoch, x, NULL);
        for (int i = 0; i < ROWS; i++) {
            const double plain[] = { i, i * i % 11, 3 * i % 7 - i / 2.0 };
            for (int j = 0; j < 3; j++) {
                double z = (x[3 * i + j] - plain[j]) / 0.25;
                sum += z, square += z * z;
            }
        }
    }
    assert_true(fabs(sum / N) < 5 / sqrt(N) && fabs(square / N - 1) < 5 * sqrt(2 / N));
    ds_dataset_free(d);
}

/* Rows whose target is their first element stay so; classes keep their label and the larger share. */
static void mixup(void **state)
{
    ds_ctx *ctx = *state;
    const ds_augment a = { "mixup", 1, { "mixup" }, { "0.5" } };
    ds_data_settings set = ds_data_defaults();
    set.augment = &a, set.augment_count = 1;
    static double x[ROWS * 3], y[ROWS];
    int mixed = 0;
    ds_dataset *d = table(ctx, set, true);
    epoch_rows(ctx, d, "shuffle", 10, 0, 1, 0, x, y);
    for (int i = 0; i < ROWS; i++) {
        assert_true(y[i] == x[3 * i] && y[i] >= 0 && y[i] < ROWS);
        mixed += y[i] != i;
    }
    assert_true(mixed > ROWS / 2);
    ds_dataset_free(d);

    /* One training row of two differs from all others: how much of itself is left? E s + (1 - E s) / 2 with the partner
     * drawn from both, E s = (alpha + 1) / (2 alpha + 1) = 3/4. */
    ds_data_settings two = ds_data_defaults();
    two.augment = &a, two.augment_count = 1, two.format = "csv", two.path = write_text("two.csv", "0,a\n1,b\n");
    assert_ok(ctx, ds_dataset_create(&d, ctx, &two));
    enum { EPOCHS = 4000 };
    double sum = 0;
    for (int epoch = 0; epoch < EPOCHS; epoch++) {
        double v[2], label[2];
        epoch_rows(ctx, d, "sequential", 2, 0, 1, epoch, v, label);
        assert_true(label[0] == 0 && label[1] == 1);
        sum += v[1];
    }
    assert_true(fabs(sum / EPOCHS - 0.875) < 5 * 0.5 / sqrt(EPOCHS));
    ds_dataset_free(d);
}

/* ---- images ------------------------------------------------------------------------------------------------------ */

static const ds_transform *prepared(ds_ctx *ctx, const char *name, ds_shape layout, int n, const char *const *values)
{
    static ds_transform t;
    ds_optval v[DS_MAX_OPTIONS];
    char why[128];
    t = (ds_transform){
        .def = ds_transform_find(name), .layout = layout, .out = layout, .own = layout, .cell_bytes = 1
    };
    const ds_option *o = t.def->head.options;
    assert_int_equal(ds_option_defaults(o, v, why, sizeof why), DS_OK);
    for (int k = 0; k < n; k++)
        if (values[k]) assert_int_equal(ds_option_parse(&o[k], values[k], &v[k], why, sizeof why), DS_OK);
    assert_ok(ctx, t.def->prepare(ctx, v, &t));
    return &t;
}

static void flips(void **state)
{
    static const uint8_t in[] = { 1, 2, 3, 4, 5, 6 };
    static const uint8_t four[4][6] = {
        { 1, 2, 3, 4, 5, 6 }, { 3, 2, 1, 6, 5, 4 }, { 4, 5, 6, 1, 2, 3 }, { 6, 5, 4, 3, 2, 1 }
    };
    static const char *const axes[] = { "horizontal", "vertical", "both" };
    uint8_t out[6];
    for (int axis = 0; axis < 3; axis++) {
        int seen = 0;
        const ds_transform *t = prepared(*state, "flip", DS_SHAPE(2, 3, 1), 1, &axes[axis]);
        for (uint32_t bits = 0; bits < 4; bits++) {
            ds_draw4 draw = { { bits & 1, bits >> 1, 0, 0 } };
            t->def->apply(t, draw, in, out);
            for (int k = 0; k < 4; k++) seen |= memcmp(out, four[k], 6) == 0 ? 1 << k : 0;
        }
        assert_int_equal(seen, axis == 0 ? 3 : axis == 1 ? 5 : 15);
    }
}

static void crop_fills(void **state)
{
    static const uint8_t in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
    static const char *const fills[] = { "zero", "edge", "reflect" };
    uint8_t out[9];
    for (int fill = 0; fill < 3; fill++) {
        const char *values[] = { NULL, "2", fills[fill] };
        const ds_transform *t = prepared(*state, "crop", DS_SHAPE(3, 3, 1), 3, values);
        for (uint32_t k = 0; k < 25; k++) {
            int dy = (int)(k / 5) - 2, dx = (int)(k % 5) - 2;
            ds_draw4 draw = { { (k / 5) * 858993460u + 4, (k % 5) * 858993460u + 4, 0, 0 } }; /* 2^32 / 5 */
            t->def->apply(t, draw, in, out);
            for (int h = 0; h < 3; h++)
                for (int w = 0; w < 3; w++) {
                    int y = h + dy, x = w + dx;
                    bool outside = y < 0 || y > 2 || x < 0 || x > 2;
                    if (fill == 1) y = y < 0 ? 0 : y > 2 ? 2 : y, x = x < 0 ? 0 : x > 2 ? 2 : x;
                    if (fill == 2) y = abs(y), y = y > 2 ? 4 - y : y, x = abs(x), x = x > 2 ? 4 - x : x;
                    assert_int_equal(out[3 * h + w], fill == 0 && outside ? 0 : in[3 * y + x]);
                }
        }
    }
    ds_augment a = { "crop", 2, { "pad", "fill" }, { "28", "reflect" } };
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.augment = &a, set.augment_count = 1;
    assert_fails(*state, DS_ECONFIG, "crop mirrors 28 pixels, images are 28x28", ds_dataset_create(&d, *state, &set));
}

/* Padded and then cut by a window that stays within: what a crop with its own padding makes of the same draw. */
static void pad_then_crop(void **state)
{
    static const char *const fills[] = { "zero", "edge", "reflect" };
    enum { H = 4, W = 5, P = 3, C = 2 };
    uint8_t in[H * W * C], padded[(H + 2 * P) * (W + 2 * P) * C], out[H * W * C], wanted[H * W * C];
    for (int i = 0; i < H * W * C; i++) in[i] = (uint8_t)(i + 1);
    for (int fill = 0; fill < 3; fill++)
        for (uint32_t id = 0; id < 200; id++) {
            ds_draw4 draw = ds_draw(3, DS_FOR_AUGMENT, 0, id, 0);
            const char *whole[] = { "0", "3", fills[fill] }, *around[] = { "3", fills[fill] }, *within[] = { "0", "0" };
            ds_transform t = *prepared(*state, "crop", DS_SHAPE(H, W, C), 3, whole);
            t.def->apply(&t, draw, in, wanted);
            t = *prepared(*state, "pad", DS_SHAPE(H, W, C), 2, around);
            assert_true(ds_shape_equal(t.out, DS_SHAPE(H + 2 * P, W + 2 * P, C)));
            t.def->apply(&t, draw, in, padded);
            t = *prepared(*state, "crop", DS_SHAPE(H, W, C), 2, within);
            t.layout = DS_SHAPE(H + 2 * P, W + 2 * P, C);
            t.def->apply(&t, draw, padded, out);
            assert_memory_equal(out, wanted, sizeof out);
        }
}

/* In a list of transforms: larger on the way, delivered as large as they came; the same draws as a crop in second place. */
static void pad_in_a_list(void **state)
{
    enum { BATCH = 16, PIXELS = 28 * 28 };
    ds_augment list[] = { { "pad", 1, { "pad" }, { "2" } }, { "crop", 1, { "pad" }, { "0" } } };
    ds_augment same[] = { { "crop", 1, { "pad" }, { "0" } }, { "crop", 1, { "pad" }, { "2" } } };
    float x[2][BATCH * PIXELS];
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.augment_count = 2;
    for (int way = 0; way < 2; way++) {
        ds_loader *l;
        set.augment = way ? same : list;
        assert_ok(*state, ds_dataset_create(&d, *state, &set));
        ds_loader_settings ls = {
            .view = ds_dataset_view(d, DS_TRAIN), .sampler = "shuffle", .batch = BATCH, .augment = true
        };
        assert_ok(*state, ds_loader_create(&l, *state, &ls));
        const ds_batch *b = ds_loader_next(l);
        assert_non_null(b);
        memcpy(x[way], b->x, sizeof x[way]);
        ds_loader_free(l);
        ds_dataset_free(d);
    }
    assert_memory_equal(x[0], x[1], sizeof x[0]);
    set.augment = list;
    set.augment_count = 1;
    assert_fails(*state, DS_ECONFIG, "come in as 28x28 and leave as 32x32", ds_dataset_create(&d, *state, &set));
    assert_string_equal(ds_error_key(*state), "data.augment");
    list[0] = (ds_augment){ "crop", 2, { "crop", "pad" }, { "29", "0" } };
    assert_fails(*state, DS_ECONFIG, "crop of 29 pixels, images are 28x28", ds_dataset_create(&d, *state, &set));
    assert_string_equal(ds_error_key(*state), "data.augment.0");
}

/* A square of zeros of side 3, cut at the edges; every pixel is its middle equally often. */
static void cutout(void **state)
{
    static const char *const size = "3";
    const ds_transform *t = prepared(*state, "cutout", DS_SHAPE(4, 5, 2), 1, &size);
    int middles[20] = { 0 };
    enum { N = 2000 };
    for (int64_t row = 0; row < N; row++) {
        float x[40];
        for (int i = 0; i < 40; i++) x[i] = 1;
        ds_chance c = { 1, 0, row, 0 };
        ds_delivered r = { .dtype = DS_F32, .elements = 40, .x = x };
        t->def->change(t, &c, &r);
        int hits = 0;
        for (int m = 0; m < 20; m++) { /* the one middle that explains all */
            bool fits = true;
            for (int i = 0; i < 40; i++) {
                int h = i / 10, w = i % 10 / 2;
                fits = fits && (x[i] == 0) == (abs(h - m / 5) <= 1 && abs(w - m % 5) <= 1);
            }
            hits += fits, middles[m] += fits;
        }
        assert_int_equal(hits, 1);
    }
    for (int m = 0; m < 20; m++) assert_true(abs(middles[m] - N / 20) < 5 * 10); /* sqrt(100 * 0.95) < 10 */
    ds_augment a = { "cutout", 0, { NULL }, { NULL } };
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv", set.path = write_text("t.csv", "1,2,a\n3,4,b\n"), set.augment = &a, set.augment_count = 1;
    assert_fails(*state, DS_ECONFIG, "cutout needs images", ds_dataset_create(&d, *state, &set));
}

/* ---- whitening --------------------------------------------------------------------------------------------------- */

static void check_white(ds_ctx *ctx, const ds_dataset *d, int64_t rows, int64_t K)
{
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), K, NULL, NULL);
    for (int64_t i = 0; i < K; i++)
        for (int64_t j = -1; j < K; j++) {
            double sum = 0;
            for (int64_t r = 0; r < rows; r++) sum += x[r * K + i] * (j < 0 ? 1 : x[r * K + j]);
            assert_true(fabs(sum / (double)rows - (i == j)) < 1e-6);
        }
    free(x);
}

/* Means 0, covariance 1, on the training rows alone; a principal component is the whitened projection. */
static void whiten(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    set.whiten_eps = 1e-9;
    for (int kind = DS_WHITEN_PCA; kind <= DS_WHITEN_ZCA; kind++) {
        set.whiten = (ds_whiten_kind)kind;
        set.components = 0;
        set.holdout = kind == DS_WHITEN_ZCA ? "16" : NULL;
        ds_dataset *d = table(ctx, set, false);
        check_white(ctx, d, kind == DS_WHITEN_ZCA ? ROWS - 16 : ROWS, 3);
        ds_dataset_free(d);
    }
    set.holdout = NULL, set.whiten = DS_WHITEN_PCA;
    ds_dataset *all = table(ctx, set, false);
    set.components = 2;
    ds_dataset *d = table(ctx, set, false);
    assert_true(ds_shape_equal(ds_dataset_layout(d), DS_SHAPE(2)));
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, NULL, NULL),
           *y = read_all(ctx, ds_dataset_view(all, DS_TRAIN), 3, NULL, NULL);
    for (int i = 0; i < ROWS; i++) assert_true(x[2 * i] == y[3 * i] && x[2 * i + 1] == y[3 * i + 1]);
    /* f32 batches: the same to their precision. */
    static float f[ROWS * 2];
    int64_t rows[ROWS];
    for (int i = 0; i < ROWS; i++) rows[i] = i;
    ds_batch b = { .x = f };
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TRAIN), rows, ROWS, DS_F32, &b));
    for (int i = 0; i < ROWS * 2; i++) assert_true(fabs((double)f[i] - x[i]) < 1e-5);
    free(x);
    free(y);
    ds_dataset_free(d);
    ds_dataset_free(all);
}

/* Two columns of which one is double the other: by hand. l = 5 v, direction (1, 2) / sqrt(5), nothing beside it. */
static void whiten_by_hand(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv", set.path = write_text("line.csv", "-1,-2,a\n1,2,b\n"), set.whiten = DS_WHITEN_PCA;
    set.whiten_eps = 0.5; /* l = 5 and 0, mean 2.5, share 1.25: 1 / sqrt(6.25) = 0.4 */
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, NULL, NULL);
    assert_true(fabs(x[0] + 0.4 * sqrt(5)) < 1e-14 && fabs(x[2] - 0.4 * sqrt(5)) < 1e-14);
    assert_true(fabs(x[1]) < 1e-14 && fabs(x[3]) < 1e-14);
    free(x);
    ds_dataset_free(d);
    set.whiten = DS_WHITEN_ZCA; /* back in the first axes: 0.4 (1, 2) */
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 2, NULL, NULL);
    assert_true(fabs(x[2] - 0.4) < 1e-14 && fabs(x[3] - 0.8) < 1e-14);
    free(x);
    ds_dataset_free(d);
    set.components = 1;
    assert_fails(ctx, DS_ECONFIG, "components has no effect", ds_dataset_create(&d, ctx, &set));
    set.whiten = DS_WHITEN_PCA, set.components = 3;
    assert_fails(ctx, DS_ECONFIG, "components is 3; wanted at most 2", ds_dataset_create(&d, ctx, &set));
    set = ds_data_defaults();
    set.whiten = DS_WHITEN_ZCA, set.stream = true;
    assert_fails(ctx, DS_ECONFIG, "a stream has no end", ds_dataset_create(&d, ctx, &set));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(eigen),      cmocka_unit_test(moments),       cmocka_unit_test(pure),
        cmocka_unit_test(noise),      cmocka_unit_test(mixup),         cmocka_unit_test(flips),
        cmocka_unit_test(crop_fills), cmocka_unit_test(pad_then_crop), cmocka_unit_test(pad_in_a_list),
        cmocka_unit_test(cutout),     cmocka_unit_test(whiten),        cmocka_unit_test(whiten_by_hand),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
