/* epoch.c - what an epoch came to: a row of metrics.tsv and a report; and the progress inside it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "train/columns.h"
#include "train/parts.h"

void ds_loop_show(ds_loop *l)
{
    double t = ds_loop_now();
    if (!l->watcher || !l->watcher->progress || t - l->shown <= 0.1 || l->batch == 0) return;
    l->shown = t;
    ds_session *s = l->s;
    double spent = l->epoch_spent + t - l->epoch_start, per_batch = spent / (double)l->batch;
    ds_progress p = { .epoch = l->epoch + 1,
                      .epochs = ds_loop_epochs(l),
                      .step = l->step,
                      .batch = l->batch,
                      .batches = s->batches,
                      .loss = l->loss_sum / l->rows,
                      .rows_per_second = l->rows / spent,
                      .epoch_left = per_batch * (double)(s->batches - l->batch),
                      .all_left = l->total == INT64_MAX ? s->set.seconds - ds_loop_seconds(l)
                                                        : per_batch * (double)((l->total - l->step) * s->accumulate) };
    l->watcher->progress(l->watcher->arg, &p);
}

/* A line of metrics.tsv: the names of its columns, or their values in a report. */
static ds_status write_line(ds_loop *l, const ds_epoch_report *r)
{
    char line[1024];
    size_t n = 0;
    if (!l->run) return DS_OK;
    for (int k = 0; k < ds_report_columns(); k++) {
        const char *name = ds_report_name(k);
        if (!ds_column_there(k, l->s)) continue;
        if (n) line[n++] = '\t';
        if (r)
            n += (size_t)snprintf(line + n, sizeof line - n, strcmp(name, "seconds") ? "%.17g" : "%.3f",
                                  ds_report_value(r, k));
        else
            n += (size_t)snprintf(line + n, sizeof line - n, "%s", name);
    }
    ds_status status = ds_run_metrics(l->run, l->s->ctx, line);
    if (status != DS_EIO || !r) return status;
    ds_loop_notice(l, "%s. Training goes on; the row is written when it can be", ds_error(l->s->ctx));
    return DS_OK;
}

ds_status ds_loop_begin_table(ds_loop *l) { return write_line(l, NULL); }

ds_status ds_loop_report(ds_loop *l)
{
    ds_session *s = l->s;
    ds_epoch_report r = { .epoch = l->epoch + 1,
                          .epochs = ds_loop_epochs(l),
                          .step = l->step,
                          .train_loss = l->loss_sum / l->rows,
                          .train_error = l->errors ? l->wrong / l->rows : NAN,
                          .grad_norm = l->grad_norm,
                          .update_ratio = l->update_ratio,
                          .lr = l->lr,
                          .evaluations = ds_solve_evaluations(l),
                          .clips = s->set.clip.kind,
                          .clip_share = (double)l->clipped / (double)l->steps };
    DS_TRY(ds_session_score(s, DS_VAL, &r.val));
    double t = ds_loop_now();
    r.seconds = l->epoch_spent + t - l->epoch_start;
    for (int k = 0; k < ds_loop_part_count && !s->interrupted; k++)
        if (l->own[k] && ds_loop_parts[k]->epoch) DS_TRY(ds_loop_parts[k]->epoch(l, l->own[k], &r));
    if (s->interrupted) {
        ds_loop_end(l, DS_STOPPED, "");
        return DS_OK;
    }
    DS_TRY(write_line(l, &r));
    if (l->watcher && l->watcher->epoch) l->watcher->epoch(l->watcher->arg, &r);
    return DS_OK;
}
