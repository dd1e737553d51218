/* trouble.c - a loss, a gradient or weights that are not finite: what to say of it and what to do.
 *
 * train.on_nonfinite  stop    the run ends as diverged
 *                     skip    the batch is left out; the step is tried with the next one
 *                     rewind  weights, optimizer and averages go back to those of up to 100 steps before, and the batches
 *                             since then are left out (Chowdhery et al. 2022, PaLM, section 5.1: restart before the spike
 *                             and skip its data)
 * Either way not more than LIMIT times in a row: a run in which nothing works any more ends. All of it is a function of
 * the registered state, so a resumed run meets and answers trouble as the undisturbed one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "space/vector.h"
#include "train/parts.h"

enum { LIMIT = 10, EVERY = 100, NAMED = 6 };

/* ---- saying ------------------------------------------------------------------------------------------------------ */

/* Where in a tensor as PyTorch shows it the first value stands that is no number: " [3, 17]"; "" without memory. */
static void find_element(const ds_session *s, int segment, const void *v, char *text, size_t bytes)
{
    const ds_space *space = ds_problem_space(s->problem);
    const ds_segment *g = ds_space_segment(space, segment);
    ds_dtype t = ds_problem_dtype(s->problem);
    void *tensor = malloc((size_t)g->count * s->element);
    size_t n = 0;
    *text = 0;
    if (!tensor) return;
    ds_space_export(space, segment, t, v, t, tensor);
    int64_t at = ds_first_nonfinite(t, tensor, g->count), index[DS_MAX_RANK];
    for (int a = g->shape.rank - 1; a >= 0 && at >= 0; a--) {
        index[a] = at % g->shape.dim[a];
        at /= g->shape.dim[a];
    }
    for (int a = 0; a < g->shape.rank && n < bytes; a++)
        n += (size_t)snprintf(text + n, bytes - n, "%s%lld%s", a ? ", " : " [", (long long)index[a],
                              a + 1 < g->shape.rank ? "" : "]");
    free(tensor);
}

/* The first tensor of v with such a value. false: all of v is finite. */
static bool name_tensor(const ds_session *s, const void *v, const char *what, ds_text *t)
{
    const ds_space *space = ds_problem_space(s->problem);
    char element[64];
    for (int k = 0; k < ds_space_count(space); k++) {
        const ds_segment *g = ds_space_segment(space, k);
        if (ds_vector_is_finite(ds_problem_dtype(s->problem), (const char *)v + (size_t)g->offset * s->element,
                                g->count))
            continue;
        find_element(s, k, v, element, sizeof element);
        ds_text_add(t, ", %s \"%s\"%s is not finite", what, g->name, element);
        return true;
    }
    return false;
}

typedef bool row_test(const ds_session *s, const ds_batch *row);

static bool input_finite(const ds_session *s, const ds_batch *row)
{
    return ds_vector_is_finite(ds_problem_dtype(s->problem), row->x, ds_shape_count(ds_dataset_layout(s->data)));
}

/* A row by itself, without dropout and with running statistics. */
static bool loss_finite(const ds_session *s, const ds_batch *row)
{
    const void *outputs;
    double loss = 0;
    const ds_at at = { row, s->theta, DS_MODE_EVAL, s->set.seed, 0 };
    return ds_problem_outputs(s->problem, &at, &outputs, &loss) != DS_OK || isfinite(loss);
}

/* Rows of a batch that fail a test, by their numbers in the file. */
static bool name_rows(const ds_session *s, const ds_batch *batch, row_test *passes, const char *what, ds_text *t)
{
    int64_t count = 0, width = ds_shape_count(ds_dataset_layout(s->data)), targets = ds_dataset_targets(s->data);
    size_t label = targets ? (size_t)targets * s->element : sizeof(int32_t);
    for (int64_t i = 0; i < batch->n; i++) {
        const ds_batch row = { .n = 1,
                               .x = (char *)batch->x + (size_t)(i * width) * s->element,
                               .y = (char *)batch->y + (size_t)i * label,
                               .ids = batch->ids + i };
        if (passes(s, &row)) continue;
        if (count == 0) ds_text_add(t, ", %s of rows", what);
        if (count++ < NAMED) ds_text_add(t, " %d", batch->ids[i]);
    }
    if (count > NAMED) ds_text_add(t, "... (%lld of %lld)", (long long)count, (long long)batch->n);
    if (count) ds_text_add(t, " not finite");
    return count > 0;
}

