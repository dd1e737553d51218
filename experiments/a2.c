/* a2.c - surrogate losses in place of the 0-1 loss: what they add to it, what they estimate, and what it would cost to
 * minimize the 0-1 loss itself. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lab.h"

enum { MOST = 48, ROWS = 100, TEST = 6000, BATCH = 10, PASSES = 250 };

/* ---- after the training error has reached zero ------------------------------------------------------------------- */

typedef struct point {
    double nll, test, margin; /* mean over training rows of (right score - largest other) / |theta| */
    int pass;                 /* 0: not reached */
} point;

static ds_status margin_of(ds_trial *t, lab_trainer *w, const lab_rows *r, double *margin)
{
    const void *z;
    ds_batch b = lab_slice(r, 0, r->n);
    LAB_TRY(ds_problem_outputs(w->p, &(ds_at){ &b, w->theta, DS_MODE_EVAL, t->seed, 0 }, &z, NULL));
    *margin = 0;
    for (int64_t i = 0; i < r->n; i++) {
        const float *s = (const float *)z + i * r->classes;
        int y = ((const int32_t *)r->y)[i];
        float other = -INFINITY;
        for (int j = 0; j < r->classes; j++) other = j != y && s[j] > other ? s[j] : other;
        *margin += (double)(s[y] - other) / (double)r->n;
    }
    *margin /= sqrt(lab_dot(w->p, w->theta, w->theta));
    return DS_OK;
}

/* Train by the surrogate; where the training 0-1 error first is zero, and at the end. broken: the 0-1 loss has no
 * gradient left there, so training ends. */
static ds_status train(ds_trial *t, const lab_rows *r, const lab_rows *test, int s, point at[2])
{
    static const char *const layers[] = { "flatten", "dense 48 act=relu", "dense classes", NULL };
    lab_trainer w;
    ds_problem *p;
    int64_t order[ROWS];
    at[0].pass = 0;
    LAB_TRY(lab_problem(t, &p, r, "cross-entropy", 0, layers));
    ds_status status = lab_trainer_open(t, &w, p, r, "sgd(lr=0.1)", BATCH, t->seed + (uint64_t)s);
    if (status != DS_OK) {
        ds_problem_free(p);
        return status;
    }
    for (int pass = 1; pass <= PASSES && status == DS_OK; pass++) {
        point *now = &at[1];
        double train_error = 1;
        lab_shuffle(order, ROWS, t->seed + (uint64_t)s, 100, (uint32_t)pass);
        if (!(t->broken && at[0].pass)) status = lab_trainer_pass(&w, r, order, ROWS);
        if (status == DS_OK && (at[0].pass == 0 || pass == PASSES))
            status = lab_trainer_score(t, &w, r, &now->nll, &train_error);
        if (status != DS_OK || (pass < PASSES && (at[0].pass || train_error > 0))) continue;
        double test_nll;
        now->pass = pass;
        status = margin_of(t, &w, r, &now->margin);
        if (status == DS_OK) status = lab_trainer_score(t, &w, test, &test_nll, &now->test);
        if (at[0].pass == 0 && train_error == 0) at[0] = *now;
    }
    lab_trainer_close(&w);
    ds_problem_free(p);
    return status;
}

static ds_status after_zero(ds_trial *t, double z[2], int *reached)
{
    double error[2][MOST], margin[2][MOST];
    size_t room = sizeof t->note;
    point at[2];
    *reached = 0;
    for (int s = 0; s < t->seeds; s++) {
        lab_rows r, test;
        LAB_TRY(lab_images(t, &r, "mnist", DS_TRAIN, s * ROWS, ROWS, DS_F32));
        ds_status status = lab_images(t, &test, "mnist", DS_TEST, 0, TEST, DS_F32);
        if (status == DS_OK) status = train(t, &r, &test, s, at);
        lab_rows_free(&r);
        lab_rows_free(&test);
        LAB_TRY(status);
        *reached += at[0].pass > 0;
        for (int k = 0; k < 2; k++) {
            error[k][s] = at[k].test;
            margin[k][s] = at[k].margin;
        }
        if (t->talk)
            fprintf(
                t->talk,
                "  training error 0 after pass %d: NLL %.4f, test error %.4f, margin %.4f; pass %d: %.4f, %.4f, %.4f\n",
                at[0].pass, at[0].nll, at[0].test, at[0].margin, at[1].pass, at[1].nll, at[1].test, at[1].margin);
    }
    z[0] = lab_paired(error[0], error[1], t->seeds);
    z[1] = lab_paired(margin[1], margin[0], t->seeds);
    snprintf(t->note, room, "test error %.4f when the training error reached 0, %.4f at the end; margin %.3f, %.3f",
             lab_mean(error[0], t->seeds), lab_mean(error[1], t->seeds), lab_mean(margin[0], t->seeds),
             lab_mean(margin[1], t->seeds));
    return DS_OK;
}

