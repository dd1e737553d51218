/* test_data_order.c - order, division, conversion and delivery of rows. */
#include "test_data_support.h"

#include <math.h>

#include "base/random.h"
#include "data/source.h"

/* ---- the known answers of Philox (Salmon et al. 2011, file kat_vectors of their library) ---- */

static void philox(void **state)
{
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], out[4];
    } known[] = {
        { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
        { { ~0u, ~0u, ~0u, ~0u }, { ~0u, ~0u }, { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
        { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
          { 0xa4093822, 0x299f31d0 },
          { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        ds_draw4 d = ds_philox(known[i].counter, known[i].key);
        assert_memory_equal(d.u, known[i].out, sizeof d.u);
    }
}

/* ---- samplers ---- */

static void shuffle_is_a_bijection(void **state)
{
    (void)state;
    const ds_sampler_def *def = ds_sampler_find("shuffle");
    for (int64_t n = 1; n < 3000; n = n < 70 ? n + 1 : 2 * n + 1) {
        uint8_t *seen = calloc((size_t)n, 1);
        for (int64_t epoch = 0; epoch < 3; epoch++) {
            ds_order o = ds_order_at(def, n, 7, epoch);
            for (int64_t p = 0; p < n; p++) {
                int64_t row = def->row(&o, p);
                assert_in_range(row, 0, n - 1);
                assert_int_equal(seen[row]++, epoch);
            }
        }
        free(seen);
    }
    /* A table of 2^40 rows costs no more than one of 10. */
    ds_order o = ds_order_at(def, (int64_t)1 << 40, 7, 0);
    assert_true(def->row(&o, 0) != def->row(&o, 1));
}

/* All 24 orders of 4 rows, and rows at each position of 50, come equally often. For k cells of expectation e the sum
 * of (count - e)^2 / e is about k with deviation sqrt(2 k); six deviations are allowed. */
static double excess(const int *count, int cells, double expected)
{
    double sum = 0;
    for (int i = 0; i < cells; i++) sum += (count[i] - expected) * (count[i] - expected) / expected;
    return (sum - cells) / sqrt(2.0 * cells);
}

static void shuffle_is_even(void **state)
{
    (void)state;
    const ds_sampler_def *def = ds_sampler_find("shuffle");
    int order[256] = { 0 }, used[24], k = 0, place[2500] = { 0 }, next[2500] = { 0 };
    for (int64_t epoch = 0; epoch < 4800; epoch++) {
        ds_order o = ds_order_at(def, 4, 1, epoch);
        order[def->row(&o, 0) << 6 | def->row(&o, 1) << 4 | def->row(&o, 2) << 2 | def->row(&o, 3)]++;
    }
    for (int i = 0; i < 256; i++)
        if (order[i]) used[k++] = order[i];
    assert_int_equal(k, 24);
    assert_true(excess(used, 24, 200) < 6);
    for (int64_t epoch = 0; epoch < 5000; epoch++) {
        ds_order o = ds_order_at(def, 50, 2, epoch);
        for (int64_t p = 0; p < 50; p++) {
            place[p * 50 + def->row(&o, p)]++;
            if (p)
                next[def->row(&o, p - 1) * 50 + def->row(&o, p)]++; /* neighbours: 49 pairs an epoch over 2450 cells */
        }
    }
    assert_true(excess(place, 2500, 100) < 6);
    int pairs[2450], m = 0;
    for (int i = 0; i < 2500; i++)
        if (i / 50 != i % 50) pairs[m++] = next[i];
    assert_true(excess(pairs, 2450, 100) < 6);
}

static void replacement_repeats(void **state)
{
    (void)state;
    const ds_sampler_def *def = ds_sampler_find("replacement");
    int count[100] = { 0 }, absent = 0;
    for (int64_t epoch = 0; epoch < 100; epoch++) {
        ds_order o = ds_order_at(def, 100, 3, epoch);
        int now[100] = { 0 };
        for (int64_t p = 0; p < 100; p++) count[def->row(&o, p)]++, now[def->row(&o, p)]++;
        for (int i = 0; i < 100; i++) absent += now[i] == 0;
    }
    assert_true(fabs(excess(count, 100, 100)) < 6);
    assert_true(absent > 3400 && absent < 3900); /* (1 - 1/100)^100 = 0.366 of 10,000, deviation about 31 */
}

/* ---- a table of 40 rows: feature 0 is the row, feature 1 its square; classes 0 (30 rows) and 1 (10 rows) ---- */

enum { ROWS = 40 };

static ds_dataset *table(ds_ctx *ctx, ds_data_settings set)
{
    static char text[4096];
    size_t n = 0;
    for (int i = 0; i < ROWS; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d,5,%d\n", i, i * i, i % 4 == 3);
    ds_dataset *d;
    set.format = "csv", set.path = write_text("forty.csv", text);
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    return d;
}

static void ids_of(ds_ctx *ctx, const ds_view *v, int32_t *ids)
{
    int64_t rows[ROWS];
    ds_batch b = { .ids = ids };
    for (int i = 0; i < ROWS; i++) rows[i] = i;
    assert_ok(ctx, ds_view_read(v, rows, ds_view_rows(v), DS_F32, &b));
}

static void holdout(void **state)
{
    ds_ctx *ctx = *state;
    static const struct {
        const char *text;
        bool shuffled;
        int held;
    } cases[] = { { "8", false, 8 },
                  { "25%", false, 10 },
                  { "2.5%", false, 1 },
                  { "0", false, 0 },
                  { "8", true, 8 },
                  { "stratified", false, 4 },
                  { "stratified 20%", false, 8 },
                  { "stratified 20%", true, 8 },
                  { "stratified 6", true, 6 },
                  { "0.25", false, 10 },
                  { "stratified 0.2", true, 8 } };
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        ds_data_settings set = ds_data_defaults();
        set.holdout = cases[k].text, set.holdout_shuffle = cases[k].shuffled, set.holdout_seed = 5;
        ds_dataset *d = table(ctx, set);
        const ds_view *train = ds_dataset_view(d, DS_TRAIN), *val = ds_dataset_view(d, DS_VAL);
        int32_t in[ROWS], out[ROWS], seen[ROWS] = { 0 }, ones = 0;
        int64_t n = ds_view_rows(train), m = ds_view_rows(val);
        assert_int_equal(m, cases[k].held);
        assert_int_equal(n + m, ROWS);
        ids_of(ctx, train, in);
        ids_of(ctx, val, out);
        for (int64_t i = 0; i < n; i++) assert_int_equal(seen[in[i]]++, 0), assert_true(i == 0 || in[i - 1] < in[i]);
        for (int64_t i = 0; i < m; i++)
            assert_int_equal(seen[out[i]]++, 0), assert_true(i == 0 || out[i - 1] < out[i]), ones += out[i] % 4 == 3;
        bool last = m == 0 || out[0] == ROWS - m;
        bool stratified = cases[k].text[0] == 's';
        if (!stratified) assert_int_equal(last, !cases[k].shuffled);
        if (stratified) assert_true(4 * ones == m || (m == 6 && (ones == 1 || ones == 2)));
        ds_dataset_free(d);
    }
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "csv", set.path = temporary("forty.csv");
    set.holdout = "no/such.csv";
    assert_fails(ctx, DS_EIO, "no/such.csv: No such file", ds_dataset_create(&d, ctx, &set));
    static const char *const bad[] = { "40", "x", "-3", "100%", "5 rows", "stratified maybe", "5x", "1.5" };
    for (size_t k = 0; k < sizeof bad / sizeof bad[0]; k++) {
        set.holdout = bad[k];
        assert_fails(ctx, DS_ECONFIG, "holdout", ds_dataset_create(&d, ctx, &set));
    }
}

static void scale_and_standardize(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    set.holdout = "10", set.scale_given = true, set.scale[0] = -1, set.scale[1] = 3; /* training rows 0 to 29 */
    ds_dataset *d = table(ctx, set);
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 3, NULL, NULL),
           *v = read_all(ctx, ds_dataset_view(d, DS_VAL), 3, NULL, NULL);
    for (int i = 0; i < 40; i++) {
        const double *r = i < 30 ? x + 3 * i : v + 3 * (i - 30);
        assert_true(fabs(r[0] - (-1 + 4 * i / 29.0)) < 1e-13);
        assert_true(fabs(r[1] - (-1 + 4 * i * i / 841.0)) < 1e-13);
        assert_true(r[2] == -1); /* a constant column */
    }
    free(x), free(v);
    ds_dataset_free(d);
    set.scale_given = false, set.standardize = true;
    d = table(ctx, set);
    x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 3, NULL, NULL);
    for (int c = 0; c < 3; c++) {
        double sum = 0, square = 0;
        for (int i = 0; i < 30; i++) sum += x[3 * i + c], square += x[3 * i + c] * x[3 * i + c];
        assert_true(fabs(sum) < 1e-12 && fabs(square - (c == 2 ? 0 : 30)) < 1e-11);
    }
    v = read_all(ctx, ds_dataset_view(d, DS_VAL), 3, NULL, NULL);
    assert_true(fabs(v[0] - (30 - 14.5) / sqrt(899 / 12.0)) < 1e-12); /* variance of 0..29 is (30^2 - 1) / 12 */
    free(x), free(v);
    ds_dataset_free(d);
    set.format = "csv", set.path = temporary("forty.csv"), set.scale_given = true, set.scale[1] = set.scale[0];
    assert_fails(ctx, DS_ECONFIG, "lo < hi", ds_dataset_create(&d, ctx, &set));
}

/* Bytes: channel statistics of a tiny CIFAR file, f32 and f64 within rounding of each other and of the definition. */
static void image_statistics(void **state)
{
    ds_ctx *ctx = *state;
    uint8_t *rows = malloc(600 * 3073);
    double mean[3] = { 0 }, square[3] = { 0 };
    for (int i = 0; i < 600; i++) {
        rows[i * 3073] = 0;
        for (int k = 0; k < 3072; k++) /* each channel with a range of its own */
            rows[i * 3073 + 1 + k] = (uint8_t)(((uint32_t)(i * 3072 + k) * 2654435761u) >> (24 + k / 1024));
    }
    const char *path = write_file("images.bin", rows, 600 * 3073);
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    set.format = "cifar10", set.train = &path, set.train_count = 1, set.standardize = true, set.scale_given = true,
    set.scale[1] = 1;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    for (int i = 0; i < 600; i++)
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 1024; p++) mean[c] += rows[i * 3073 + 1 + c * 1024 + p] / (600 * 1024.0);
    for (int i = 0; i < 600; i++)
        for (int c = 0; c < 3; c++)
            for (int p = 0; p < 1024; p++) {
                double v = rows[i * 3073 + 1 + c * 1024 + p] - mean[c];
                square[c] += v * v / (600 * 1024.0);
            }
    double *x = malloc(3072 * sizeof *x);
    float *f = malloc(3072 * sizeof *f);
    const int64_t row = 599;
    ds_batch b = { .x = x }, g = { .x = f };
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TRAIN), &row, 1, DS_F64, &b));
    assert_ok(ctx, ds_view_read(ds_dataset_view(d, DS_TRAIN), &row, 1, DS_F32, &g));
    for (int p = 0; p < 1024; p++)
        for (int c = 0; c < 3; c++) {
            double wanted = (rows[599 * 3073 + 1 + c * 1024 + p] - mean[c]) / sqrt(square[c]);
            assert_true(fabs(x[p * 3 + c] - wanted) < 1e-9);
            assert_true(fabs((double)f[p * 3 + c] - wanted) < 1e-5);
        }
    free(x), free(f), free(rows);
    ds_dataset_free(d);
}