static void describe(const ds_loop *l, const ds_batch *batch, double loss, char *text, size_t bytes)
{
    const ds_session *s = l->s;
    ds_text t = { 0 };
    if (batch)
        ds_text_add(&t, "step %lld: loss is %s", (long long)l->step + 1,
                    isnan(loss)   ? "nan"
                    : isinf(loss) ? "infinite"
                                  : "finite");
    else
        ds_text_add(&t, "step %lld: its update overflowed", (long long)l->step);
    bool weights = name_tensor(s, s->theta, "weight", &t);
    if (batch && !weights) {
        name_tensor(s, l->gradient.latest, "gradient of", &t);
        if (!name_rows(s, batch, input_finite, "inputs", &t) && !name_rows(s, batch, loss_finite, "losses", &t))
            ds_text_add(&t, ", no row of the batch (%d, ...) by itself", batch->ids[0]);
    }
    char *whole = ds_text_take(&t);
    snprintf(text, bytes, "%s", whole ? whole : "a value is not finite");
    free(whole);
}

/* ---- doing ------------------------------------------------------------------------------------------------------- */

/* What is kept to go back to: copies of theta, the running statistics and the blocks that belong to them. */
typedef struct caution {
    int64_t times; /* in a row; since the copies were made */
    int blocks;    /* 0: nothing is copied */
    struct pair {
        void *live, *copy;
        size_t bytes;
        ds_dtype dtype;
        int64_t count; /* of a vector; 0: a number */
    } block[];
} caution;

static void free_caution(void *own)
{
    caution *c = own;
    for (int k = 0; k < c->blocks; k++) ds_buffer_free(c->block[k].copy);
    free(c);
}

/* The step, the optimizer and the averages go back with the weights; what epochs were like, and the place in the data, do
 * not. */
static bool goes_back(const char *name)
{
    return !strcmp(name, "loop.step") || !strncmp(name, "optim.", 6) || !strncmp(name, "solver.", 7) ||
           !strncmp(name, "average.", 8);
}

static size_t block_bytes(const ds_state_block *b)
{
    switch (b->kind) {
    case DS_STATE_VECTOR: return (size_t)b->count * ds_dtype_bytes(b->dtype);
    case DS_STATE_FLAG: return sizeof(bool);
    default: return 8;
    }
}

/* Keep a copy of a block, and register the copy under "rewind.NAME". */
static ds_status shadow(ds_loop *l, caution *c, const ds_state_block *b)
{
    struct pair *p = &c->block[c->blocks];
    size_t bytes = block_bytes(b);
    *p = (struct pair){ b->data, ds_buffer_alloc(bytes), bytes, b->dtype, b->kind == DS_STATE_VECTOR ? b->count : 0 };
    if (!p->copy)
        return ds_fail_memory(l->s->ctx, bytes, "the state to go back to (train.on_nonfinite: skip needs none)");
    c->blocks++;
    memcpy(p->copy, b->data, bytes);
    switch (b->kind) {
    case DS_STATE_VECTOR: ds_state_vector(l->state, "rewind", b->name, b->dtype, b->count, p->copy); break;
    case DS_STATE_INTEGER: ds_state_integer(l->state, "rewind", b->name, p->copy); break;
    case DS_STATE_REAL: ds_state_real(l->state, "rewind", b->name, p->copy); break;
    case DS_STATE_FLAG: ds_state_flag(l->state, "rewind", b->name, p->copy); break;
    }
    return DS_OK;
}

