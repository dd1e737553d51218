/* early.c - early stopping: the run ends when the watched number has not improved by more than min_delta for `patience`
 * evaluations. Source: Goodfellow et al. algorithm 7.1 (evaluate every n steps; here n is an epoch). */
#include <stdio.h>

#include "train/stop/stop.h"

static void look(const ds_stop_at *a, ds_stop_memory *m)
{
    if (ds_stop_better(a->more, a->value, m->best, ds_stop_real(a, "min_delta"))) {
        m->best = a->value;
        m->epoch = a->epoch;
        m->idle = 0;
    } else {
        m->idle++;
    }
}

static bool over(const ds_stop_at *a, const ds_stop_memory *m) { return m->idle >= ds_stop_integer(a, "patience"); }

static void describe(const ds_stop_at *a, const ds_stop_memory *m, char *out, size_t bytes)
{
    if (m->epoch > 0)
        snprintf(out, bytes, "%s has not improved for %lld epoch%s (best %.4g, epoch %lld)", a->name,
                 (long long)m->idle, m->idle == 1 ? "" : "s", m->best, (long long)m->epoch);
    else
        snprintf(out, bytes, "%s was no number for %lld epoch%s", a->name, (long long)m->idle, m->idle == 1 ? "" : "s");
}

static const ds_option options[] = {
    { .name = "watch",
      .type = DS_OPT_TEXT,
      .kind = "column",
      .help = "number of an epoch that should improve",
      .elsewhere = "Keras and Lightning monitor" },
    { .name = "patience",
      .type = DS_OPT_INT,
      .lo = 1,
      .hi = 1e9,
      .def = "5",
      .help = "epochs without improvement that end the run",
      .why = "enough to see through the noise of single epochs; more where the rate still falls",
      .elsewhere = "Keras patience (default 0), Lightning patience (default 3)" },
    { .name = "min_delta",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 1e30,
      .def = "0",
      .help = "an improvement is more than this",
      .why = "any improvement counts, as in the book",
      .elsewhere = "Keras and Lightning min_delta" },
    DS_STOP_MODE,
    { 0 },
};

const ds_stop_def ds_stop_early = {
    .head = { .name = "early",
              .summary = "ends a run whose watched number has stopped improving",
              .formula = "stop when j = p evaluations have not improved on the best",
              .cite = "Goodfellow et al. algorithm 7.1",
              .options = options,
              .elsewhere = "Keras EarlyStopping(monitor=), Lightning EarlyStopping(monitor=)" },
    .reason = DS_PATIENCE,
    .look = look,
    .over = over,
    .describe = describe,
};
