/* c4.c - Nesterov momentum: the gradient is taken where the velocity leads; on convex problems error falls as
 * 1/k^2, and it converges where momentum goes in a circle. */
#include <math.h>
#include <string.h>

#include "descent/optim.h"
#include "lab.h"

enum { SCALES = 141, STEPS = 160, FIRST = 20 };

/* f = sum c_i x_i^2 / 2, curvatures c_i evenly over seven decades up to 1; from x = 1 everywhere there is always a
 * direction that has just begun to move, and excess falls as a power of the steps: descent's as 1/k, not faster. */
static double scales(const double *x, double *g)
{
    double f = 0;
    for (int i = 0; i < SCALES; i++) {
        double c = pow(10, -7.0 * i / (SCALES - 1));
        g[i] = c * x[i];
        f += 0.5 * c * x[i] * x[i];
    }
    return f;
}

typedef struct walker {
    ds_optim *o;
    double *x, *g;
    int n;
} walker;

static ds_status open_walker(ds_trial *t, walker *w, const char *rule, int n)
{
    ds_optim_settings s = { .dialect = "book", .n = n, .dtype = DS_F64 };
    *w = (walker){ .n = n };
    LAB_TRY(ds_rule_parse(t->ctx, rule, &s.rule));
    w->x = ds_buffer_alloc((size_t)n * 8);
    w->g = ds_buffer_alloc((size_t)n * 8);
    return w->x && w->g ? ds_optim_create(&w->o, t->ctx, &s) : DS_EMEM;
}

static void close_walker(walker *w)
{
    ds_optim_free(w->o);
    ds_buffer_free(w->x);
    ds_buffer_free(w->g);
}

/* Slope of log excess against log steps, from step 20 to 160. Shares a = (k - 1) / (k + 2), one rule after another
 * with the same velocity. share false: plain descent. broken: momentum in Nesterov's place does not take the
 * gradient ahead. */
static ds_status power(ds_trial *t, bool share, double *slope)
{
    double lx[STEPS], ly[STEPS], v[SCALES] = { 0 };
    walker w;
    int points = 0;
    ds_status status = open_walker(t, &w, "sgd", SCALES);
    for (int i = 0; i < SCALES && status == DS_OK; i++) w.x[i] = 1;
    for (int k = 1; k <= STEPS && status == DS_OK; k++) {
        char text[80];
        double a = share ? (k - 1.0) / (k + 2.0) : 0;
        if (a > 0) {
            ds_optim_settings s = { .dialect = "book", .n = SCALES, .dtype = DS_F64 };
            snprintf(text, sizeof text, "%s(momentum=%.17g)", t->broken ? "momentum" : "nesterov", a);
            ds_optim_free(w.o);
            w.o = NULL;
            status = ds_rule_parse(t->ctx, text, &s.rule);
            if (status == DS_OK) status = ds_optim_create(&w.o, t->ctx, &s);
            if (status == DS_OK) memcpy(ds_optim_state(w.o, 0), v, sizeof v);
        }
        const void *point = NULL;
        if (status == DS_OK) status = ds_optim_point(w.o, w.x, &point);
        if (status != DS_OK) break;
        memcpy(v, w.x, sizeof v);
        scales(point, w.g);
        status = ds_optim_step(w.o, w.x, w.g, 1);
        for (int i = 0; i < SCALES; i++) v[i] = w.x[i] - v[i];
        if (k < FIRST) continue;
        lx[points] = log(k);
        ly[points++] = log(scales(w.x, w.g));
    }
    *slope = points > 1 ? lab_slope(lx, ly, points) : NAN;
    close_walker(&w);
    return status;
}