static ds_status shadow_all(ds_loop *l, caution *c)
{
    ds_session *s = l->s;
    ds_dtype t = ds_problem_dtype(s->problem);
    int64_t statistics = ds_space_dim(ds_problem_statistics(s->problem));
    int count = ds_state_count(l->state);
    DS_TRY(shadow(l, c, &(ds_state_block){ "theta", DS_STATE_VECTOR, t, s->dim, s->theta }));
    if (statistics)
        DS_TRY(shadow(l, c,
                      &(ds_state_block){ "running", DS_STATE_VECTOR, t, statistics, ds_problem_running(s->problem) }));
    for (int i = 0; i < count; i++) {
        const ds_state_block b = *ds_state_at(l->state, i); /* registering moves the list */
        if (goes_back(b.name)) DS_TRY(shadow(l, c, &b));
    }
    return DS_OK;
}

static void copy_all(caution *c)
{
    for (int k = 0; k < c->blocks; k++) memcpy(c->block[k].copy, c->block[k].live, c->block[k].bytes);
    c->times = 0;
}

static caution *caution_of(const ds_loop *l)
{
    for (int k = 0; k < ds_loop_part_count; k++)
        if (ds_loop_parts[k] == &ds_caution_part) return l->own[k];
    return NULL;
}

/* A checkpoint of a run that did not rewind: go back to it, not to the start. */
static void complete(void *arg)
{
    ds_loop *l = arg;
    if (l->rewind_lacking) copy_all(caution_of(l));
    l->rewind_lacking = false;
}

/* The last of the parts: the blocks of all others are known. */
static ds_status open_caution(ds_loop *l, void **own)
{
    size_t most = (size_t)ds_state_count(l->state) + 2;
    caution *c = calloc(1, sizeof *c + most * sizeof c->block[0]);
    if (!c) return ds_fail_memory(l->s->ctx, most * sizeof c->block[0], "the state to go back to");
    *own = c;
    ds_state_integer(l->state, "trouble", "times", &c->times);
    ds_state_restored(l->state, complete, l);
    return l->s->set.on_nonfinite == DS_NONFINITE_REWIND ? shadow_all(l, c) : DS_OK;
}

static bool all_finite(const caution *c)
{
    for (int k = 0; k < c->blocks; k++)
        if (c->block[k].count && !ds_vector_is_finite(c->block[k].dtype, c->block[k].live, c->block[k].count))
            return false;
    return true;
}

static ds_status renew(ds_loop *l, void *own)
{
    caution *c = own;
    if (c->blocks == 0) {
        c->times = 0;
        return DS_OK;
    }
    if (l->step % EVERY || !all_finite(c)) return DS_OK;
    copy_all(c);
    return DS_OK;
}

void ds_loop_trouble(ds_loop *l, const ds_batch *batch, double loss)
{
    char text[sizeof l->why], full[sizeof l->why + 64];
    caution *c = caution_of(l);
    ds_on_nonfinite what = l->s->set.on_nonfinite;
    bool weights = !ds_vector_is_finite(ds_problem_dtype(l->s->problem), l->s->theta, l->s->dim);
    describe(l, batch, loss, text, sizeof text);
    bool hopeless = c->times >= LIMIT || (what == DS_NONFINITE_SKIP && weights);
    if (what == DS_NONFINITE_STOP || hopeless) {
        snprintf(full, sizeof full, "%.*s%s", (int)sizeof text - 40, text,
                 what == DS_NONFINITE_STOP || c->times < LIMIT ? "" : "; too often in a row");
        ds_loop_end(l, DS_DIVERGED, full);
        return;
    }
    c->times++;
    for (int k = 0; k < c->blocks; k++) memcpy(c->block[k].live, c->block[k].copy, c->block[k].bytes);
    if (batch) l->batch += l->gradient.batches;
    if (c->blocks) ds_state_announce(l->state);
    if (c->blocks)
        ds_loop_notice(l, "%s; back to the weights of step %lld, without the batches since then", text,
                       (long long)l->step);
    else
        ds_loop_notice(l, "%s; %s left out", text,
                       l->gradient.batches > 1 ? "the batches of this step so far are" : "the batch is");
}

const ds_loop_part ds_caution_part = {
    .name = "trouble", .open = open_caution, .free = free_caution, .stepped = renew
};
