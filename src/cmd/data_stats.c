/* data_stats.c - `descent data stats`: what a set holds, as training would see it: rows, classes, and per channel or
 * column mean, deviation, range and missing numbers; rows that repeat, with the same label or another; test rows that
 * are among the training rows.
 *   mean_k = mean_(k-1) + (x - mean_(k-1)) / k,  S_k = S_(k-1) + (x - mean_(k-1)) (x - mean_k),  deviation = sqrt(S_n / n)
 * Welford: Note on a method for calculating corrected sums of squares. Technometrics 4 (1962). */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "data.h"

enum { MOST_LINES = 40 };

typedef struct column {
    double mean, square, lo, hi;
    int64_t count, missing;
} column;

/* Rows seen, by the hash of their elements; 0 is an empty place. */
typedef struct seen {
    uint64_t *hash;
    uint64_t *label;
    size_t places; /* a power of two, at least twice the rows */
} seen;

typedef struct summary {
    const ds_dataset *d;
    int64_t elements, groups, targets, rows;
    int64_t *classes;                      /* [classes] rows of each */
    column *column;                        /* [groups] */
    int64_t repeated, contradicted, known; /* rows like an earlier one; with another label; like a training row */
    double *x, *y;
} summary;

static bool seen_create(seen *s, int64_t rows)
{
    s->places = 16;
    while (s->places < 2 * (size_t)rows) s->places *= 2;
    s->hash = calloc(2 * s->places, sizeof *s->hash);
    s->label = s->hash + s->places;
    return s->hash != NULL;
}

/* Place of a row's hash: where it is, or where it would go. */
static size_t seen_find(const seen *s, uint64_t h)
{
    size_t at = (size_t)h & (s->places - 1);
    while (s->hash[at] && s->hash[at] != h) at = (at + 1) & (s->places - 1);
    return at;
}

static void add_numbers(summary *m)
{
    for (int64_t i = 0; i < m->elements; i++) {
        column *c = &m->column[i % m->groups];
        double x = m->x[i];
        if (!isfinite(x)) {
            c->missing++;
            continue;
        }
        double d = x - c->mean;
        c->mean += d / (double)++c->count;
        c->square += d * (x - c->mean);
        if (x < c->lo) c->lo = x;
        if (x > c->hi) c->hi = x;
    }
}

static void add_row(summary *m, seen *own, const seen *train)
{
    int32_t label = *(const int32_t *)(const void *)m->y;
    uint64_t h = XXH3_64bits(m->x, (size_t)m->elements * sizeof *m->x), y;
    y = m->targets ? XXH3_64bits(m->y, (size_t)m->targets * sizeof *m->y) : (uint64_t)label;
    h += h == 0;
    add_numbers(m);
    if (m->targets == 0) m->classes[label]++;
    size_t at = seen_find(own, h);
    if (own->hash[at]) {
        m->repeated++;
        m->contradicted += own->label[at] != y;
    }
    own->hash[at] = h;
    own->label[at] = y;
    if (train) m->known += train->hash[seen_find(train, h)] == h;
}

static ds_status sum_up(summary *m, const ds_view *v, seen *own, const seen *train)
{
    ds_batch b = { .x = m->x, .y = m->y };
    for (int64_t r = 0; r < m->rows; r++) {
        ds_status status = ds_view_read(v, &r, 1, DS_F64, &b);
        if (status != DS_OK) return status;
        add_row(m, own, train);
    }
    return DS_OK;
}

static const char *group_name(const summary *m, int64_t g, char *buf, size_t bytes)
{
    const char *name = ds_dataset_column_name(m->d, g);
    snprintf(buf, bytes, "%s%.*s", name ? "" : m->groups == m->elements ? "column " : "channel ", 24, name ? name : "");
    if (!name) snprintf(buf + strlen(buf), bytes - strlen(buf), "%lld", (long long)g);
    return buf;
}

static double deviation(const column *c) { return c->count ? sqrt(c->square / (double)c->count) : NAN; }

static void print_text(const summary *m, ds_split split)
{
    char name[64];
    int classes = ds_dataset_classes(m->d);
    printf("\n%s: %lld rows\n", data_split_name(split), (long long)m->rows);
    for (int c = 0; c < classes && c < MOST_LINES; c++)
        printf("  class %-24s %9lld  %5.1f %%\n", ds_dataset_class_name(m->d, c), (long long)m->classes[c],
               100 * (double)m->classes[c] / (double)m->rows);
    if (classes > MOST_LINES) printf("  ... and %d classes more; --json has all\n", classes - MOST_LINES);
    printf("  %-24s %11s %11s %11s %11s %9s\n", "", "mean", "deviation", "least", "most", "missing");
    for (int64_t g = 0; g < m->groups && g < MOST_LINES; g++) {
        const column *c = &m->column[g];
        printf("  %-24s %11.5g %11.5g %11.5g %11.5g %9lld\n", group_name(m, g, name, sizeof name), c->mean,
               deviation(c), c->lo, c->hi, (long long)c->missing);
    }
    if (m->groups > MOST_LINES)
        printf("  ... and %lld columns more; --json has all\n", (long long)m->groups - MOST_LINES);
    printf("  rows like an earlier one: %lld, with another label: %lld", (long long)m->repeated,
           (long long)m->contradicted);
    if (split != DS_TRAIN) printf("; like a training row: %lld", (long long)m->known);
    putchar('\n');
}