/* How far the point at which the rule wants the gradient is from theta + a v, on a quadratic. */
static ds_status look_ahead(ds_trial *t, double *off)
{
    walker w;
    ds_status status = open_walker(t, &w, t->broken ? "momentum(momentum=0.9)" : "nesterov(momentum=0.9)", 4);
    *off = 0;
    for (int i = 0; i < 4 && status == DS_OK; i++) w.x[i] = 1 + i;
    double v[4] = { 0 };
    for (int k = 0; k < 50 && status == DS_OK; k++) {
        const void *point;
        status = ds_optim_point(w.o, w.x, &point);
        for (int i = 0; i < 4 && status == DS_OK; i++) {
            *off = fmax(*off, fabs(((const double *)point)[i] - (w.x[i] + 0.9 * v[i])));
            w.g[i] = pow(4, i) * ((const double *)point)[i];
            v[i] = -w.x[i];
        }
        if (status == DS_OK) status = ds_optim_step(w.o, w.x, w.g, 0.01);
        for (int i = 0; i < 4; i++) v[i] += w.x[i];
    }
    close_walker(&w);
    return status;
}

/* A convex function of curvatures 1 and 25 (its gradient is 25 x, x + 24, 25 x - 24 below 1, up to 2 and above), by
 * rule from 3.3: how far from the minimum after 1,000 steps. */
static ds_status bent(ds_trial *t, const char *rule, double rate, double *distance)
{
    walker w;
    ds_status status = open_walker(t, &w, rule, 1);
    if (status == DS_OK) w.x[0] = 3.3;
    *distance = 0;
    for (int k = 0; k < 1000 && status == DS_OK; k++) {
        const void *point;
        status = ds_optim_point(w.o, w.x, &point);
        if (status != DS_OK) break;
        double x = *(const double *)point;
        w.g[0] = x < 1 ? 25 * x : x < 2 ? x + 24 : 25 * x - 24;
        status = ds_optim_step(w.o, w.x, w.g, rate);
        if (k >= 990) *distance = fmax(*distance, fabs(w.x[0]));
    }
    close_walker(&w);
    return status;
}

static ds_status run(ds_trial *t)
{
    double off = NAN, fast = NAN, plain = NAN, circle = NAN, there = NAN;
    LAB_TRY(look_ahead(t, &off));
    LAB_TRY(power(t, true, &fast));
    LAB_TRY(power(t, false, &plain));
    LAB_TRY(bent(t, "momentum(momentum=0.44444444444444444)", 1.0 / 9, &circle));
    LAB_TRY(bent(t, t->broken ? "momentum(momentum=0.44444444444444444)" : "nesterov(momentum=0.66666666666666667)",
                 t->broken ? 1.0 / 9 : 0.04, &there));
    bool apart = plain > -1.2 && circle > 0.1 && there < 1e-12;
    t->value = apart && off < 1e-14 ? fast : 0;
    t->relation = "<=";
    t->bar = -1.8;
    t->seeds = 1;
    t->data = "convex functions";
    snprintf(
        t->note, sizeof t->note,
        "gradient taken %.1e from theta + a v; excess falls as k^%.2f, plain descent's as k^%.2f; curvatures 1 to 25: "
        "after 1,000 steps momentum is %.2f from the minimum, Nesterov %.1e",
        off, fast, plain, circle, there);
    return DS_OK;
}

const ds_experiment ds_experiment_C4 = {
    .row = "C4",
    .claim = "Nesterov momentum takes the gradient where the velocity leads: on convex problems error falls as 1/k^2, "
             "and it "
             "converges where momentum with its best share circles for ever",
    .run_by =
        "The point asked for on a quadratic; excess error on a convex function with curvatures over seven decades from "
        "step "
        "20 to 160 with shares (k - 1)/(k + 2), beside plain descent; 1,000 steps on a convex function of curvatures 1 "
        "to 25, both rules at the rate and share that theory has best for these.",
    .rule = "Slope of log excess against log steps, at most -1.8 (theory: -2; descent's -1); 0 unless the "
            "gradient is taken at theta + a v to 1e-14, plain descent's slope is above -1.2, and "
            "momentum stays 0.1 or more away where Nesterov comes to 1e-12.",
    .source = "Goodfellow et al. section 8.3.3; Nesterov 2004, 2.1.2 and 2.2.1; Lessard, Recht and Packard 2016, 4.6",
    .broken = "Momentum in Nesterov's place.",
    .run = run,
};
