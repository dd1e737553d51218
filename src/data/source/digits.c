/* digits.c - the built-in source: hand-drawn-looking digits, 1x28x28 bytes, rendered by id.
 * 60,000 training and 10,000 test rows, or (stream) training rows without end and the same test rows. A fixed row is
 * rendered at its first reading and kept; which thread comes first cannot change a byte.
 * Test accuracy at difficulty 0, 0.5, 1 (PyTorch, seed 0): softmax regression 1.000, 0.835, 0.293; one hidden layer of
 * 256 1.000, 0.982, 0.714; convolutions 16 and 32 with a dense layer of 64, 4 epochs: 1.000, 0.994, 0.850. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "data/hash.h"
#include "data/source/digit.h"
#include "data/stream.h"

enum { TRAIN_ROWS = 60000, TEST_ROWS = 10000, MOST_VAL_ROWS = 1000000 };
enum { SET_TRAIN, SET_TEST, SET_STREAM, SET_VAL };
enum { EMPTY, TAKEN, KEPT }; /* of a row in the cache */

static const ds_option options[] = {
    { .name = "difficulty",
      .type = DS_OPT_REAL,
      .lo = 0,
      .hi = 1,
      .def = "0.5",
      .help = "0: neat digits, 1: wild ones with marks and noise",
      .why = "linear models fail a sixth of the rows, convolutional ones nearly none",
      .elsewhere = "none" },
    { .name = "seed",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 9007199254740992.0,
      .def = "0",
      .help = "another set of digits for every seed",
      .why = "any number would do" },
    { .name = "stream",
      .type = DS_OPT_BOOL,
      .def = "false",
      .help = "training rows never repeat; 60,000 count as an epoch",
      .why = "a fixed set can be overfitted, as most real ones",
      .cite = "Goodfellow et al. 8.1.3" },
    { .type = DS_OPT_END },
};

typedef struct digits {
    ds_digit_key key;       /* but for the id */
    _Atomic uint8_t *state; /* [rows]; NULL: nothing is kept */
} digits;

static ds_digit_key key_of(const ds_source *s, int64_t index)
{
    const digits *own = s->own;
    ds_digit_key key = own->key;
    key.id = index;
    return key;
}

/* memory is zeroed and untouched until a row is kept, so pages that are not needed are never had. */
static const void *row(const ds_source *s, int64_t index, void *scratch)
{
    const digits *own = s->own;
    uint8_t *kept = s->memory + (own->state ? (size_t)index * DS_DIGIT_BYTES : 0);
    if (own->state && atomic_load_explicit(&own->state[index], memory_order_acquire) == KEPT) return kept;
    ds_digit_render(key_of(s, index), scratch);
    uint8_t empty = EMPTY;
    if (own->state && atomic_compare_exchange_strong(&own->state[index], &empty, TAKEN)) {
        memcpy(kept, scratch, DS_DIGIT_BYTES);
        atomic_store_explicit(&own->state[index], KEPT, memory_order_release);
    }
    return scratch;
}

static int32_t label(const ds_source *s, int64_t index) { return ds_digit_label(key_of(s, index)); }

static ds_status keep(ds_ctx *ctx, ds_source *s, digits *own)
{
    size_t n = (size_t)s->rows;
    own->state = calloc(n, sizeof *own->state);
    s->memory = s->first = calloc(n, DS_DIGIT_BYTES);
    return own->state && s->memory ? DS_OK : ds_fail_memory(ctx, n * DS_DIGIT_BYTES, "digits");
}

/* Rows and set of a split. A stream cannot give rows away: its validation rows are a set of their own, holdout long. */
static ds_status choose(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *s, uint32_t *which)
{
    *which = split == DS_TEST ? SET_TEST : set->stream ? SET_STREAM : SET_TRAIN;
    s->rows = split == DS_TEST ? TEST_ROWS : TRAIN_ROWS;
    s->endless = split == DS_TRAIN && set->stream;
    if (split != DS_VAL) return DS_OK;
    *which = SET_VAL;
    s->rows = set->stream && set->holdout && *set->holdout ? ds_holdout_count(set->holdout) : 0;
    if (s->rows >= 0 && s->rows <= MOST_VAL_ROWS && !(set->stream && set->holdout_shuffle)) return DS_OK;
    return ds_fail_at(ctx, DS_ECONFIG, "data.holdout",
                      "data: holdout of a stream is '%s'; wanted a count up to %d, without holdout_seed", set->holdout,
                      MOST_VAL_ROWS);
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    uint32_t which;
    (void)train;
    if (set->path || set->train_count || set->val_count)
        return ds_fail_at(ctx, DS_ECONFIG, "data.format", "data: digits are generated; path and files have no effect");
    if (!(set->difficulty >= 0 && set->difficulty <= 1))
        return ds_fail_at(ctx, DS_ERANGE, "data.difficulty", "data: difficulty is %g; wanted 0 to 1", set->difficulty);
    DS_TRY(choose(ctx, set, split, s, &which));
    if (s->rows == 0) return DS_OK;
    digits *own = s->own = calloc(1, sizeof *own);
    if (!own) return ds_fail_memory(ctx, sizeof *own, "digits");
    own->key = (ds_digit_key){ .seed = set->seed, .set = which, .difficulty = (float)set->difficulty };
    s->layout = DS_SHAPE(DS_DIGIT_SIDE, DS_DIGIT_SIDE, 1);
    s->elements = DS_DIGIT_BYTES;
    s->cell = DS_CELL_U8;
    s->classes = 10;
    uint64_t about[] = { own->key.seed, own->key.set, 0 };
    memcpy(&about[2], &own->key.difficulty, sizeof own->key.difficulty);
    s->identity = ds_hash(1, about, sizeof about) | 1;
    if (!s->endless) DS_TRY(keep(ctx, s, own));
    return ds_number_classes(ctx, s);
}

/* Rendered once and forgotten. */
static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    DS_TRY(open(ctx, set, split, train, s));
    if (s->rows == 0) return DS_OK;
    digits *own = s->own;
    free(own->state);
    free(s->memory);
    own->state = NULL;
    s->memory = s->first = NULL;
    return ds_scan_opened(ctx, s, sink);
}

static void close(ds_source *s)
{
    digits *own = s->own;
    if (own) free(own->state);
    free(own);
}

const ds_source_def ds_source_digits = {
    .head = { .name = "digits",
              .summary = "generated hand-drawn-looking digits, 1x28x28, no file needed",
              .options = options,
              .elsewhere = "none: the rows are drawn here; near to MNIST of torchvision and keras.datasets" },
    .generated = true,
    .open = open,
    .row = row,
    .label = label,
    .scan = scan,
    .close = close,
};
