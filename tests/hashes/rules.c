/* rules.c - every registered optimizer rule in both dialects, f32 and f64: five steps on drawn gradients, then theta and
 * the states. And every schedule's rates over a run. A new rule is in the table by being registered. */
#include "hashes.h"

#include <stdio.h>
#include <string.h>

#include "descent/optim.h"
#include "descent/random.h"
#include "optim/rule.h"
#include "optim/schedule.h"

enum { N = 211, STEPS = 5, COLUMNS = 14 };

static void draw(void *x, ds_dtype t, uint32_t step)
{
    for (uint32_t i = 0; i < N; i++) {
        ds_draw4 d = ds_draw(5, DS_FOR_TEST, step, i, 0);
        double u = 2 * ds_uniform_f64(d.u[0], d.u[1]) - 1;
        if (t == DS_F32)
            ((float *)x)[i] = (float)u;
        else
            ((double *)x)[i] = u;
    }
}

/* Loss and rows, and vectors of further draws. */
static ds_status supply(ds_optim *o, ds_dtype t, const void *point, void *gradient, uint32_t step)
{
    ds_need q = { 0 };
    for (;;) {
        ds_status status = ds_optim_ask(o, point, gradient, &q);
        if (status != DS_OK || !q.what) return status;
        if (q.out) draw(q.out, t, 100 * q.what + step);
        q.number = q.what == DS_NEED_LOSS ? 1.0 / step : 16;
    }
}

static ds_status steps(ds_optim *o, ds_dtype t, void *theta, void *gradient)
{
    draw(theta, t, 0);
    for (uint32_t s = 1; s <= STEPS; s++) {
        const void *point;
        ds_status status = ds_optim_point(o, theta, &point);
        draw(gradient, t, s);
        if (status == DS_OK) status = supply(o, t, point, gradient, s);
        if (status == DS_OK) status = ds_optim_step(o, theta, gradient, 0.01 / s);
        if (status != DS_OK) return status;
    }
    return DS_OK;
}

static void rule(const ds_head *head, const char *dialect, ds_dtype t)
{
    char name[64], row[96];
    const int64_t n = ds_rule_of(head)->each ? N / COLUMNS * COLUMNS : N; /* of rules for matrices 15 x 14 */
    ds_optim_settings s = { .dialect = dialect, .n = n, .dtype = t, .columns = n == N ? 1 : COLUMNS };
    ds_optim *o = NULL;
    void *theta = ds_buffer_alloc(N * 8), *gradient = ds_buffer_alloc(N * 8);
    snprintf(name, sizeof name, "rule.%s.%s.%s", head->name, dialect, ds_dtype_name(t));
    ds_status status = theta && gradient ? ds_rule_parse(hash_ctx(), head->name, &s.rule) : DS_EMEM;
    if (status == DS_OK) status = ds_optim_create(&o, hash_ctx(), &s);
    if (status == DS_OK) status = steps(o, t, theta, gradient);
    if (status != DS_OK) {
        hash_failure(name, ds_error(hash_ctx()));
    } else {
        hash_row(name, t, theta, n);
        for (int i = 0; i < ds_optim_states(o); i++) {
            snprintf(row, sizeof row, "%s.%s", name, ds_optim_state_name(o, i));
            hash_row(row, t, ds_optim_state(o, i), ds_optim_state_count(o, i));
        }
    }
    ds_optim_free(o);
    ds_buffer_free(theta);
    ds_buffer_free(gradient);
}

/* "name(option=value, ...)" with something for each option that must be given. */
static void complete(const ds_head *head, char *text, size_t bytes)
{
    int at = snprintf(text, bytes, "%s", head->name), given = 0;
    const char *value[] = { [DS_OPT_REAL] = "0.5", [DS_OPT_INT] = "3", [DS_OPT_SPAN] = "20 steps" };
    for (const ds_option *o = head->options; o && o->type != DS_OPT_END; o++)
        if (!o->def)
            at += snprintf(text + at, bytes - (size_t)at, "%s%s=%s", given++ ? ", " : "(", o->name, value[o->type]);
    if (given) snprintf(text + at, bytes - (size_t)at, ")");
}

/* Parts for a schedule that is made of them. */
static void give_parts(ds_schedule_settings *s)
{
    static ds_schedule_part part[2];
    const ds_schedule_def *def = ds_schedule_of(s->schedule.head);
    if (!def->combines) return;
    for (int i = 0; i < 2; i++) {
        part[i] = (ds_schedule_part){ .span = def->in_turn && i == 0 ? 30 : 0 };
        ds_schedule_parse(hash_ctx(), i ? "cosine" : "inverse(power=0.5)", &part[i].schedule);
    }
    s->part = part;
    s->parts = 2;
}

static void schedule(const ds_head *head)
{
    char name[64], text[160];
    double rate[100];
    const ds_schedule_memory memory = { .cuts = 2 };
    ds_schedule_settings s = { .warmup = 7,
                               .warmup_unit = DS_UNIT_STEPS,
                               .floor = 1e-4,
                               .lr = 0.3,
                               .total = 100,
                               .epoch = 10,
                               .memory = &memory };
    snprintf(name, sizeof name, "schedule.%s", head->name);
    complete(head, text, sizeof text);
    ds_status status = ds_schedule_parse(hash_ctx(), text, &s.schedule);
    if (status == DS_OK) give_parts(&s);
    if (status != DS_OK || ds_schedule_check(hash_ctx(), &s) != DS_OK) {
        hash_failure(name, ds_error(hash_ctx()));
        return;
    }
    for (int i = 0; i < 100; i++) rate[i] = ds_schedule_rate(&s, i);
    hash_row(name, DS_F64, rate, 100);
}

void hash_rules(void)
{
    static const char *const dialects[] = { "torch", "book" };
    for (int i = 0; i < ds_rule_registry.count; i++)
        for (int d = 0; d < 2; d++) {
            rule(ds_rule_registry.heads[i], dialects[d], DS_F32);
            rule(ds_rule_registry.heads[i], dialects[d], DS_F64);
        }
    for (int i = 0; i < ds_schedule_registry.count; i++) schedule(ds_schedule_registry.heads[i]);
}
