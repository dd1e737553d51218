/* c3.c - momentum as a particle: viscous drag comes to rest at the minimum; turbulent drag never rests, dry friction
 * stops too early, no drag never stops. */
#include <math.h>
#include <string.h>

#include "descent/optim.h"
#include "lab.h"

static const double ravine[2] = { 1, 25 }, drag = 1; /* curvatures; viscous drag of the differential equation */

/* Rule momentum in the book's form on c x^2 / 2, with rate h^2 and share 1 - drag h: its largest distance up to
 * time 5 from x'' = -c x - drag x', x(0) = 1, x'(0) = 0. broken: the share is 0, no velocity is kept. */
static ds_status off_the_path(ds_trial *t, double h, double *worst)
{
    char text[80];
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = 2, .dtype = DS_F64 };
    snprintf(text, sizeof text, "momentum(lr=1, momentum=%.17g)", t->broken ? 0 : 1 - drag * h);
    LAB_TRY(ds_rule_parse(t->ctx, text, &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *x = ds_buffer_alloc(16), *g = ds_buffer_alloc(16);
    ds_status status = x && g ? DS_OK : DS_EMEM;
    if (status == DS_OK) x[0] = x[1] = 1;
    *worst = 0;
    for (int k = 1; k * h <= 5 && status == DS_OK; k++) {
        for (int i = 0; i < 2; i++) g[i] = ravine[i] * x[i];
        status = ds_optim_step(o, x, g, h * h);
        for (int i = 0; i < 2; i++) {
            double w = sqrt(ravine[i] - drag * drag / 4), time = k * h;
            double exact = exp(-drag * time / 2) * (cos(w * time) + drag / (2 * w) * sin(w * time));
            *worst = fmax(*worst, fabs(x[i] - exact));
        }
    }
    ds_buffer_free(x);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* Speed after many steps under the same gradient, over e |g| / (1 - a). */
static ds_status terminal_speed(ds_trial *t, double *ratio)
{
    ds_optim *o;
    ds_optim_settings s = { .dialect = "book", .n = 1, .dtype = DS_F64 };
    LAB_TRY(ds_rule_parse(t->ctx, t->broken ? "momentum(lr=0.01, momentum=0)" : "momentum(lr=0.01, momentum=0.9)",
                          &s.rule));
    LAB_TRY(ds_optim_create(&o, t->ctx, &s));
    double *x = ds_buffer_alloc(8), *g = ds_buffer_alloc(8), before = 0;
    ds_status status = x && g ? DS_OK : DS_EMEM;
    for (int k = 0; k < 1000 && status == DS_OK; k++) {
        before = x[0];
        g[0] = 3;
        status = ds_optim_step(o, x, g, 0.01);
    }
    if (status == DS_OK) *ratio = (before - x[0]) / (0.01 * 3 / (1 - 0.9));
    ds_buffer_free(x);
    ds_buffer_free(g);
    ds_optim_free(o);
    return status;
}

/* The force against a velocity of size s, divided by s. */
enum { NONE, VISCOUS, TURBULENT, DRY, DRAGS };
static double resistance(int kind, double s)
{
    return kind == VISCOUS ? drag : kind == TURBULENT ? drag * s : kind == DRY ? 1 / fmax(s, 1e-300) : 0;
}

/* A particle in the ravine from (2, 0.3) for 400 units of time. How it moves in the last fifth: greatest speed and
 * greatest distance from the minimum. Drag is taken implicitly, so that dry friction can hold a particle at rest: a
 * force below it moves nothing. */
static void roll(int kind, double *speed, double *distance)
{
    const double h = 1e-3;
    double x[2] = { 2, 0.3 }, v[2] = { 0 };
    *speed = *distance = 0;
    for (int k = 0; k < 400000; k++) {
        for (int i = 0; i < 2; i++) v[i] -= h * ravine[i] * x[i];
        double s = sqrt(v[0] * v[0] + v[1] * v[1]);
        double kept = kind == DRY ? fmax(0, 1 - h * resistance(DRY, s)) : 1 / (1 + h * resistance(kind, s));
        for (int i = 0; i < 2; i++) {
            v[i] *= kept;
            x[i] += h * v[i];
        }
        if (k < 320000) continue;
        *speed = fmax(*speed, s * kept);
        *distance = fmax(*distance, sqrt(x[0] * x[0] + x[1] * x[1]));
    }
}

static ds_status run(ds_trial *t)
{
    double coarse = NAN, fine = NAN, ratio = NAN, speed[DRAGS], distance[DRAGS];
    LAB_TRY(off_the_path(t, 1e-3, &coarse));
    LAB_TRY(off_the_path(t, 5e-4, &fine));
    LAB_TRY(terminal_speed(t, &ratio));
    for (int k = 0; k < DRAGS; k++) roll(k, &speed[k], &distance[k]);
    bool drags = speed[VISCOUS] < 1e-12 && distance[VISCOUS] < 1e-12 && speed[TURBULENT] > 1e-3 && speed[DRY] == 0 &&
                 distance[DRY] > 1e-2 && distance[NONE] > 1.9;
    t->value = drags ? fmax(fmax(fine / 0.01, fabs(coarse / fine - 2) / 0.1), fabs(ratio - 1) / 1e-9) : INFINITY;
    t->relation = "<=";
    t->bar = 1;
    t->seeds = 1;
    t->data = "a ravine of curvatures 1 and 25";
    snprintf(t->note, sizeof t->note,
             "off the differential equation by %.2e, with half the step %.2e; terminal speed %.10f of e|g|/(1-a); late "
             "speed and distance: no drag %.2g, %.2g, viscous %.1g, %.1g, turbulent %.2g, %.2g, dry %.1g, %.2g",
             coarse, fine, ratio, speed[NONE], distance[NONE], speed[VISCOUS], distance[VISCOUS], speed[TURBULENT],
             distance[TURBULENT], speed[DRY], distance[DRY]);
    return DS_OK;
}

const ds_experiment ds_experiment_C3 = {
    .row = "C3",
    .claim =
        "Momentum is a particle under viscous drag: it reaches a terminal speed and rests at the minimum. Turbulent "
        "drag is too weak to let it rest, dry friction stops it early, and without drag it never stops",
    .run_by = "Rule momentum with rate h^2 and share 1 - h beside the damped oscillator's closed solution, for two h; "
              "1,000 equal gradients; a particle in a ravine under four drags for 400 units of time.",
    .rule =
        "The worst of three numbers, each over its bar: distance from the differential equation (0.01 at h = 5e-4; the "
        "method is of first order, so of the size of h times a few), how far halving h is from halving that distance "
        "(0.1), "
        "and how far the speed is from e|g|/(1-a) (1e-9; 0.9^1000 is far less). Infinite unless in the last fifth of "
        "the time viscous drag rests at the minimum (1e-12; e^-160 is less), turbulent drag still moves (1e-3; its "
        "speed falls as 1/time), dry friction is at rest 0.01 or more away, and no drag swings as wide as at first.",
    .source = "Goodfellow et al. section 8.3.2",
    .broken = "No velocity is kept: the share is 0.",
    .run = run,
};
