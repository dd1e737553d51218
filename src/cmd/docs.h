/* docs.h - texts made from the tables of options, definitions and commands: man pages, completion, the editors' schema,
 * reference pages. `descent explain --write DIR` writes them all, `make docs` those of the repository. */
#ifndef DS_CMD_DOCS_H
#define DS_CMD_DOCS_H

#include "cmd.h"
#include "descent/registry.h"

/* docs_man.c */
void ds_docs_man(FILE *f);                              /* descent(1) */
void ds_docs_man_command(FILE *f, const ds_command *c); /* descent-COMMAND(1) */
void ds_docs_man_config(FILE *f);                       /* descent-config(5) */
/* docs_completion.c */
void ds_docs_bash(FILE *f);
void ds_docs_zsh(FILE *f);
void ds_docs_fish(FILE *f);
/* docs_schema.c: JSON Schema of a config. false: out of memory, or f cannot be written. */
bool ds_docs_schema(FILE *f);
/* docs_reference.c, Markdown */
void ds_docs_index(FILE *f);
void ds_docs_config(FILE *f);
void ds_docs_commands(FILE *f);
void ds_docs_kind(FILE *f, const ds_registry *r);

/* docs_keys.c */
enum { DS_DOCS_KEYS = 1024, DS_DOCS_PATH = 96 };
/* Keys of a config, each path once, in the order of the tables. */
typedef struct ds_docs_keys {
    int count;
    struct {
        char path[DS_DOCS_PATH];
        const ds_option *option;
    } list[DS_DOCS_KEYS];
} ds_docs_keys;
ds_docs_keys *ds_docs_keys_create(void); /* [owned, free()]; NULL: no memory */
/* The words that a value may be, each with `after` behind it; the number of them. */
int ds_docs_values(FILE *f, const ds_option *o, const char *after);
/* What a command's usage names, such as "CONFIG", "key=value", "RUN". */
bool ds_docs_takes(const ds_command *c, const char *word);
/* The registry that a word of a usage text names, in capitals: "FUNCTION"; NULL. */
const ds_registry *ds_docs_taken(const ds_command *c);
/* text with every character of `special` behind a backslash. */
void ds_docs_escaped(FILE *f, const char *text, const char *special);

#endif
