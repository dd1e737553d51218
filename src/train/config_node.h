/* config_node.h - inside the config reader: places, the tree of a document, mistakes.
 *
 *   text --config_yaml.c--> tree --config_override.c--> tree --config_sections.c--> ds_config and a resolved tree
 *   --config_write.c--> text */
#ifndef DS_TRAIN_CONFIG_NODE_H
#define DS_TRAIN_CONFIG_NODE_H

#include "base/arena.h"
#include "base/ctx.h"
#include "base/text.h"
#include "descent/config.h"
#include "descent/registry.h"

enum { CONFIG_BYTES = 1 << 20, CONFIG_DEPTH = 16, CONFIG_MISTAKES = 64 };

/* Where something stands: setting >= 0: on the command line; line 0 and setting < 0: nowhere, a default. */
typedef struct place {
    int line, column, width, setting;
} place;

typedef enum node_kind { NODE_SCALAR, NODE_MAP, NODE_LIST } node_kind;

/* A value of the document, or of the resolved config (then at tells where it came from, and raw that text is YAML as it
 * stands). */
typedef struct node {
    node_kind kind;
    bool raw;
    bool bad;               /* a mistake was reported: there is no value to speak of */
    const char *key, *text; /* key of a map's child; text of a scalar */
    place key_at, at;
    struct node *child, *last, *next;
} node;

struct ds_diagnostics {
    ds_arena arena;
    ds_diagnostic list[CONFIG_MISTAKES];
    int order[CONFIG_MISTAKES];  /* setting, for sorting; -1: file */
    bool shape[CONFIG_MISTAKES]; /* found by laying the layers out */
    int count, dropped;
    const char *file;
    ds_config *config; /* whose data and model have no mistake, so that shapes can be looked at; NULL */
};

struct ds_config_own {
    ds_arena arena;
    ds_ctx *ctx;
    node *root, *resolved;
    char *source;
    const char **lines; /* start of each line of source */
    int line_count;
    int settings;
    const char *const *setting;
    const char *notes[64];
};

/* What the steps of one reading share. */
typedef struct reader {
    ds_ctx *ctx;
    ds_config *config;
    struct ds_config_own *own;
    ds_diagnostics *mistakes;
    bool no_memory;
    bool lays; /* data and model have no mistake */
} reader;

/* ---- config_diag.c ---- */
void config_mistake(reader *r, place at, const char *hint, const char *fmt, ...) DS_PRINTF(4, 5);
void config_sort(ds_diagnostics *d);
char *config_text(reader *r, const char *fmt, ...) DS_PRINTF(2, 3); /* in the config's arena; "" when memory is out */
char *config_take(reader *r, ds_text *t);                           /* the same of a text, which is freed */
void *config_keep(reader *r, size_t bytes);                         /* zeroed; NULL: r->no_memory is set */

/* ---- config_yaml.c ---- */
/* The tree of the one document in text; NULL and a mistake when there is none. setting < 0: it is the file. */
node *config_tree(reader *r, const char *text, size_t bytes, int setting);

/* ---- config_override.c ---- */
void config_override(reader *r, node *root);
node *config_child(const node *map, const char *name);
/* Whether a key of section optimizer, its own or an option, has one with a rule or a solver. */
bool config_has_effect(const ds_head *optimizer, const char *key);
/* New last child; safe on a parent of NULL. text may be NULL. */
node *config_append(reader *r, node *parent, node_kind kind, const char *key, const char *text, place at);

/* ---- config_read.c ---- */
extern const place config_nowhere; /* of defaults */
/* A map read by a table of its own and the table of the definition that it chose (which goes first). */
typedef struct config_table {
    const char *where; /* for messages: "optimizer", "layer \"dense\"" */
    const char *role;  /* `no effect with <role> "adam"`; NULL: where */
    bool quiet;        /* what is missing needs no report: there is one about the whole */
    const char *learn; /* what to explain for all keys */
    const char *kind;  /* registry whose other definitions may know a key; NULL */
    const ds_option *common;
    const ds_head *chosen;              /* NULL: none */
    bool chosen_first;                  /* an entry of a list, which begins with its definition */
    ds_optval value[2][DS_MAX_OPTIONS]; /* [0] common, [1] chosen; defaults are filled in */
    bool meant[2][DS_MAX_OPTIONS];      /* a misspelt key stood for it */
    node *at[2][DS_MAX_OPTIONS];        /* where a value was given; it may be a mistake (value.given false) */
} config_table;
/* Read all keys of map (NULL: absent), check what is required. missing: where to report an absent key. Values of type
 * OTHER are left to the caller: given, with the text of a scalar. */
