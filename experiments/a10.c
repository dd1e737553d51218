/* a10.c - successive examples that belong together bias minibatches; a set shuffled once and stored does no significant
 * harm; a set larger than memory is shuffled on disk. */
#include <math.h>
#include <string.h>

#include "lab.h"

enum { ROWS = 2000, TEST = 4000, BATCH = 20, PASSES = 4, GROUP = 40, MOST = 16 };
enum { SORTED, GROUPED, ONCE, RANDOM, ORDERS };

/* ---- four orders of the same rows -------------------------------------------------------------------------------- */

/* Stored order: by class; or in groups (think of a patient's blood tests) of 40 rows of one class; or shuffled once.
 * broken: all of them are. */
static void arrange(const ds_trial *t, const lab_rows *r, int order, int s, int64_t *to)
{
    enum { GROUPS = ROWS / GROUP };
    int64_t class_order[ROWS], group[GROUPS], n = 0;
    uint64_t seed = t->seed + (uint64_t)s;
    lab_shuffle(to, r->n, seed, 120, 0);
    if (order >= ONCE || t->broken) return;
    for (int c = 0; c < r->classes; c++)
        for (int64_t i = 0; i < r->n; i++)
            if (((const int32_t *)r->y)[to[i]] == c) class_order[n++] = to[i];
    lab_shuffle(group, GROUPS, seed, 121, 0);
    for (int64_t k = 0; k < r->n; k++) to[k] = class_order[order == SORTED ? k : group[k / GROUP] * GROUP + k % GROUP];
}

static ds_status train(ds_trial *t, ds_problem *p, const lab_rows *r, const lab_rows *test, int order, int s,
                       double *loss)
{
    lab_trainer w;
    int64_t at[ROWS];
    LAB_TRY(lab_trainer_open(t, &w, p, r, "sgd(lr=0.1)", BATCH, t->seed + (uint64_t)s));
    arrange(t, r, order, s, at);
    ds_status status = DS_OK;
    for (uint32_t pass = 0; pass < PASSES && status == DS_OK; pass++) {
        if (order == RANDOM) lab_shuffle(at, r->n, t->seed + (uint64_t)s, 122, pass);
        status = lab_trainer_pass(&w, r, at, r->n);
    }
    if (status == DS_OK) status = lab_trainer_score(t, &w, test, loss, NULL);
    lab_trainer_close(&w);
    return status;
}

static ds_status compare(ds_trial *t, double loss[ORDERS][MOST])
{
    static const char *const layers[] = { "flatten", "dense 32 act=relu", "dense classes", NULL };
    lab_rows r, test;
    ds_problem *p = NULL;
    LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, 0, ROWS, DS_F32));
    ds_status status = lab_images(t, &test, "mnist", DS_TEST, 0, TEST, DS_F32);
    if (status == DS_OK) status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    for (int s = 0; s < t->seeds && status == DS_OK; s++)
        for (int k = 0; k < ORDERS && status == DS_OK; k++) status = train(t, p, &r, &test, k, s, &loss[k][s]);
    ds_problem_free(p);
    lab_rows_free(&r);
    lab_rows_free(&test);
    return status;
}

/* ---- on disk ----------------------------------------------------------------------------------------------------- */

enum { MANY = 40000, WIDTH = 16, MEMORY = 1 << 20 };

/* A table whose first column is the row's number. */
static ds_status write_table(ds_trial *t, const char *folder)
{
    char path[LAB_PATH + 16];
    lab_rows r = { .n = MANY, .width = WIDTH, .sample = DS_SHAPE(WIDTH), .classes = 10, .dtype = DS_F32 };
    ds_status status = lab_rows_alloc(t, &r);
    for (int64_t i = 0; i < MANY && status == DS_OK; i++) {
        for (int k = 0; k < WIDTH; k++) ((float *)r.x)[i * WIDTH + k] = (float)(i + k);
        ((int32_t *)r.y)[i] = (int32_t)(i * 10 / MANY);
    }
    snprintf(path, sizeof path, "%s/table", folder);
    if (status == DS_OK) status = lab_rows_write(t, &r, path);
    lab_rows_free(&r);
    return status;
}

static bool stop_halfway(void *arg, const char *what, int64_t done, int64_t rows)
{
    (void)what, (void)rows;
    int *left = arg;
    return done < MANY / 2 || --*left > 0;
}

/* Rewrite the table into folder/name with a megabyte for rows; stops > 0: in as many interrupted calls before the last. */
static ds_status rewrite(ds_trial *t, const char *folder, const char *name, int stops, int *stopped)
{
    char x[LAB_PATH + 16], y[LAB_PATH + 16], out[LAB_PATH + 16];
    const char *const files[2] = { x, y };
    ds_data_settings set = ds_data_defaults();
    snprintf(x, sizeof x, "%s/table-x.npy", folder);
    snprintf(y, sizeof y, "%s/table-y.npy", folder);
    snprintf(out, sizeof out, "%s/%s", folder, name);
    set.format = "npy";
    set.train = files;
    set.train_count = 2;
    *stopped = 0;
    for (int k = 0; k <= stops; k++) {
        int left = 1 + k;
        bool was;
        const ds_rewrite how = { .out = out,
                                 .shuffle = !t->broken,
                                 .seed = t->seed,
                                 .memory = MEMORY,
                                 .progress = k < stops ? stop_halfway : NULL,
                                 .arg = &left };
        LAB_TRY(ds_shards_write(t->ctx, &set, &how, &was));
        *stopped += was;
    }
    return DS_OK;
}

/* What the shards hold: every row once, with its own cells; correlation of place and number; bytes of all rows. */
typedef struct disk {
    uint64_t fingerprint;
    double correlation, bytes;
    bool permutation;
} disk;