/* ---- transforms ---- */

static void transforms(void **state)
{
    (void)state;
    enum { H = 3, W = 4 };
    const ds_transform_def *flip = ds_transform_find("flip"), *crop = ds_transform_find("crop");
    ds_transform t = {
        .def = flip, .layout = DS_SHAPE(H, W, 2), .out = DS_SHAPE(H, W, 2), .cell_bytes = 1, .arg = { 0, 2 }
    };
    uint8_t in[H * W * 2], out[H * W * 2];
    for (int i = 0; i < H * W * 2; i++) in[i] = (uint8_t)(i + 1);
    int kept = 0, placed[25] = { 0 };
    for (uint32_t id = 0; id < 1000; id++) {
        ds_draw4 draw = ds_draw(9, DS_FOR_AUGMENT, 0, id, 0);
        flip->apply(&t, draw, in, out);
        bool same = memcmp(in, out, sizeof in) == 0;
        kept += same;
        for (int h = 0; !same && h < H; h++)
            for (int w = 0; w < W; w++) assert_memory_equal(out + (h * W + w) * 2, in + (h * W + W - 1 - w) * 2, 2);
        crop->apply(&t, draw, in, out);
        int dy, dx, fits = 0;
        for (dy = -2; dy <= 2; dy++)
            for (dx = -2; dx <= 2; dx++) {
                bool all = true;
                for (int i = 0; i < H * W * 2; i++) {
                    int h = i / 2 / W + dy, w = i / 2 % W + dx;
                    all &= out[i] == (h < 0 || h >= H || w < 0 || w >= W ? 0 : in[(h * W + w) * 2 + i % 2]);
                }
                if (all) placed[(dy + 2) * 5 + dx + 2]++;
                fits += all;
            }
        assert_int_equal(fits, 1);
    }
    assert_true(kept > 400 && kept < 600);
    assert_true(fabs(excess(placed, 25, 40)) < 6);
}

