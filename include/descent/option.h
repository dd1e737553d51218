/* descent/option.h - the one description of an option, shared by parser, range check, help, explain and completion.
 * Every selectable definition (op, layer, rule, source, command ...) begins with a ds_head. */
#ifndef DESCENT_OPTION_H
#define DESCENT_OPTION_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ds_opt_type {
    DS_OPT_END,    /* closes a table */
    DS_OPT_REAL,   /* lo <= x <= hi */
    DS_OPT_INT,    /* lo <= i <= hi */
    DS_OPT_BOOL,   /* true | false */
    DS_OPT_CHOICE, /* one of choices, separated by | */
    DS_OPT_TEXT,   /* any text */
    DS_OPT_SPAN,   /* "2 epochs" | "100 steps" | "5 minutes": number and unit */
    DS_OPT_RANGE,  /* [lo, hi] two numbers */
    DS_OPT_BYTES,  /* "64M": a whole number of bytes, or of K, M, G, T (powers of 1024) */
    DS_OPT_OTHER   /* a shape of its own, read by the owner (layers, lists, "N | all"); choices says what it takes */
} ds_opt_type;

typedef struct ds_option {
    const char *name;
    ds_opt_type type;
    double lo, hi;       /* inclusive range for REAL, INT, BYTES and the number of SPAN */
    const char *def;     /* default as text; NULL: must be given, "" : absent means off */
    const char *choices; /* CHOICE: "book|torch"; OTHER: what it takes, in words */
    const char *aliases; /* "alpha,rho" or NULL */
    const char *help;    /* one line: meaning with the book's letter */
    /* What a definition may leave out. */
    const char *why;             /* why the default is what it is */
    const char *cite;            /* book section or paper; NULL: as the definition's */
    const char *elsewhere;       /* spelling in other libraries: "PyTorch lr, Keras learning_rate, Caffe base_lr" */
    const char *words;           /* OTHER: names that it takes beside numbers: "same", "true|false|marginals" */
    const char *kind;            /* registry whose names are the values: "loss", "activation" */
    bool list;                   /* OTHER with a kind: a list of entries that begin with such a name */
    const struct ds_option *map; /* OTHER: a map of these keys */
} ds_option;

/* One parsed option value; which member counts follows from the type. */
typedef enum ds_unit { DS_UNIT_NONE, DS_UNIT_STEPS, DS_UNIT_EPOCHS, DS_UNIT_SECONDS } ds_unit;
typedef struct ds_optval {
    double real;      /* REAL, SPAN number, RANGE lo */
    double real2;     /* RANGE hi */
    int64_t integer;  /* INT, BYTES, BOOL (0/1), CHOICE (index) */
    const char *text; /* TEXT, CHOICE: borrowed from whoever parsed it */
    ds_unit unit;     /* SPAN */
    bool given;       /* false: the default stands */
} ds_optval;

typedef struct ds_head {
    const char *name;
    const char *summary;      /* one line */
    const char *formula;      /* in the book's letters; NULL when there is none */
    const char *cite;         /* paper, equation or book section; NULL when there is none */
    const ds_option *options; /* closed by DS_OPT_END; NULL when there are none */
    const char *elsewhere;    /* spelling in other libraries: "PyTorch SGD, Keras SGD, Caffe SGD"; NULL */
} ds_head;

#define DS_MAX_OPTIONS 24

DS_API int ds_option_count(const ds_option *table);
/* Reading rules: numbers are decimal and finite, with nothing after them; true and false have one spelling; lo = hi = 0
 * sets no bounds; an absent value ("" or NULL as default) reads as zero with its default as text. */
/* Index of the option called name (or an alias of it), -1 when there is none. */
DS_API int ds_option_find(const ds_option *table, const char *name);
/* Parse text as the option's type and check its range. On failure *why (bytes long) says what was found and wanted. */
DS_API ds_status ds_option_parse(const ds_option *o, const char *text, ds_optval *out, char *why, size_t bytes);
/* What the option takes, for messages and help: "a number from 0 to 1", "book or torch"; returns buf. For OTHER the
 * text in choices stands for it. */
DS_API char *ds_option_wants(const ds_option *o, char *buf, size_t bytes);
/* Whether word is one of the entries of list (NULL: none), and which. */
DS_API bool ds_list_has(const char *list, char separator, const char *word, int *index);
/* Fill values[0..count) with the table's defaults (given = false). */
DS_API ds_status ds_option_defaults(const ds_option *table, ds_optval *values, char *why, size_t bytes);

/* Nearest of n names to word by edit distance (case folded, transpositions count one); NULL when none is near. */
DS_API const char *ds_nearest(const char *word, const char *const *names, int n);

#ifdef __cplusplus
}
#endif
#endif