static ds_status read_shards(ds_trial *t, const char *folder, const char *name, disk *out)
{
    char path[LAB_PATH + 16];
    float x[WIDTH];
    int32_t y, id;
    static uint8_t seen[MANY];
    ds_dataset *d;
    ds_data_settings set = ds_data_defaults();
    snprintf(path, sizeof path, "%s/%s", folder, name);
    set.format = "shards";
    set.path = path;
    set.window = MEMORY;
    LAB_TRY(ds_dataset_create(&d, t->ctx, &set));
    const ds_view *v = ds_dataset_view(d, DS_TRAIN);
    *out = (disk){ .permutation = ds_view_rows(v) == MANY };
    memset(seen, 0, sizeof seen);
    double sum = 0, middle = (MANY - 1) / 2.0;
    ds_status status = DS_OK;
    for (int64_t i = 0; i < ds_view_rows(v) && i < MANY && status == DS_OK; i++) {
        ds_batch b = { .x = x, .y = &y, .ids = &id };
        status = ds_view_read(v, &i, 1, DS_F32, &b);
        int64_t row = status == DS_OK && x[0] >= 0 && x[0] < MANY ? (int64_t)x[0] : 0;
        bool whole = y == row * 10 / MANY;
        for (int k = 0; k < WIDTH; k++) whole &= (int64_t)x[k] == row + k;
        out->permutation &= whole && !seen[row];
        seen[row] = 1;
        sum += ((double)i - middle) * ((double)row - middle);
    }
    out->correlation = sum / (middle * (middle + 1) * MANY / 3);
    out->bytes = (double)MANY * (WIDTH * 4 + 4);
    if (status == DS_OK) out->fingerprint = ds_dataset_fingerprint(d);
    ds_dataset_free(d);
    return status;
}

static ds_status on_disk(ds_trial *t, disk *whole, disk *resumed, int *stopped)
{
    char folder[LAB_PATH];
    int none;
    LAB_TRY(lab_folder_make(t, folder));
    ds_status status = write_table(t, folder);
    if (status == DS_OK) status = rewrite(t, folder, "whole", 0, &none);
    if (status == DS_OK) status = rewrite(t, folder, "resumed", 2, stopped);
    if (status == DS_OK) status = read_shards(t, folder, "whole", whole);
    if (status == DS_OK) status = read_shards(t, folder, "resumed", resumed);
    lab_folder_remove(folder);
    return status;
}

static ds_status run(ds_trial *t)
{
    double loss[ORDERS][MOST], z[ORDERS];
    disk whole, resumed;
    int stopped;
    t->seeds = t->full ? MOST : 10;
    LAB_TRY(on_disk(t, &whole, &resumed, &stopped));
    LAB_TRY(compare(t, loss));
    for (int k = 0; k < RANDOM; k++) z[k] = lab_paired(loss[k], loss[RANDOM], t->seeds);
    double chance = fabs(whole.correlation) * sqrt(MANY); /* in standard errors of a random order's */
    bool sound = whole.permutation && resumed.permutation && stopped > 0 && whole.fingerprint == resumed.fingerprint &&
                 whole.bytes > 2.0 * MEMORY && chance <= 4;
    double best = lab_mean(loss[RANDOM], t->seeds),
           harm = (lab_mean(loss[ONCE], t->seeds) - best) / (lab_mean(loss[GROUPED], t->seeds) - best);
    t->value = sound && z[ONCE] < 4 && harm < 0.2 ? fmin(z[SORTED], z[GROUPED]) : 0;
    snprintf(t->note, sizeof t->note,
             "test loss sorted %.3f, grouped %.3f, shuffled once %.4f, anew each pass %.4f: %.1f, %.1f, %+.1f standard "
             "errors above the last (once: %+.1f %% of the grouped order's harm); on disk %.1f MB through 1 MB: %s, "
             "correlation of place and number "
             "%+.1f errors off 0, stopped %d times and %s",
             lab_mean(loss[SORTED], t->seeds), lab_mean(loss[GROUPED], t->seeds), lab_mean(loss[ONCE], t->seeds),
             lab_mean(loss[RANDOM], t->seeds), z[SORTED], z[GROUPED], z[ONCE], 100 * harm, whole.bytes / 1e6,
             whole.permutation ? "every row once" : "rows lost or doubled", chance, stopped,
             whole.fingerprint == resumed.fingerprint ? "the same order" : "another order");
    t->relation = ">=";
    t->bar = 5;
    return DS_OK;
}

const ds_experiment ds_experiment_A10 = {
    .row = "A10",
    .claim =
        "Rows that belong together, taken one after another, bias minibatches and training; an order shuffled once "
        "and stored does no significant harm; a set larger than memory is shuffled on disk, resumably",
    .run_by =
        "A net trained for 4 passes over 2,000 rows: sorted by class, in groups of 40 rows of one class, shuffled "
        "once, shuffled before each pass. A table of 2.7 MB rewritten as shards with 1 MB for rows, at once and "
        "stopped on the way.",
    .rule =
        "Standard errors, paired over seeds, by which the test loss of sorted and of grouped rows is above that of an "
        "order drawn anew, the lesser: at least 5. 0 unless the order shuffled once is less than 4 above (by chance "
        "once in 1,000 with 10 seeds) and does less than a fifth of the grouped order's harm, and on disk "
        "every row comes once, place and number are uncorrelated to 4 standard errors, and the rewrite that was "
        "stopped ends with the same order.",
    .source = "Goodfellow et al. section 8.1.3",
    .broken = "No order is kept apart: every stored order is shuffled once, and the rewrite on disk keeps the order of "
              "the table.",
    .run = run,
};
