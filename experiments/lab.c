/* lab.c - see lab.h. */
#include "lab.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- rows -------------------------------------------------------------------------------------------------------- */

static size_t element(ds_dtype t) { return ds_dtype_bytes(t); }

ds_status lab_rows_alloc(ds_trial *t, lab_rows *r)
{
    (void)t;
    size_t y = r->classes ? 4 : (size_t)r->targets * element(r->dtype);
    r->x = ds_buffer_alloc((size_t)(r->n * r->width) * element(r->dtype));
    r->y = ds_buffer_alloc((size_t)r->n * y);
    r->ids = ds_buffer_alloc((size_t)r->n * sizeof *r->ids);
    if (!r->x || !r->y || !r->ids) return DS_EMEM;
    for (int64_t i = 0; i < r->n; i++) r->ids[i] = (int32_t)i;
    return DS_OK;
}

void lab_rows_free(lab_rows *r)
{
    ds_buffer_free(r->x);
    ds_buffer_free(r->y);
    ds_buffer_free(r->ids);
    memset(r, 0, sizeof *r);
}

ds_batch lab_slice(const lab_rows *r, int64_t from, int64_t n)
{
    size_t y = r->classes ? 4 : (size_t)r->targets * element(r->dtype);
    return (ds_batch){ .n = n,
                       .x = (char *)r->x + (size_t)(from * r->width) * element(r->dtype),
                       .y = (char *)r->y + (size_t)from * y,
                       .ids = r->ids + from };
}

void lab_copy_row(lab_rows *dst, int64_t to, const lab_rows *src, int64_t from)
{
    ds_batch a = lab_slice(dst, to, 1), b = lab_slice(src, from, 1);
    memcpy(a.x, b.x, (size_t)src->width * element(src->dtype));
    memcpy(a.y, b.y, src->classes ? 4 : (size_t)src->targets * element(src->dtype));
}

static void put(const lab_rows *r, int64_t at, double x)
{
    if (r->dtype == DS_F64)
        ((double *)r->x)[at] = x;
    else
        ((float *)r->x)[at] = (float)x;
}

/* Images of 3x32x32: a smooth pattern per class (4x4 blocks of normal draws, stretched), dimmed, plus pixel noise; row
 * i is a function of (seed, i). Channels last. */
static ds_status make_patterns(ds_trial *t, lab_rows *r, int64_t from)
{
    *r = (lab_rows){ .n = r->n, .width = 3072, .sample = DS_SHAPE(3, 32, 32), .classes = 10, .dtype = r->dtype };
    LAB_TRY(lab_rows_alloc(t, r));
    for (int64_t i = 0; i < r->n; i++) {
        ds_rng g = ds_rng_at(7, DS_FOR_TOUR, 1, (uint32_t)(from + i));
        int c = (int)ds_rng_below(&g, 10);
        double block[48], light = 0.3 * ds_rng_normal(&g);
        ds_rng pattern = ds_rng_at(7, DS_FOR_TOUR, 2, (uint32_t)c);
        for (int k = 0; k < 48; k++) block[k] = 0.35 * ds_rng_normal(&pattern) + 0.45 * ds_rng_normal(&g) + light;
        ((int32_t *)r->y)[i] = c;
        for (int h = 0; h < 32; h++)
            for (int w = 0; w < 32; w++)
                for (int k = 0; k < 3; k++) {
                    double v = 0.5 + 0.2 * block[(h / 8 * 4 + w / 8) * 3 + k] + 0.1 * (ds_rng_uniform(&g) - 0.5);
                    put(r, i * 3072 + (h * 32 + w) * 3 + k, v < 0 ? 0 : v > 1 ? 1 : v);
                }
    }
    return DS_OK;
}

static ds_status read_set(ds_trial *t, lab_rows *r, const ds_data_settings *settings, ds_split split, int64_t from)
{
    ds_dataset *d;
    LAB_TRY(ds_dataset_create(&d, t->ctx, settings));
    const ds_view *v = ds_dataset_view(d, split);
    int64_t left = ds_view_endless(v) ? r->n : ds_view_rows(v) - from, n = r->n < left ? r->n : left;
    *r = (lab_rows){ .n = n,
                     .width = ds_shape_count(ds_dataset_sample(d)),
                     .sample = ds_dataset_sample(d),
                     .classes = ds_dataset_classes(d),
                     .dtype = r->dtype };
    ds_status status = lab_rows_alloc(t, r);
    for (int64_t i = 0; i < n && status == DS_OK; i++) {
        int64_t row = from + i;
        ds_batch b = lab_slice(r, i, 1);
        status = ds_view_read(v, &row, 1, r->dtype, &b);
    }
    ds_dataset_free(d);
    return status;
}

