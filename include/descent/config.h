/* descent/config.h - read a config file (YAML) and settings from the command line into one plain record.
 *
 * Values are typed by the option tables of the registries, never guessed from the text. Every mistake is found in one
 * go and comes with its place: unknown, repeated, mistyped, out-of-range keys, and keys that would have no effect.
 * Anchors, aliases, tags, merges and several documents in a file are mistakes too.
 *
 * Ownership  _read gives, _free takes (NULL is fine); all text in a config lives as long as the config. */
#ifndef DESCENT_CONFIG_H
#define DESCENT_CONFIG_H

#include "descent/data.h"
#include "descent/model.h"
#include "descent/train.h"

#ifdef __cplusplus
extern "C" {
#endif

/* One mistake. Lines and columns (characters) count from 1; line 0: a setting from the command line, whose columns
 * count within it; column 0: no place at all. */
typedef struct ds_diagnostic {
    const char *file; /* as given to the reader, or "command line" */
    int line, column;
    int width;          /* characters to underline */
    const char *text;   /* what was found, what was wanted */
    const char *source; /* the line itself, or the setting as typed; NULL: none */
    const char *hint;   /* how to learn more; NULL: nothing */
} ds_diagnostic;

/* Mistakes in the order of their places: file first, then command line. */
typedef struct ds_diagnostics ds_diagnostics;
DS_API int ds_diagnostics_count(const ds_diagnostics *d);
DS_API const ds_diagnostic *ds_diagnostics_at(const ds_diagnostics *d, int i);
DS_API void ds_diagnostics_free(ds_diagnostics *d);
/* The config with the mistakes, of which data, model, loss and penalties count alone, when those have none: its shapes
 * can be looked at too. NULL: they have some. It lives as long as d. */
DS_API const struct ds_config *ds_diagnostics_config(const ds_diagnostics *d);
/* One mistake more, at the place of `key` of that config. DS_EUSAGE: there is none; DS_EMEM. */
DS_API ds_status ds_diagnostics_add(ds_diagnostics *d, const char *key, const char *text, const char *hint);
/* All of them, each with its line and carets, and a last line that counts them. [owned, free()]; NULL: no memory. */
DS_API char *ds_diagnostics_text(const ds_diagnostics *d, bool color);

typedef enum ds_retrain { DS_RETRAIN_NONE, DS_RETRAIN_ANEW, DS_RETRAIN_CONTINUE } ds_retrain;

/* train.*: what ends the run and how it steps. A limit that is not given is -1. */
typedef struct ds_train_settings {
    int64_t epochs, steps;
    double seconds;
    int64_t batch;      /* rows; 0: all */
    int64_t accumulate; /* batches a step */
    uint64_t seed;
    ds_dtype dtype;
    const char *order;   /* of registry "sampler" */
    const ds_part *stop; /* of registry "stop" */
    int stops;
    const char *best; /* of registry "column", or "none"; NULL: not given */
    ds_retrain retrain;
    int64_t retrain_epochs; /* -1: not given */
    ds_part average;        /* of registry "average"; head NULL: none */
    double checkpoint_every;
    ds_unit checkpoint_unit;
    int checkpoint_keep;
    ds_on_nonfinite on_nonfinite;
} ds_train_settings;

typedef struct ds_config {
    const char *file, *name; /* as given; without folders and ending: what runs are called after */
    ds_data_settings data;
    ds_model *model;  /* the layers */
    const char *loss; /* as ds_problem_settings takes it: "cross-entropy(smoothing=0.1)"; NULL: not given */
    double l1, l2;    /* model.penalty */
    bool penalty_all;
    ds_part optimizer;     /* of registry "rule"; head NULL: the solver */
    ds_part solver;        /* of registry "solver"; head NULL: the rule */
    ds_part search;        /* optimizer.search; head NULL: the solver's own */
    double gtol;           /* optimizer.gtol; 0: never */
    const char *dialect;   /* "torch", "book" */
    ds_part rest;          /* optimizer.rest; head NULL: not given */
    const ds_group *group; /* optimizer.groups */
    int groups;
    ds_lookahead lookahead;       /* optimizer.lookahead; k 0: not given */
    ds_sam sam;                   /* optimizer.sam */
    ds_clip clip;                 /* optimizer.clip */
    ds_part schedule;             /* of registry "schedule"; head NULL: the rate stays */
    const ds_schedule_part *part; /* of a sequence or a product */
    int parts;
    double warmup; /* from 0 to the rate over this many warmup_unit */
    ds_unit warmup_unit;
    double floor; /* least rate of the schedule */
    ds_train_settings train;
    const char *const *notes; /* what was changed without being a mistake: keys dropped with a changed rule */
    int note_count;
    struct ds_config_own *own;
} ds_config;

/* Read `path` and then the settings ("optimizer.lr=0.05", "model.layers.2.dense=64"; lists and maps as YAML:
 * "data.scale=[0,1]"). out          [owned]  NULL on failure diagnostics  [owned]  set when the status is DS_ECONFIG,
 * else NULL DS_ECONFIG (mistakes), DS_EIO (no such file), DS_EMEM. */
DS_API ds_status ds_config_read(ds_config **out, ds_ctx *ctx, const char *path, int settings,
                                const char *const *setting, ds_diagnostics **diagnostics);
/* The same from memory; `file` is the name that messages show. */
DS_API ds_status ds_config_parse(ds_config **out, ds_ctx *ctx, const char *file, const char *text, size_t bytes,
                                 int settings, const char *const *setting, ds_diagnostics **diagnostics);
DS_API void ds_config_free(ds_config *c);

/* The config as YAML with every default, and where each value came from as a comment. Reading it gives the same config.
 * [owned, free()]; NULL: no memory. */
DS_API char *ds_config_write(const ds_config *c);
/* The same of a config that was read from such a text: where its values came from at first is kept. */
DS_API char *ds_config_rewrite(const ds_config *c);
/* Hash of all values, defaults included; the same for any file name, order of keys and spelling of numbers. */
DS_API uint64_t ds_config_hash(const ds_config *c);
/* Value of a key as text ("optimizer.lr", "model.layers.2.dense"), NULL when it has none; valid as long as the config.
 */
DS_API const char *ds_config_value(const ds_config *c, const char *key);
/* Call fn for every key that has a value, in the order of the resolved config. */
typedef void ds_config_visitor(void *arg, const char *key, const char *value);
DS_API void ds_config_each(const ds_config *c, ds_config_visitor *fn, void *arg);
/* Call fn for every key whose value differs between two configs; a value is NULL where that side has no such key.
 * fixed: a run that goes on cannot take the new value, since its bits would no longer be those of one config. */
typedef void ds_config_difference(void *arg, const char *key, const char *before, const char *after, bool fixed);
DS_API void ds_config_compare(const ds_config *before, const ds_config *after, ds_config_difference *fn, void *arg);
/* A mistake found later (a shape that does not fit, a missing file) at the place of `key`, in the same form.
 * Returns NULL when memory is out. */
DS_API ds_diagnostics *ds_config_complain(const ds_config *c, const char *key, const char *text, const char *hint);

/* What `descent explain NAME` prints: a kind ("rule"), a definition ("adam"), its option ("adam.beta1"), a section
 * ("train"), a key ("train.batch", "optimizer.beta1") or any option name. *found (may be NULL) tells whether there was
 * one; otherwise the text says so and names the nearest. [owned, free()]; NULL: no memory. */
DS_API char *ds_explain(const char *name, bool *found);

#ifdef __cplusplus
}
#endif
#endif