static void augment_settings(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_dataset *d;
    ds_augment a = { "crop", 1, { "pad" }, { "2" } };
    set.augment = &a, set.augment_count = 1;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    ds_dataset_free(d);
    a = (ds_augment){ "crop", 1, { "size" }, { "20" } };
    assert_fails(ctx, DS_ECONFIG, "images come in as 28x28 and leave as 20x20", ds_dataset_create(&d, ctx, &set));
    a = (ds_augment){ "crop", 1, { "bad" }, { "20" } };
    assert_fails(ctx, DS_ECONFIG, "no option 'bad'", ds_dataset_create(&d, ctx, &set));
    a = (ds_augment){ "flap", 0, { NULL }, { NULL } };
    assert_fails(ctx, DS_EUNKNOWN, "did you mean 'flip'", ds_dataset_create(&d, ctx, &set));
}

/* ---- loaders ---- */

typedef struct record {
    uint64_t hash[64];
} record;

static uint64_t hash_batch(const ds_batch *b, size_t x_bytes)
{
    uint64_t h = (uint64_t)b->n * 31 + (uint64_t)b->epoch * 7 + (uint64_t)b->index;
    for (size_t i = 0; i < x_bytes * (size_t)b->n; i++) h = (h ^ ((uint8_t *)b->x)[i]) * 1099511628211u;
    for (int64_t i = 0; i < b->n; i++)
        h = (h ^ (uint64_t)((int32_t *)b->y)[i] ^ (uint64_t)b->ids[i] << 8) * 1099511628211u;
    return h;
}

