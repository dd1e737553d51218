/* columns.c - see columns.h. */
#include "train/columns.h"

#include <math.h>
#include <string.h>

#define AT(member) offsetof(ds_epoch_report, member)

static const ds_column columns[] = {
    { { .name = "epoch", .summary = "passes over the training rows, this one included" }, AT(epoch), .whole = true },
    { { .name = "step", .summary = "updates so far" }, AT(step), .whole = true },
    { { .name = "train.loss", .summary = "mean over the epoch's batches as they were trained" }, AT(train_loss) },
    { { .name = "train.error", .summary = "share of rows the network got wrong as it was trained" },
      AT(train_error),
      .classes = true },
    { { .name = "val.loss", .summary = "mean over the validation rows" }, AT(val.loss), .val = true },
    { { .name = "val.accuracy", .summary = "share of validation rows that are right" },
      AT(val.accuracy),
      .more = true,
      .val = true,
      .classes = true },
    { { .name = "val.error", .summary = "share of validation rows that are wrong" },
      AT(val.error),
      .val = true,
      .classes = true },
    { { .name = "average.val.loss", .summary = "val.loss of the averaged weights" },
      AT(average.loss),
      .val = true,
      .average = true },
    { { .name = "average.val.accuracy", .summary = "val.accuracy of the averaged weights" },
      AT(average.accuracy),
      .more = true,
      .val = true,
      .classes = true,
      .average = true },
    { { .name = "average.val.error", .summary = "val.error of the averaged weights" },
      AT(average.error),
      .val = true,
      .classes = true,
      .average = true },
    { { .name = "grad.norm", .summary = "Euclidean norm of the gradient at the epoch's last step, before clipping" },
      AT(grad_norm) },
    { { .name = "clip.share", .summary = "share of the epoch's steps whose gradient was clipped" },
      AT(clip_share),
      .clip = true },
    { { .name = "update.ratio", .summary = "norm of the epoch's last update against that of the weights" },
      AT(update_ratio) },
    { { .name = "lr", .summary = "rate of the epoch's last step" }, AT(lr) },
    { { .name = "evaluations",
        .summary =
            "what a solver was told so far: values (with their gradient or without) and products, each on a step's "
            "batches" },
      AT(evaluations),
      .whole = true,
      .solver = true },
    { { .name = "seconds", .summary = "time that the epoch took" }, AT(seconds) },
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

static const ds_head *const heads[] = {
    &columns[0].head,  &columns[1].head,  &columns[2].head,  &columns[3].head,  &columns[4].head,  &columns[5].head,
    &columns[6].head,  &columns[7].head,  &columns[8].head,  &columns[9].head,  &columns[10].head, &columns[11].head,
    &columns[12].head, &columns[13].head, &columns[14].head, &columns[15].head,
};
_Static_assert(sizeof heads / sizeof heads[0] == COLUMNS, "a column is missing in the list");
const ds_registry ds_column_registry = { "column", "numbers of an epoch: metrics.tsv, train.stop, train.keep", heads,
                                         COLUMNS };

const ds_column *ds_column_named(const char *name)
{
    for (int k = 0; k < COLUMNS; k++)
        if (!strcmp(columns[k].head.name, name)) return &columns[k];
    return NULL;
}

bool ds_column_there(int k, const ds_session *s)
{
    return (!columns[k].average || s->set.average.head) && (!columns[k].clip || s->set.clip.kind) &&
           (!columns[k].solver || s->set.solver.head);
}

double ds_column_value(const ds_column *c, const ds_epoch_report *r)
{
    const char *at = (const char *)r + c->offset;
    int64_t whole;
    double real;
    if ((c->val && r->val.rows == 0) || (c->average && r->average.rows == 0)) return NAN;
    if (c->whole) {
        memcpy(&whole, at, sizeof whole);
        return (double)whole;
    }
    memcpy(&real, at, sizeof real);
    return real;
}

const char *ds_column_lacks(const ds_column *c, const ds_session *s)
{
    if (c->solver && !s->set.solver.head) return "the optimizer is a rule, which takes one gradient a step";
    if (c->average && !s->set.average.head) return "no weights are averaged; set train.average";
    if (c->clip && !s->set.clip.kind) return "no gradient is clipped; set optimizer.clip";
    if (c->val && ds_view_rows(ds_dataset_view(s->data, DS_VAL)) == 0)
        return "no rows validate; set data.holdout or data.val";
    if (c->classes && ds_dataset_classes(s->data) == 0) return "the targets are real numbers; watch a loss";
    return NULL;
}

/* ---- for programs ------------------------------------------------------------------------------------------------ */

int ds_report_columns(void) { return COLUMNS; }
const char *ds_report_name(int k) { return columns[k].head.name; }
double ds_report_value(const ds_epoch_report *r, int k) { return ds_column_value(&columns[k], r); }
bool ds_report_has(const ds_epoch_report *r, int k)
{
    return (!columns[k].average || r->average.rows) && (!columns[k].clip || r->clips) &&
           (!columns[k].solver || r->evaluations);
}
