/* libsvm.c - sparse rows as LIBSVM and SVMlight write them:  label index:value index:value ...  # comment
 * Indices count from 1 and rise within a row; what is not named is 0. Rows stay sparse in memory and are spread out when
 * they are read, so memory follows the size of the file, not rows times columns. */
#include <stdlib.h>
#include <string.h>

#include "data/hash.h"
#include "data/source/table.h"

enum { MAX_INDEX = 1 << 24, FREE_INDEX = 1 << 20, FIRST = 256 };

static const ds_option options[] = {
    { .name = "features",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = MAX_INDEX,
      .def = "0",
      .help = "columns; 0: the largest index of the training files",
      .why = "the training files say it, as a rule",
      .elsewhere = "scikit-learn load_svmlight_file(n_features=)" },
    DS_TABLE_TARGET,
    { .type = DS_OPT_END },
};

typedef struct entry {
    int32_t column; /* from 0 */
    double value;
} entry;

/* The table part of it only keeps labels. */
typedef struct sparse {
    ds_table table;
    entry *entries;
    int64_t *start; /* [rows + 1] */
    int64_t count, room, start_room, widest;
} sparse;

/* One line of a file, cut into words. */
typedef struct line {
    char *at, *begin;
    int64_t number;
} line;

static char *next_word(line *l)
{
    l->at += strspn(l->at, " \t\r");
    if (!*l->at || *l->at == '#') return NULL;
    char *word = l->at;
    l->at += strcspn(word, " \t\r");
    if (*l->at) *l->at++ = 0;
    return word;
}

static ds_status bad(const sparse *p, const line *l, const char *word, const char *wanted)
{
    return ds_fail(p->table.ctx, DS_EFORMAT, "%s:%lld:%lld: found '%.40s'; wanted %s", p->table.path,
                   (long long)l->number, (long long)(word - l->begin + 1), word, wanted);
}

static ds_status more_room(sparse *p, int64_t rows)
{
    if (p->count == p->room) {
        int64_t room = p->room ? 2 * p->room : FIRST;
        entry *entries = realloc(p->entries, (size_t)room * sizeof *entries);
        if (!entries) return ds_fail_memory(p->table.ctx, (size_t)room * sizeof *entries, p->table.path);
        p->entries = entries;
        p->room = room;
    }
    if (rows + 2 > p->start_room) {
        int64_t room = p->start_room ? 2 * p->start_room : FIRST;
        int64_t *start = realloc(p->start, (size_t)room * sizeof *start);
        if (!start) return ds_fail_memory(p->table.ctx, (size_t)room * sizeof *start, p->table.path);
        p->start = start;
        p->start_room = room;
    }
    return DS_OK;
}

static ds_status read_entry(sparse *p, const line *l, char *word, int64_t *before)
{
    char *colon = strchr(word, ':');
    int64_t index = 0;
    double value;
    for (const char *c = word; c < colon && index <= MAX_INDEX; c++)
        index = *c >= '0' && *c <= '9' ? index * 10 + *c - '0' : INT64_MAX / 2;
    if (!colon || colon == word || !ds_table_number(&p->table, colon + 1, &value) || index == INT64_MAX / 2)
        return bad(p, l, word, "index:value, a whole and a finite number");
    if (index < 1 || index > MAX_INDEX) return bad(p, l, word, "an index from 1 to 16777216");
    if (index > FREE_INDEX && !p->table.set->features)
        return bad(p, l, word, "an index up to 1048576; rows that wide take memory: set data.features if it is meant");
    if (index <= *before) return bad(p, l, word, "indices that rise along the row");
    int64_t most = p->table.known ? p->table.known->s->elements : p->table.set->features;
    if (most && index > most)
        return bad(p, l, word,
                   p->table.set->features
                       ? "an index up to data.features"
                       : "an index of the training files; set data.features to the number of columns");
    *before = index;
    DS_TRY(more_room(p, p->table.s->rows));
    p->entries[p->count++] = (entry){ (int32_t)(index - 1), value };
    if (index > p->widest) p->widest = index;
    return DS_OK;
}