ds_data_settings lab_images_settings(ds_trial *t, const char *set, char path[LAB_PATH])
{
    ds_data_settings s = ds_data_defaults();
    bool cifar = !strcmp(set, "cifar10");
    s.scale_given = true;
    s.scale[1] = 1;
    t->data = t->data_dir ? (cifar ? "cifar10" : "mnist") : cifar ? "generated 3x32x32" : "digits";
    if (t->data_dir) {
        snprintf(path, LAB_PATH, "%s/%s", t->data_dir, set);
        s.format = cifar ? "cifar10" : "idx";
        s.path = path;
    }
    return s;
}

ds_status lab_images(ds_trial *t, lab_rows *r, const char *set, ds_split split, int64_t from, int64_t n, ds_dtype dtype)
{
    char path[LAB_PATH];
    ds_data_settings s = lab_images_settings(t, set, path);
    *r = (lab_rows){ .n = n, .dtype = dtype };
    if (!t->data_dir && !strcmp(set, "cifar10")) return make_patterns(t, r, split == DS_TRAIN ? from : 10000000 + from);
    return read_set(t, r, &s, split, from);
}

ds_status lab_stream(ds_trial *t, lab_rows *r, int64_t from, int64_t n, ds_dtype dtype)
{
    char path[LAB_PATH];
    ds_data_settings s = lab_images_settings(t, "mnist", path);
    *r = (lab_rows){ .n = n, .dtype = dtype };
    s.stream = !t->data_dir;
    return read_set(t, r, &s, DS_TRAIN, from);
}

ds_status lab_regression(ds_trial *t, lab_rows *r, int64_t width, int64_t n, double noise, uint32_t stream, double *w)
{
    *r = (lab_rows){ .n = n, .width = width, .sample = DS_SHAPE(width), .targets = 1, .dtype = DS_F64 };
    LAB_TRY(lab_rows_alloc(t, r));
    double *truth = calloc((size_t)width, sizeof *truth);
    if (!truth) return DS_EMEM;
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 3, 0);
    for (int64_t k = 0; k < width; k++) truth[k] = ds_rng_normal(&g);
    g = ds_rng_at(t->seed, DS_FOR_TOUR, 4, stream);
    for (int64_t i = 0; i < n; i++) {
        double y = noise * ds_rng_normal(&g);
        for (int64_t k = 0; k < width; k++) {
            double x = ds_rng_normal(&g);
            ((double *)r->x)[i * width + k] = x;
            y += x * truth[k];
        }
        ((double *)r->y)[i] = y;
    }
    if (w) memcpy(w, truth, (size_t)width * sizeof *w);
    free(truth);
    t->data = "gaussian";
    return DS_OK;
}

/* ---- problems ---------------------------------------------------------------------------------------------------- */

ds_status lab_problem(ds_trial *t, ds_problem **p, const lab_rows *like, const char *loss, double l2,
                      const char *const *layers)
{
    ds_model *m;
    *p = NULL;
    LAB_TRY(ds_model_create(&m, t->ctx));
    ds_status status = DS_OK;
    for (int k = 0; layers[k] && status == DS_OK; k++) status = ds_model_add(m, layers[k]);
    const ds_problem_settings set = { .loss = loss,
                                      .l2 = l2,
                                      .sample = like->sample,
                                      .classes = like->classes,
                                      .targets = like->targets,
                                      .dtype = like->dtype };
    if (status == DS_OK) status = ds_problem_create(p, t->ctx, m, &set);
    ds_model_free(m);
    return status;
}

enum { CHUNK = 1000 };

ds_status lab_gradient(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, void *g, double *value)
{
    void *part = lab_vector(p);
    if (!part) return DS_EMEM;
    int64_t dim = ds_space_dim(ds_problem_space(p));
    double total = 0, loss;
    ds_status status = DS_OK;
    memset(g, 0, (size_t)dim * element(ds_problem_dtype(p)));
    for (int64_t from = 0; from < r->n && status == DS_OK; from += CHUNK) {
        int64_t n = r->n - from < CHUNK ? r->n - from : CHUNK;
        ds_batch b = lab_slice(r, from, n);
        status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_ROWS, t->seed, 0 }, part, &loss);
        lab_axpy(p, (double)n / (double)r->n, part, g);
        total += loss * (double)n / (double)r->n;
    }
    if (value) *value = total;
    ds_buffer_free(part);
    return status;
}

ds_status lab_error(ds_trial *t, ds_problem *p, const lab_rows *r, const void *theta, double *error)
{
    ds_metric *m;
    LAB_TRY(ds_metric_create(&m, p, "error"));
    ds_status status = DS_OK;
    for (int64_t from = 0; from < r->n && status == DS_OK; from += CHUNK) {
        int64_t n = r->n - from < CHUNK ? r->n - from : CHUNK;
        ds_batch b = lab_slice(r, from, n);
        const void *z;
        status = ds_problem_outputs(p, &(ds_at){ &b, theta, DS_MODE_EVAL, t->seed, 0 }, &z, NULL);
        if (status == DS_OK) ds_metric_add(m, z, b.y, n);
    }
    *error = ds_metric_value(m);
    ds_metric_free(m);
    return status;
}