static record run_loader(ds_ctx *ctx, const ds_view *v, int prefetch, int64_t seek)
{
    ds_loader_settings set = { .view = v,
                               .sampler = "shuffle",
                               .batch = 7000,
                               .dtype = DS_F32,
                               .seed = 3,
                               .augment = true,
                               .prefetch = prefetch };
    ds_loader *l;
    record r = { { 0 } };
    assert_ok(ctx, ds_loader_create(&l, ctx, &set));
    assert_int_equal(ds_loader_batches(l), 2);
    if (seek) ds_loader_next(l), ds_loader_seek(l, seek / 2, seek % 2);
    for (int64_t k = seek; k < 6; k++) {
        const ds_batch *b = ds_loader_next(l);
        assert_int_equal(b->epoch, k / 2);
        assert_int_equal(b->index, k % 2);
        assert_int_equal(b->last, k % 2);
        assert_int_equal(b->n, k % 2 ? 3000 : 7000);
        r.hash[k] = hash_batch(b, 784 * sizeof(float));
    }
    ds_loader_free(l);
    return r;
}

/* The same batches with and without a thread, from any starting point, with any number of workers. */
static void loader_same_bits(void **state)
{
    ds_ctx *ctx = *state, *one;
    ds_data_settings set = ds_data_defaults();
    ds_augment a[] = { { "flip", 0, { NULL }, { NULL } }, { "crop", 1, { "pad" }, { "2" } } };
    ds_dataset *d;
    set.augment = a, set.augment_count = 2, set.holdout = "50000", set.scale_given = true, set.scale[1] = 1;
    assert_int_equal(ds_ctx_create(&one, 1), DS_OK);
    record first = { { 0 } };
    for (int k = 0; k < 6; k++) {
        ds_ctx *c = k == 5 ? one : ctx;
        assert_ok(c, ds_dataset_create(&d, c, &set));
        record r = run_loader(c, ds_dataset_view(d, DS_TRAIN),
                              k == 1   ? 1
                              : k == 2 ? 3
                              : k == 4 ? 2
                                       : 0,
                              k == 3 || k == 4 ? 3 : 0);
        if (k == 0) first = r;
        assert_memory_equal(first.hash + (k == 3 || k == 4 ? 3 : 0), r.hash + (k == 3 || k == 4 ? 3 : 0),
                            (size_t)(k == 3 || k == 4 ? 3 : 6) * 8);
        ds_dataset_free(d);
    }
    assert_true(first.hash[0] != first.hash[2]);
    ds_ctx_free(one);
}

