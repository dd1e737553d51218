/* descent/state.h - what a run has to remember to go on bit for bit: a list of named memory that checkpoints write and
 * put back.
 *
 * Whoever owns memory that lives from step to step (an optimizer's moments, an average of weights, the patience of a
 * stop rule, a schedule that listens to a metric) registers it once, when it is made, and writes nothing else: saving,
 * checksums, refusal of what does not fit, and resuming follow from the list. Nothing is copied on registering: the
 * owner keeps the memory and must outlive the list's use.
 *
 *   ds_state_vector(st, "average", "theta", DS_F64, n, a->theta);   "average.theta" in the checkpoint
 *   ds_state_integer(st, "stop", "bad_epochs", &stop->bad_epochs);
 *   ds_state_real(st, "stop", "best", &stop->best);                 exact, infinity and NaN too
 *   ds_state_flag(st, "stop", "armed", &stop->armed);
 *   ds_state_restored(st, seek_to_cursor, loop);                    called after all values are back
 *
 * Names    a checkpoint fits when it has exactly the names, kinds and counts of the list; renaming is breaking.
 * Vectors  must be finite at every step (a checkpoint with a NaN is never written); numbers that may be infinite, such
 *          as a best value before the first, are reals.
 * What is not state: anything that is a pure function of settings and step (rates of schedules, random numbers, the
 * order of rows), caches, and times of day.
 * Errors   registering never fails visibly; ds_state_status tells the first mistake (DS_EMEM, DS_EUSAGE: a name twice).
 */
#ifndef DESCENT_STATE_H
#define DESCENT_STATE_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ds_state_kind { DS_STATE_VECTOR, DS_STATE_INTEGER, DS_STATE_REAL, DS_STATE_FLAG } ds_state_kind;

typedef struct ds_state_block {
    const char *name; /* "optim.m" */
    ds_state_kind kind;
    ds_dtype dtype; /* of vectors */
    int64_t count;  /* elements; 1 for the other kinds */
    void *data;     /* [count] of dtype, or int64_t, double, bool */
} ds_state_block;

typedef struct ds_state ds_state;

DS_API ds_status ds_state_create(ds_state **out, ds_ctx *ctx);
DS_API void ds_state_free(ds_state *st);

/* Register memory under "group.name". */
DS_API void ds_state_vector(ds_state *st, const char *group, const char *name, ds_dtype t, int64_t count, void *data);
DS_API void ds_state_integer(ds_state *st, const char *group, const char *name, int64_t *data);
DS_API void ds_state_real(ds_state *st, const char *group, const char *name, double *data);
DS_API void ds_state_flag(ds_state *st, const char *group, const char *name, bool *data);
/* Call fn(arg) whenever the values have been put back, in the order of registering: to seek, to rebuild what is derived
 * from the state. */
DS_API void ds_state_restored(ds_state *st, void (*fn)(void *arg), void *arg);

/* The first mistake in registering, DS_OK when there was none. */
DS_API ds_status ds_state_status(const ds_state *st);
/* The list, in the order of registering. */
DS_API int ds_state_count(const ds_state *st);
DS_API const ds_state_block *ds_state_at(const ds_state *st, int i);
DS_API const ds_state_block *ds_state_find(const ds_state *st, const char *name); /* NULL: none */
/* All that one list holds into the memory of another of the same names, kinds and counts, as a checkpoint would. */
DS_API void ds_state_copy(const ds_state *from, const ds_state *to);
/* Tell all who asked that the values are back. */
DS_API void ds_state_announce(const ds_state *st);

#ifdef __cplusplus
}
#endif
#endif