void config_read_table(reader *r, config_table *t, const node *map, place missing);
/* Append what was read to the resolved map, defaults too, but for values of type OTHER. dialect: of a rule, or NULL. */
void config_resolve_table(reader *r, const config_table *t, const char *dialect, node *to);
/* Value and place of a key of either table, NULL when no table has it, or nothing was given. */
const ds_optval *config_value_of(const config_table *t, const char *name);
node *config_place_of(const config_table *t, const char *name);
/* One value by its option. false: a mistake was reported. */
bool config_scalar(reader *r, const ds_option *o, const node *c, ds_optval *v);
/* The one spelling of a value, which the resolved config shows and the hash counts. */
const char *config_spelling(reader *r, const ds_option *o, const ds_optval *v, const char *text);
/* The definition that n names; NULL and a mistake with the nearest name. what: "optimizer", "layer". */
const ds_head *config_choose(reader *r, const char *kind, const char *what, const char *name, place at);
/* `name` or `{name: ..., option: ...}` of a registry. Appends it to the resolved map; returns the text that the library
 * reads, "normal(std=1e-4)"; NULL: a mistake was reported. */
const char *config_part(reader *r, const char *kind, const char *what, const node *n, node *to);
/* A place that always shows: at, or else that of the key. */
place config_seen(const node *n);

/* ---- config_layers.c, config_schedule.c, config_sections.c, config_optimizer.c ---- */
void config_read_layers(reader *r, const node *list, ds_layer_spec *parent, node *to);
/* The parts of the schedule that t has chosen, where it has any, appended to the resolved map as "parts". */
void config_read_parts(reader *r, const config_table *t, const ds_schedule_part **part, int *count, node *to);
void config_read_optimizer(reader *r, const node *root);
/* Read a section by its table and by the definition that its selector names; NULL: no memory. */
config_table *config_read_section(reader *r, const node *root, const char *name);
/* Where to report what is absent: the section's key, or the top of the file. */
place config_section_place(const node *root, const char *name);
node *config_resolved_section(reader *r, const char *name);
/* A map of keys inside a section, with its defaults where it is absent; NULL: no memory. */
config_table *config_read_map(reader *r, const char *section, const char *name, const ds_option *keys,
                              const char *example, const node *n, node *to);
/* The definition that the table chose and the values of its options. */
void config_take_part(const config_table *t, ds_part *out);
void config_read_all(reader *r, node *root);

/* ---- config_keys.c ---- */
enum { CONFIG_PATH = 96 };
/* Visit every table that a config knows: kind "section" (owner "train"), "map" (owner "model.penalty"), or a registry's
 * (owner "adam"; head NULL: what all layers share). */
typedef void config_visitor(void *arg, const char *kind, const char *owner, const ds_head *head,
                            const ds_option *table);
void config_each_table(config_visitor *visit, void *arg);
/* The key whose value names definitions of this kind: "optimizer" of rules, "model.layers" of layers, "data.augment" of
 * transforms; "" when none does. Options of the definition stand beside it, in its list's entry, or in its map. */
void config_key_of_kind(const char *kind, char key[CONFIG_PATH]);
const char *config_last_word(const char *path);
/* "model.layers.2.dense" as "model.layers.dense": positions in lists (N: any) do not count. */
void config_without_positions(const char *name, char *out, size_t bytes);
/* Whether definitions of the kind are entries of a list, by their first key, rather than named by a key. */
bool config_listed(const char *kind);
/* "train.batch", "optimizer.beta1", "model.layers.N.pad", "model.loss.delta"; "" when no key leads there. */
void config_option_path(const char *kind, const char *owner, const char *option, char path[CONFIG_PATH]);
/* Whether `owner` in "owner.option" means this table: a definition, a kind, a map, or the key that names the
 * kind, without positions. */
bool config_means(const char *owner, const char *kind, const char *name);

/* ---- config_train.c ---- */
/* n NULL: not given. */
void config_read_stop(reader *r, const node *n, node *to);
void config_read_keep(reader *r, const node *n, node *to);
void config_read_retrain(reader *r, const node *n, node *to);
void config_read_average(reader *r, const node *n, node *to);

/* ---- catalog.c ---- */
const ds_head *ds_definition(const char *kind, const char *name);

/* ---- config_tables.c ---- */
extern const ds_section ds_config_sections[];
extern const int ds_config_section_count;
extern const ds_option ds_config_penalty[], ds_config_clip[], ds_config_lookahead[], ds_config_sam[], ds_config_group[],
    ds_config_rest[], ds_config_keep[], ds_config_retrain[], ds_config_checkpoint[], ds_config_part_name[],
    ds_config_nothing[], ds_config_optimizer[], ds_config_schedule[];

#endif