static void print_number(const char *key, double x)
{
    printf(", \"%s\": ", key);
    ds_print_json_number(stdout, x);
}

static void print_json(const summary *m, ds_split split)
{
    char name[64];
    printf("%s\"%s\": {\"rows\": %lld, \"classes\": [", split ? ", " : "", data_split_name(split), (long long)m->rows);
    for (int c = 0; c < ds_dataset_classes(m->d); c++) printf("%s%lld", c ? ", " : "", (long long)m->classes[c]);
    fputs("], \"columns\": [", stdout);
    for (int64_t g = 0; g < m->groups; g++) {
        const column *c = &m->column[g];
        fputs(g ? ", {\"name\": " : "{\"name\": ", stdout);
        ds_print_json_text(stdout, group_name(m, g, name, sizeof name));
        print_number("mean", c->count ? c->mean : NAN);
        print_number("deviation", deviation(c));
        print_number("min", c->lo);
        print_number("max", c->hi);
        printf(", \"missing\": %lld}", (long long)c->missing);
    }
    printf("], \"repeated\": %lld, \"contradicted\": %lld", (long long)m->repeated, (long long)m->contradicted);
    if (split != DS_TRAIN) printf(", \"in_train\": %lld", (long long)m->known);
    putchar('}');
}

static int one_split(const data_call *call, summary *m, ds_split split, seen set[3])
{
    const ds_view *v = ds_dataset_view(m->d, split);
    m->rows = ds_view_rows(v);
    if (m->rows == 0) return 0;
    memset(m->classes, 0, ((size_t)ds_dataset_classes(m->d) + 1) * sizeof *m->classes);
    for (int64_t g = 0; g < m->groups; g++) m->column[g] = (column){ .lo = INFINITY, .hi = -INFINITY };
    m->repeated = m->contradicted = m->known = 0;
    if (!seen_create(&set[split], m->rows)) return ds_complain(DS_EXIT_FAILED, "out of memory");
    ds_status status = sum_up(m, v, &set[split], split == DS_TRAIN ? NULL : &set[DS_TRAIN]);
    if (status != DS_OK) return ds_complain_status(call->ctx, status);
    if (call->json)
        print_json(m, split);
    else
        print_text(m, split);
    return 0;
}

static void print_head(const data_call *call, ds_dataset *d)
{
    char shape[64];
    ds_shape sample = ds_dataset_sample(d);
    if (!call->json) {
        printf("%s: %s, rows of %s (%s), ", call->source, call->set.format, ds_shape_text(sample, shape, sizeof shape),
               ds_dataset_cell(d));
        if (ds_dataset_classes(d))
            printf("%d classes", ds_dataset_classes(d));
        else
            printf("%lld targets", (long long)ds_dataset_targets(d));
        printf(", fingerprint %016llx\n", (unsigned long long)ds_dataset_fingerprint(d));
        return;
    }
    printf("{\"format\": \"%s\", \"cell\": \"%s\", \"fingerprint\": \"%016llx\", \"sample\": [", call->set.format,
           ds_dataset_cell(d), (unsigned long long)ds_dataset_fingerprint(d));
    for (int i = 0; i < sample.rank; i++) printf("%s%lld", i ? ", " : "", (long long)sample.dim[i]);
    printf("], \"targets\": %lld, \"names\": [", (long long)ds_dataset_targets(d));
    for (int c = 0; c < ds_dataset_classes(d); c++) {
        if (c) fputs(", ", stdout);
        ds_print_json_text(stdout, ds_dataset_class_name(d, c));
    }
    fputs("], \"splits\": {", stdout);
}

int data_stats(const data_call *call)
{
    ds_dataset *d;
    int code = data_open(call, &d);
    if (code) return code;
    ds_shape layout = ds_dataset_layout(d);
    summary m = { .d = d,
                  .elements = ds_shape_count(layout),
                  .groups = layout.dim[layout.rank - 1],
                  .targets = ds_dataset_targets(d) };
    seen set[3] = { { 0 } };
    m.x = malloc((size_t)m.elements * sizeof *m.x);
    m.y = calloc((size_t)m.targets + 1, sizeof *m.y);
    m.column = malloc((size_t)m.groups * sizeof *m.column);
    m.classes = malloc(((size_t)ds_dataset_classes(d) + 1) * sizeof *m.classes);
    if (m.x && m.y && m.column && m.classes) {
        print_head(call, d);
        for (int split = DS_TRAIN; split <= DS_TEST && !code; split++) code = one_split(call, &m, (ds_split)split, set);
        if (call->json && !code) puts("}}");
    } else {
        code = ds_complain(DS_EXIT_FAILED, "out of memory");
    }
    for (int k = 0; k < 3; k++) free(set[k].hash);
    free(m.x);
    free(m.y);
    free(m.column);
    free(m.classes);
    ds_dataset_free(d);
    return code;
}