/* Augmentation is drawn anew for every epoch and seed, and the same again for the same two. */
static void augmentation_by_epoch(void **state)
{
    ds_ctx *ctx = *state;
    ds_data_settings set = ds_data_defaults();
    ds_augment a = { "crop", 1, { "pad" }, { "3" } };
    ds_dataset *d;
    uint64_t hash[4];
    set.augment = &a, set.augment_count = 1, set.difficulty = 0;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    for (int k = 0; k < 4; k++) {
        ds_loader_settings ls = { .view = ds_dataset_view(d, DS_TRAIN),
                                  .sampler = "sequential",
                                  .batch = 8,
                                  .dtype = DS_F32,
                                  .seed = k == 2,
                                  .augment = true };
        ds_loader *l;
        assert_ok(ctx, ds_loader_create(&l, ctx, &ls));
        ds_loader_seek(l, k == 1, 0);
        ds_batch b = *ds_loader_next(l);
        b.epoch = 0;
        hash[k] = hash_batch(&b, 784 * sizeof(float));
        ds_loader_free(l);
    }
    assert_true(hash[0] != hash[1] && hash[0] != hash[2] && hash[0] == hash[3]);
    ds_dataset_free(d);
}

static void loader_covers_the_rows(void **state)
{
    ds_ctx *ctx = *state;
    ds_dataset *d = table(ctx, ds_data_defaults());
    for (int prefetch = 0; prefetch <= 2; prefetch++) {
        ds_loader_settings set = { .view = ds_dataset_view(d, DS_TRAIN),
                                   .sampler = "shuffle",
                                   .batch = 12,
                                   .dtype = DS_F64,
                                   .prefetch = prefetch };
        ds_loader *l;
        assert_ok(ctx, ds_loader_create(&l, ctx, &set));
        for (int epoch = 0; epoch < 20; epoch++) {
            int seen[ROWS] = { 0 }, stored = 0;
            for (int k = 0; k < 4; k++) {
                const ds_batch *b = ds_loader_next(l);
                assert_int_equal(b->n, k < 3 ? 12 : 4);
                for (int64_t i = 0; i < b->n; i++) {
                    double *x = (double *)b->x + 3 * i;
                    assert_true(x[0] == b->ids[i] && x[1] == x[0] * x[0]);
                    assert_int_equal(((int32_t *)b->y)[i], b->ids[i] % 4 == 3);
                    stored += b->ids[i] == k * 12 + i;
                    seen[b->ids[i]]++;
                }
            }
            for (int i = 0; i < ROWS; i++) assert_int_equal(seen[i], 1);
            assert_true(stored < 12); /* one on average */
        }
        ds_loader_free(l);
        assert_ok(ctx, ds_loader_create(&l, ctx, &set)); /* freed at once, with a thread at work */
        ds_loader_free(l);
    }
    ds_loader_settings set = {
        .view = ds_dataset_view(d, DS_TRAIN), .sampler = "shuffle", .batch = 41, .dtype = DS_F32
    };
    ds_loader *l;
    assert_fails(ctx, DS_ECONFIG, "wanted 1 to 40", ds_loader_create(&l, ctx, &set));
    set.batch = 1, set.sampler = "shuffled";
    assert_fails(ctx, DS_EUNKNOWN, "shuffled", ds_loader_create(&l, ctx, &set));
    ds_dataset_free(d);
}