static ds_status read_line(sparse *p, line *l)
{
    ds_source *s = p->table.s;
    char *label = next_word(l), *word;
    int64_t before = 0;
    double *none;
    if (!label) return DS_OK;
    DS_TRY(more_room(p, s->rows));
    DS_TRY(ds_table_row(&p->table, 0, &none));
    const ds_table_at at = { l->number, label - l->begin + 1, 0, NULL };
    double v;
    if (!ds_table_number(&p->table, label, &v)) return bad(p, l, label, "a number as label");
    DS_TRY(ds_table_label(&p->table, label, &at));
    p->start[s->rows] = p->count;
    bool first = true;
    for (; (word = next_word(l)); first = false)
        if (!first || strncmp(word, "qid:", 4) != 0) DS_TRY(read_entry(p, l, word, &before));
    DS_TRY(ds_table_commit(&p->table));
    p->start[s->rows] = p->count;
    return DS_OK;
}

static ds_status read_text(sparse *p, ds_bytes *b)
{
    const char *zero = memchr(b->data, 0, b->size);
    if (zero)
        return ds_fail(p->table.ctx, DS_EFORMAT, "%s: offset %zu: a 0 byte; this is not a text", p->table.path,
                       (size_t)(zero - (char *)b->data));
    line l = { .number = 1 };
    for (char *next = (char *)b->data; next; l.number++) {
        l.at = l.begin = next;
        next = strchr(next, '\n');
        if (next) *next++ = 0;
        DS_TRY(read_line(p, &l));
    }
    return DS_OK;
}

static ds_status read_file(sparse *p, const char *path)
{
    ds_bytes b;
    p->table.path = strcmp(path, "-") ? path : "standard input";
    DS_TRY(ds_bytes_read(p->table.ctx, path, &b));
    ds_status status = read_text(p, &b);
    free(b.data);
    return status;
}

static ds_status finish(sparse *p, const ds_source *train)
{
    ds_source *s = p->table.s;
    int64_t features = p->table.set->features ? p->table.set->features : train ? train->elements : p->widest;
    if (s->rows && features == 0)
        return ds_fail(p->table.ctx, DS_EFORMAT, "%s: no row has a feature; wanted label index:value ...",
                       p->table.path);
    DS_TRY(ds_table_finish(&p->table));
    free(s->memory);
    s->memory = s->first = NULL;
    s->elements = features;
    s->layout = DS_SHAPE(features);
    s->kept = (size_t)p->count * sizeof *p->entries + (size_t)(s->rows + 1) * sizeof *p->start;
    /* Gaps of a struct are not part of the content. */
    uint64_t h = ds_hash((uint64_t)features, p->start, (size_t)(s->rows + 1) * sizeof *p->start);
    for (int64_t i = 0; i < p->count; i++) {
        h = ds_hash(h, &p->entries[i].column, sizeof p->entries[i].column);
        h = ds_hash(h, &p->entries[i].value, sizeof p->entries[i].value);
    }
    if (s->labels) h = ds_hash(h, s->labels, (size_t)s->rows * sizeof *s->labels);
    if (s->reals) h = ds_hash(h, s->reals, (size_t)s->rows * sizeof *s->reals);
    s->identity = h | 1;
    return DS_OK;
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    char buf[DS_PATH_BYTES];
    const char *one, *const *files;
    int count;
    DS_TRY(ds_table_files(ctx, set, split, "libsvm", buf, &one, &files, &count));
    if (!files) return DS_OK;
    sparse *p = s->own = calloc(1, sizeof *p);
    if (!p) return ds_fail_memory(ctx, sizeof *p, "a table");
    DS_TRY(ds_table_begin(&p->table, ctx, set, train, s));
    for (int k = 0; k < count; k++) DS_TRY(read_file(p, files[k]));
    return finish(p, train);
}

static const void *row(const ds_source *s, int64_t index, void *scratch)
{
    const sparse *p = s->own;
    double *x = scratch;
    memset(x, 0, (size_t)s->elements * sizeof *x);
    for (int64_t i = p->start[index]; i < p->start[index + 1]; i++) x[p->entries[i].column] = p->entries[i].value;
    return x;
}

static void close(ds_source *s)
{
    sparse *p = s->own;
    if (p) {
        free(p->entries);
        free(p->start);
    }
    ds_table_close(s);
}

const ds_source_def ds_source_libsvm = {
    .head = { .name = "libsvm",
              .summary = "sparse rows as text: label index:value ...",
              .cite = "Chang, Lin: LIBSVM",
              .options = options,
              .elsewhere = "scikit-learn load_svmlight_file; PyTorch, Keras and Caffe none" },
    .open = open,
    .row = row,
    .label = ds_memory_label,
    .close = close,
};