/* ---- calibrated probabilities ------------------------------------------------------------------------------------ */

enum { WIDTH = 3, FIT = 16000 };

/* Two classes x ~ N((2c - 1) m 1, I) of equal chance: p(1 | x) = s(2 m sum x). */
static ds_status two_classes(ds_trial *t, lab_rows *r, int64_t n, double m, uint32_t stream)
{
    *r = (lab_rows){ .n = n, .width = WIDTH, .sample = DS_SHAPE(WIDTH), .classes = 2, .dtype = DS_F64 };
    LAB_TRY(lab_rows_alloc(t, r));
    ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 101, stream);
    for (int64_t i = 0; i < n; i++) {
        int c = (int)ds_rng_below(&g, 2);
        ((int32_t *)r->y)[i] = c;
        for (int k = 0; k < WIDTH; k++) ((double *)r->x)[i * WIDTH + k] = ds_rng_normal(&g) + (2 * c - 1) * m;
    }
    return DS_OK;
}

/* Root mean square distance of s(score difference) from the true p(1 | x) on fresh rows, for a linear model fitted by a
 * loss; 0-1 error beside it. */
static ds_status calibration(ds_trial *t, const char *loss, double *off, double *error)
{
    static const char *const layers[] = { "dense classes", NULL };
    const double m = 0.5;
    lab_rows r, fresh;
    ds_problem *p = NULL;
    const void *z;
    LAB_TRY(two_classes(t, &r, FIT, m, 0));
    ds_status status = two_classes(t, &fresh, FIT, m, 1);
    if (status == DS_OK) status = lab_problem(t, &p, &r, loss, 0, layers);
    void *theta = p ? lab_vector(p) : NULL;
    if (status == DS_OK) status = theta ? lab_descend(t, p, &r, theta, FIT, 400, 0.5, 0, 0) : DS_EMEM;
    if (status == DS_OK) status = lab_error(t, p, &fresh, theta, error);
    ds_batch b = lab_slice(&fresh, 0, FIT);
    if (status == DS_OK) status = ds_problem_outputs(p, &(ds_at){ &b, theta, DS_MODE_EVAL, 0, 0 }, &z, NULL);
    double sum = 0;
    for (int64_t i = 0; i < FIT && status == DS_OK; i++) {
        const double *x = (const double *)fresh.x + i * WIDTH, *s = (const double *)z + 2 * i;
        double truth = 1 / (1 + exp(-2 * m * (x[0] + x[1] + x[2]))), found = 1 / (1 + exp(s[0] - s[1]));
        sum += (found - truth) * (found - truth);
    }
    *off = sqrt(sum / FIT);
    ds_buffer_free(theta);
    ds_problem_free(p);
    lab_rows_free(&r);
    lab_rows_free(&fresh);
    return status;
}

/* ---- the exact minimum of the 0-1 loss --------------------------------------------------------------------------- */

enum { POINTS = 12, DIMS = 6, DICHOTOMIES = 1 << POINTS };

typedef struct cloud {
    int n, d;
    double x[POINTS][DIMS];
    uint32_t label;          /* bit i: class of point i */
    bool seen[DICHOTOMIES];  /* of the dichotomies that a hyperplane through 0 makes */
    int tried, found, least; /* hyperplanes, dichotomies, errors of the best */
} cloud;