/* Small batches and many seeks, so that the thread is caught at every point of its work. */
static void loader_seeks(void **state)
{
    ds_ctx *ctx = *state;
    ds_dataset *d = table(ctx, ds_data_defaults());
    ds_loader_settings set = {
        .view = ds_dataset_view(d, DS_TRAIN), .sampler = "shuffle", .batch = 3, .dtype = DS_F32
    };
    ds_loader *ahead, *inline_;
    ds_rng r = ds_rng_at(2, DS_FOR_TEST, 0, 0);
    assert_ok(ctx, ds_loader_create(&inline_, ctx, &set));
    set.prefetch = 3;
    assert_ok(ctx, ds_loader_create(&ahead, ctx, &set));
    for (int k = 0; k < 3000; k++) {
        if (ds_rng_below(&r, 3) == 0) {
            int64_t epoch = (int64_t)ds_rng_below(&r, 5), index = (int64_t)ds_rng_below(&r, 14);
            ds_loader_seek(ahead, epoch, index);
            ds_loader_seek(inline_, epoch, index);
        }
        const ds_batch *a = ds_loader_next(ahead), *b = ds_loader_next(inline_);
        assert_true(a->epoch == b->epoch && a->index == b->index && a->n == b->n && a->last == b->last);
        assert_memory_equal(a->x, b->x, (size_t)a->n * 3 * sizeof(float));
        assert_memory_equal(a->y, b->y, (size_t)a->n * sizeof(int32_t));
        assert_memory_equal(a->ids, b->ids, (size_t)a->n * sizeof(int32_t));
    }
    ds_loader_free(ahead);
    ds_loader_free(inline_);
    ds_dataset_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(philox),
        cmocka_unit_test(shuffle_is_a_bijection),
        cmocka_unit_test(shuffle_is_even),
        cmocka_unit_test(replacement_repeats),
        cmocka_unit_test(holdout),
        cmocka_unit_test(scale_and_standardize),
        cmocka_unit_test(image_statistics),
        cmocka_unit_test(transforms),
        cmocka_unit_test(augment_settings),
        cmocka_unit_test(loader_same_bits),
        cmocka_unit_test(augmentation_by_epoch),
        cmocka_unit_test(loader_covers_the_rows),
        cmocka_unit_test(loader_seeks),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
