/* average.h - what an average of the weights is: when it starts, and the share of the k-th weights that it counts.
 *
 *   d = w_k ((theta - x) - c) + c,  x <- x + d,  c <- what x + d lost in rounding
 *
 * Every average here is this one recurrence with another w_k: 1 / k is the mean, (1 - a) / (1 - a^k) is the exponential
 * average with its bias corrected. With c (Knuth's two-sum) a step far below half a unit of x still counts, as late
 * steps of long averages in f32 are. */
#ifndef DS_OPTIM_AVERAGE_H
#define DS_OPTIM_AVERAGE_H

#include "base/ctx.h"
#include "descent/optim.h"
#include "descent/registry.h"

/* Options by name: a number, and a span in steps; fallback when the option is absent. */
double ds_average_real(const ds_average_settings *s, const char *name, double fallback);
double ds_average_steps(const ds_average_settings *s, const char *name, double fallback);

typedef struct ds_average_def {
    ds_head head;
    const char *needs_end; /* option that, when absent, needs the number of steps of the run; "": always; NULL: never */
    double (*start)(const ds_average_settings *s);            /* steps before the first that may count */
    double (*share)(const ds_average_settings *s, int64_t k); /* w_k, k from 1; w_1 = 1 */
} ds_average_def;

extern const ds_registry ds_average_registry;
const ds_average_def *ds_average_of(const ds_head *head); /* NULL: not an average */

/* What several averages share. */
double ds_average_given_start(const ds_average_settings *s);     /* option start */
double ds_average_mean(const ds_average_settings *s, int64_t k); /* 1 / k */

/* Lines of option tables. */
#define DS_AVERAGE_START(text, meaning, reason)                                                                        \
    {                                                                                                                  \
        .name = "start", .type = DS_OPT_SPAN, .lo = 0, .hi = 1e15, .def = text, .help = meaning, .why = reason,        \
        .elsewhere = "PyTorch: the first call of AveragedModel.update_parameters"                                      \
    }
#define DS_AVERAGE_EVERY(text, reason)                                                                                 \
    {                                                                                                                  \
        .name = "every", .type = DS_OPT_SPAN, .lo = 1e-9, .hi = 1e15, .def = text,                                     \
        .help = "count the weights once in so many steps or epochs", .why = reason,                                    \
        .elsewhere = "PyTorch: how often AveragedModel.update_parameters is called"                                    \
    }
#define DS_AVERAGE_NORMS(text, reason)                                                                                 \
    {                                                                                                                  \
        .name = "norms", .type = DS_OPT_CHOICE, .choices = "average|recalibrate|keep", .def = text,                    \
        .help = "running statistics of batch norm: averaged alike, measured anew on the training rows at each score, " \
                "or the raw ones",                                                                                     \
        .why = reason, .elsewhere = "PyTorch AveragedModel(use_buffers=True), update_bn, use_buffers=False"            \
    }

#endif
