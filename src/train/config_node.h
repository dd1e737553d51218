/* config_node.h - inside the config reader: places, the tree of a document, mistakes.
 *
 *   text --config_yaml.c--> tree --config_override.c--> tree --config_read.c--> ds_config and its resolved entries */
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

typedef struct node {
    node_kind kind;
    const char *key, *text; /* key of a map's child; text of a scalar */
    place key_at, at;
    struct node *child, *next;
} node;

/* One value of the finished config, for the resolved file, the hash and look-ups. */
typedef struct entry {
    const char *key, *text; /* "optimizer.lr" */
    place at;
    bool raw; /* text is YAML as it stands */
    struct entry *next;
} entry;

struct ds_diagnostics {
    ds_arena arena;
    ds_diagnostic list[CONFIG_MISTAKES];
    int order[CONFIG_MISTAKES]; /* setting, for sorting; -1: file */
    int count, dropped;
    const char *file;
};

struct ds_config_own {
    ds_arena arena;
    ds_ctx *ctx;
    node *root;
    entry *first, **last;
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
} reader;

/* ---- config_diag.c ---- */
void config_mistake(reader *r, place at, const char *hint, const char *fmt, ...) DS_PRINTF(4, 5);
void config_sort(ds_diagnostics *d);
char *config_text(reader *r, const char *fmt, ...) DS_PRINTF(2, 3); /* in the config's arena; "" when memory is out */
void *config_keep(reader *r, size_t bytes);
/* ---- config_yaml.c ---- */
/* The tree of the one document in text; NULL and a mistake when there is none. at: of the setting, else setting < 0. */
node *config_tree(reader *r, const char *text, size_t bytes, int setting);
/* ---- config_override.c ---- */
void config_override(reader *r, node *root);
node *config_child(const node *map, const char *name);
/* ---- config_read.c ---- */
void config_read_all(reader *r, node *root);
/* ---- config_text.c ---- */
/* A tree in one line of YAML. */
const char *config_flow(reader *r, const node *n);
/* A definition with options in the notation that the library reads: "normal(std=1e-4)". NULL: a mistake was reported.
 */
const char *config_part(reader *r, const char *what, const node *n);
/* Report that the name in n is not in a registry, with the nearest. */
void config_unknown(reader *r, const char *kind, const char *what, const node *n);
/* ---- catalog.c ---- */
const ds_registry *ds_registry_named(const char *kind);
const ds_head *ds_definition(const char *kind, const char *name);
/* ---- config_tables.c ---- */
typedef struct config_section {
    const char *name, *summary;
    const ds_option *options;
    const char *kind, *selector; /* registry whose definition, named by the selector key, adds its options; NULL */
} config_section;
extern const config_section ds_config_sections[];
extern const int ds_config_section_count;

#endif