ds_status lab_descend(ds_trial *t, ds_problem *p, const lab_rows *r, void *theta, int64_t batch, int64_t steps,
                      double rate, double decay, uint32_t stream)
{
    bool all = batch >= r->n;
    lab_rows drawn = *r;
    void *g = lab_vector(p);
    drawn.n = batch;
    drawn.x = drawn.y = NULL;
    drawn.ids = NULL;
    ds_status status = !g ? DS_EMEM : all ? DS_OK : lab_rows_alloc(t, &drawn);
    ds_rng rng = ds_rng_at(t->seed, DS_FOR_TOUR, 5, stream);
    for (int64_t k = 0; k < steps && status == DS_OK; k++) {
        double value;
        for (int64_t i = 0; i < batch && !all; i++)
            lab_copy_row(&drawn, i, r, (int64_t)ds_rng_below(&rng, (uint64_t)r->n));
        ds_batch b = lab_slice(all ? r : &drawn, 0, all ? r->n : batch);
        status = ds_problem_gradient(p, &(ds_at){ &b, theta, DS_MODE_TRAIN, t->seed, (uint64_t)k }, g, &value);
        lab_axpy(p, -rate / (decay > 0 ? 1 + (double)k / decay : 1), g, theta);
    }
    if (!all) lab_rows_free(&drawn);
    ds_buffer_free(g);
    return status;
}

/* ---- vectors ----------------------------------------------------------------------------------------------------- */

void *lab_vector(const ds_problem *p)
{
    return ds_buffer_alloc((size_t)ds_space_dim(ds_problem_space(p)) * element(ds_problem_dtype(p)));
}

double lab_get(const ds_problem *p, const void *v, int64_t i)
{
    return ds_problem_dtype(p) == DS_F64 ? ((const double *)v)[i] : (double)((const float *)v)[i];
}

void lab_set(const ds_problem *p, void *v, int64_t i, double x)
{
    if (ds_problem_dtype(p) == DS_F64)
        ((double *)v)[i] = x;
    else
        ((float *)v)[i] = (float)x;
}

void lab_axpy(const ds_problem *p, double a, const void *x, void *y)
{
    int64_t n = ds_space_dim(ds_problem_space(p));
    if (ds_problem_dtype(p) == DS_F64)
        for (int64_t i = 0; i < n; i++) ((double *)y)[i] += a * ((const double *)x)[i];
    else
        for (int64_t i = 0; i < n; i++) ((float *)y)[i] += (float)a * ((const float *)x)[i];
}

double lab_dot(const ds_problem *p, const void *x, const void *y)
{
    int64_t n = ds_space_dim(ds_problem_space(p));
    double s = 0;
    for (int64_t i = 0; i < n; i++) s += lab_get(p, x, i) * lab_get(p, y, i);
    return s;
}

double lab_distance(const ds_problem *p, const void *x, const void *y)
{
    int64_t n = ds_space_dim(ds_problem_space(p));
    double s = 0;
    for (int64_t i = 0; i < n; i++) {
        double d = lab_get(p, x, i) - lab_get(p, y, i);
        s += d * d;
    }
    return sqrt(s);
}

/* ---- statistics -------------------------------------------------------------------------------------------------- */

double lab_mean(const double *x, int n)
{
    double s = 0;
    for (int i = 0; i < n; i++) s += x[i];
    return s / n;
}

double lab_error_of_mean(const double *x, int n)
{
    double m = lab_mean(x, n), s = 0;
    for (int i = 0; i < n; i++) s += (x[i] - m) * (x[i] - m);
    return n > 1 ? sqrt(s / (n - 1) / n) : NAN;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double lab_median(double *x, int n)
{
    qsort(x, (size_t)n, sizeof *x, ascending);
    return n % 2 ? x[n / 2] : 0.5 * (x[n / 2 - 1] + x[n / 2]);
}

/* The standard error of a few seeds may come out tiny by chance; a thousandth of the mean is its least. */
double lab_paired(const double *x, const double *y, int n)
{
    double d[64];
    for (int i = 0; i < n; i++) d[i] = x[i] - y[i];
    double mean = lab_mean(d, n), error = fmax(lab_error_of_mean(d, n), 1e-3 * fabs(mean));
    return mean == 0 ? 0 : mean / error;
}

double lab_slope(const double *x, const double *y, int n)
{
    double mx = lab_mean(x, n), my = lab_mean(y, n), sxy = 0, sxx = 0;
    for (int i = 0; i < n; i++) {
        sxy += (x[i] - mx) * (y[i] - my);
        sxx += (x[i] - mx) * (x[i] - mx);
    }
    return sxy / sxx;
}

double lab_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