/* w orthogonal to the d - 1 chosen points: elimination with full pivoting. */
static void normal_of(const cloud *c, const int *chosen, double *w)
{
    double a[DIMS][DIMS];
    int column[DIMS], rows = c->d - 1;
    for (int i = 0; i < rows; i++) memcpy(a[i], c->x[chosen[i]], sizeof a[i]);
    for (int j = 0; j < DIMS; j++) column[j] = j;
    for (int i = 0; i < rows; i++) {
        int r = i, q = i;
        for (int k = i; k < rows; k++)
            for (int j = i; j < c->d; j++)
                if (fabs(a[k][column[j]]) > fabs(a[r][column[q]])) r = k, q = j;
        int swap = column[i];
        column[i] = column[q];
        column[q] = swap;
        for (int j = 0; j < c->d; j++) {
            double v = a[i][j];
            a[i][j] = a[r][j];
            a[r][j] = v;
        }
        for (int k = 0; k < rows; k++) {
            double f = k == i ? 0 : a[k][column[i]] / a[i][column[i]];
            for (int j = 0; j < c->d; j++) a[k][j] -= f * a[i][j];
        }
    }
    w[column[rows]] = 1;
    for (int i = 0; i < rows; i++) w[column[i]] = -a[i][column[rows]] / a[i][column[i]];
}

/* Every dichotomy of points in general position is next to a hyperplane through d - 1 of them: those can be put on
 * either side by a turn as small as one likes. */
static void try_hyperplane(cloud *c, const int *chosen)
{
    double w[DIMS];
    uint32_t on = 0, side = 0, all = (1u << c->n) - 1;
    normal_of(c, chosen, w);
    for (int i = 0; i < c->d - 1; i++) on |= 1u << chosen[i];
    for (int i = 0; i < c->n; i++) {
        double s = 0;
        for (int k = 0; k < c->d; k++) s += w[k] * c->x[i][k];
        if (s > 0 && !(on >> i & 1)) side |= 1u << i;
    }
    c->tried++;
    for (uint32_t turn = 0; turn < 1u << (c->d - 1); turn++) {
        uint32_t put = 0;
        for (int i = 0; i < c->d - 1; i++) put |= (turn >> i & 1) << chosen[i];
        for (int flip = 0; flip < 2; flip++) {
            uint32_t one = ((flip ? ~side : side) & all & ~on) | put;
            int errors = __builtin_popcount(one ^ c->label);
            c->found += !c->seen[one];
            c->seen[one] = true;
            if (errors < c->least) c->least = errors;
        }
    }
}

static void enumerate(cloud *c, int *chosen, int count, int from)
{
    if (count == c->d - 1) {
        try_hyperplane(c, chosen);
        return;
    }
    for (int i = from; i < c->n; i++) {
        chosen[count] = i;
        enumerate(c, chosen, count + 1, i + 1);
    }
}

/* Cover 1965: 2 sum over k < d of (n - 1 choose k). */
static int cover(int n, int d)
{
    double choose = 1, sum = 0;
    for (int k = 0; k < d; k++) {
        sum += choose;
        choose = choose * (n - 1 - k) / (k + 1);
    }
    return (int)(2 * sum + 0.5);
}

/* Errors of the linear classifier through 0 that NLL fits to the same points. */
static ds_status surrogate_errors(ds_trial *t, const cloud *c, int *errors)
{
    static const char *const layers[] = { "dense classes bias=false", NULL };
    lab_rows r = { .n = c->n, .width = c->d, .sample = DS_SHAPE(c->d), .classes = 2, .dtype = DS_F64 };
    ds_problem *p = NULL;
    double share = 0;
    ds_status status = lab_rows_alloc(t, &r);
    for (int i = 0; i < c->n && status == DS_OK; i++) {
        memcpy((double *)r.x + i * c->d, c->x[i], (size_t)c->d * 8);
        ((int32_t *)r.y)[i] = (int32_t)(c->label >> i & 1);
    }
    if (status == DS_OK) status = lab_problem(t, &p, &r, "cross-entropy", 0, layers);
    void *theta = p ? lab_vector(p) : NULL;
    if (status == DS_OK) status = theta ? lab_descend(t, p, &r, theta, c->n, 500, 0.3, 0, 0) : DS_EMEM;
    if (status == DS_OK) status = lab_error(t, p, &r, theta, &share);
    *errors = (int)(share * c->n + 0.5);
    ds_buffer_free(theta);
    ds_problem_free(p);
    lab_rows_free(&r);
    return status;
}

