/* target.c - a goal: the run ends when the watched number reaches it, and has missed it when it ends without. */
#include <math.h>
#include <stdio.h>

#include "train/stop/stop.h"

static void look(const ds_stop_at *a, ds_stop_memory *m)
{
    if (!ds_stop_better(a->more, a->value, m->best, 0)) return;
    m->best = a->value;
    m->epoch = a->epoch;
}

static bool over(const ds_stop_at *a, const ds_stop_memory *m)
{
    double goal = ds_stop_real(a, "value");
    return isfinite(m->best) && (a->more ? m->best >= goal : m->best <= goal);
}

static void describe(const ds_stop_at *a, const ds_stop_memory *m, char *out, size_t bytes)
{
    const char *most = a->more ? "at least" : "at most";
    double goal = ds_stop_real(a, "value");
    if (over(a, m))
        snprintf(out, bytes, "%s is %.4g, wanted %s %g (epoch %lld)", a->name, m->best, most, goal,
                 (long long)m->epoch);
    else if (m->epoch > 0)
        snprintf(out, bytes, "%s came to %.4g (epoch %lld), wanted %s %g", a->name, m->best, (long long)m->epoch, most,
                 goal);
    else
        snprintf(out, bytes, "%s was never measured, wanted %s %g", a->name, most, goal);
}

static const ds_option options[] = {
    { .name = "target",
      .type = DS_OPT_TEXT,
      .kind = "column",
      .help = "number of an epoch that should reach value",
      .elsewhere = "Lightning EarlyStopping(monitor=)" },
    { .name = "value",
      .type = DS_OPT_REAL,
      .lo = -1e300,
      .hi = 1e300,
      .help = "where the run has done what it should",
      .elsewhere = "Lightning EarlyStopping(stopping_threshold=), Keras EarlyStopping(baseline=)" },
    DS_STOP_MODE,
    { 0 },
};

const ds_stop_def ds_stop_target = {
    .head = { .name = "target",
              .summary = "ends a run whose watched number has reached a value; exit 6 when the run ends without",
              .options = options },
    .reason = DS_REACHED,
    .once = true,
    .goal = true,
    .look = look,
    .over = over,
    .describe = describe,
};