/* Dimensions 2 to 6, labels at random: whether every count is Cover's and no surrogate beats the exact minimum. */
static ds_status exact(ds_trial *t, bool *right, char *text, size_t bytes)
{
    int exact_sum = 0, surrogate_sum = 0;
    cloud *c = calloc(1, sizeof *c);
    if (!c) return DS_EMEM;
    ds_status status = DS_OK;
    size_t n = 0;
    *right = true;
    for (int d = 2; d <= DIMS && status == DS_OK; d++) {
        int chosen[DIMS], errors = 0;
        *c = (cloud){ .n = POINTS, .d = d, .least = POINTS };
        ds_rng g = ds_rng_at(t->seed, DS_FOR_TOUR, 102, (uint32_t)d);
        for (int i = 0; i < POINTS; i++) {
            for (int k = 0; k < d; k++) c->x[i][k] = ds_rng_normal(&g);
            c->label |= (uint32_t)ds_rng_below(&g, 2) << i;
        }
        enumerate(c, chosen, 0, 0);
        status = surrogate_errors(t, c, &errors);
        *right &= c->found == cover(POINTS, d) && c->least <= errors;
        exact_sum += c->least;
        surrogate_sum += errors;
        n += (size_t)snprintf(text + n, bytes - n, "%s%d", d > 2 ? ", " : "", c->found);
    }
    free(c);
    snprintf(text + n, bytes - n,
             " dichotomies of %d points in 2 to %d dimensions%s; errors of the exact minimum %d, of NLL's %d", POINTS,
             DIMS, *right ? ", as Cover counts" : ", NOT as Cover counts", exact_sum, surrogate_sum);
    return status;
}

static ds_status run(ds_trial *t)
{
    double z[2], nll, svm, nll_error, svm_error;
    int reached;
    bool right;
    char text[256];
    t->seeds = t->full ? MOST : 24;
    LAB_TRY(after_zero(t, z, &reached));
    const char *data = t->data;
    LAB_TRY(calibration(t, "cross-entropy", &nll, &nll_error));
    LAB_TRY(calibration(t, "svm", &svm, &svm_error));
    LAB_TRY(exact(t, &right, text, sizeof text));
    t->data = data;
    size_t n = strlen(t->note);
    snprintf(t->note + n, sizeof t->note - n,
             " (%.1f and %.1f errors); probabilities off by %.3f with NLL, %.3f with hinge (0-1 error %.3f, %.3f); %s",
             z[0], z[1], nll, svm, nll_error, svm_error, text);
    bool sound = reached == t->seeds && right && svm > 2 * nll;
    t->value = sound ? fmin(fmin(z[0], z[1]) / 3, 0.03 / nll) : 0;
    t->relation = ">=";
    t->bar = 1;
    return DS_OK;
}

const ds_experiment ds_experiment_A2 = {
    .row = "A2",
    .claim =
        "Surrogates stand in for the 0-1 loss, and do more: test error goes on falling after the training error "
        "reached zero, while margins grow; NLL gives calibrated probabilities; minimizing the 0-1 loss itself means "
        "trying dichotomies, whose number is exponential in the dimension",
    .run_by = "A net on 100 images by NLL, looked at when its training 0-1 error is first zero and after 250 passes; "
              "linear fits by NLL and by hinge to two normal classes with known p(y | x); every dichotomy of 12 points "
              "in 2 to 6 dimensions by hyperplanes through 0.",
    .rule =
        "The least of three numbers, each over its bar: standard errors (paired over seeds) by which the test error "
        "fell, and by which the mean margin over |theta| grew (3 each); 0.03 over the root mean square error of "
        "NLL's probabilities (16,000 rows leave 0.005 to 0.01). 0 unless each seed reaches zero training error, "
        "hinge's "
        "probabilities are off more than twice as far, the dichotomies number as Cover's formula says, and no "
        "surrogate's errors are below the exact minimum.",
    .source = "Goodfellow et al. section 8.1.2; Cover 1965 for the count",
    .broken = "Training ends where the 0-1 loss has nothing more to say: at zero training error.",
    .run = run,
};
