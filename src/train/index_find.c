/* index_find.c - choosing runs by conditions on their facts, and reading facts back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/option.h"
#include "train/index.h"

typedef struct condition {
    char key[256], value[256];
    const char *sql; /* what holds of a fact with this key: ?2 the value as text, ?3 as a number */
    bool none;       /* and of no fact at all */
} condition;

static const struct {
    const char *sign, *sql;
    bool none;
} signs[] = {
    { "!=", "(text = ?2 OR number = ?3)", true }, { "<=", "number <= ?3", false }, { ">=", "number >= ?3", false },
    { "=", "(text = ?2 OR number = ?3)", false }, { "<", "number < ?3", false },   { ">", "number > ?3", false },
    { "~", "instr(text, ?2) > 0", false },
};
enum { SIGNS = sizeof signs / sizeof signs[0] };

/* ---- keys -------------------------------------------------------------------------------------------------------- */

/* The first key of this form that a run has, into key. */
static bool has_key(ds_index *x, const char *sql, const char *asked, char *key, size_t bytes)
{
    sqlite3_stmt *s = ds_index_prepare(x, sql);
    if (!s) return false;
    sqlite3_bind_text(s, 1, asked, -1, SQLITE_STATIC);
    bool found = ds_index_step(x, s) > 0;
    if (found) snprintf(key, bytes, "%s", (const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return found;
}

static ds_status no_such_key(ds_index *x, const char *asked)
{
    enum { MOST = 1000 };
    char *key[MOST];
    int n = 0;
    sqlite3_stmt *s = ds_index_prepare(x, "SELECT DISTINCT key FROM fact");
    if (!s) return DS_EIO;
    while (n < MOST && ds_index_step(x, s) > 0)
        if ((key[n] = strdup((const char *)sqlite3_column_text(s, 0)))) n++;
    sqlite3_finalize(s);
    const char *nearest = ds_nearest(asked, (const char *const *)key, n);
    ds_status status =
        ds_fail(x->ctx, DS_EUSAGE, "no run in %s has a key \"%s\"%s%s%s; descent runs show RUN lists them", x->folder,
                asked, nearest ? "; the nearest is \"" : "", nearest ? nearest : "", nearest ? "\"" : "");
    for (int k = 0; k < n; k++) free(key[k]);
    return status;
}

static ds_status resolve(ds_index *x, const char *asked, char *key, size_t bytes)
{
    if (has_key(x, "SELECT key FROM fact WHERE key = ? LIMIT 1", asked, key, bytes) ||
        has_key(x, "SELECT key FROM fact WHERE key = ? || '.name' LIMIT 1", asked, key, bytes) ||
        has_key(x,
                "SELECT key FROM fact WHERE substr(key, -length(?1) - 1) = '.' || ?1 AND key NOT LIKE 'best.%' "
                "ORDER BY length(key), key LIMIT 1",
                asked, key, bytes))
        return DS_OK;
    if (strcmp(asked, "tag") == 0 || strcmp(asked, "reason") == 0) { /* that no run has one is no mistake */
        snprintf(key, bytes, "%s", asked);
        return DS_OK;
    }
    return no_such_key(x, asked);
}

/* ---- conditions -------------------------------------------------------------------------------------------------- */

static ds_status read_condition(ds_index *x, const char *text, condition *c)
{
    size_t at = strcspn(text, "!<>=~"), sign = 0;
    while (sign < SIGNS && strncmp(text + at, signs[sign].sign, strlen(signs[sign].sign))) sign++;
    if (at == 0 || at >= sizeof c->key || sign == SIGNS)
        return ds_fail(x->ctx, DS_EUSAGE, "\"%s\" is no condition; wanted KEY=VALUE, or with != < <= > >= ~ (contains)",
                       text);
    char asked[256];
    snprintf(asked, sizeof asked, "%.*s", (int)at, text);
    snprintf(c->value, sizeof c->value, "%s", text + at + strlen(signs[sign].sign));
    c->sql = signs[sign].sql;
    c->none = signs[sign].none;
    char *end;
    strtod(c->value, &end);
    if (strstr(c->sql, "text") == NULL && (*end || !*c->value))
        return ds_fail(x->ctx, DS_EUSAGE, "\"%s\": \"%s\" is no number", text, c->value);
    return resolve(x, asked, c->key, sizeof c->key);
}

/* Runs that do not satisfy it leave the table of chosen ones. */
static ds_status apply(ds_index *x, const condition *c)
{
    char sql[512], *end;
    snprintf(sql, sizeof sql, "DELETE FROM chosen WHERE id %s (SELECT run FROM fact WHERE key = ?1 AND %s)",
             c->none ? "IN" : "NOT IN", c->sql);
    sqlite3_stmt *s = ds_index_prepare(x, sql);
    if (!s) return DS_EIO;
    double number = strtod(c->value, &end);
    sqlite3_bind_text(s, 1, c->key, -1, SQLITE_STATIC);
    sqlite3_bind_text(s, 2, c->value, -1, SQLITE_STATIC);
    if (*c->value && !*end)
        sqlite3_bind_double(s, 3, number);
    else
        sqlite3_bind_null(s, 3);
    int step = ds_index_step(x, s);
    sqlite3_finalize(s);
    return step < 0 ? DS_EIO : DS_OK;
}

static ds_status collect(ds_index *x, const char *key, bool down)
{
    char sql[512];
    snprintf(sql, sizeof sql,
             "SELECT run.id, run.name FROM run JOIN chosen ON run.id = chosen.id LEFT JOIN "
             "(SELECT run, max(number) AS number, max(text) AS text FROM fact WHERE key = ? GROUP BY run) f ON f.run = "
             "run.id "
             "ORDER BY f.number IS NULL AND f.text IS NULL, f.number %s, f.text %s, run.name",
             down ? "DESC" : "ASC", down ? "DESC" : "ASC");
    sqlite3_stmt *s = ds_index_prepare(x, sql);
    if (!s) return DS_EIO;
    sqlite3_bind_text(s, 1, key, -1, SQLITE_STATIC);
    int step, count = 0;
    ds_status status = DS_OK;
    while (status == DS_OK && (step = ds_index_step(x, s)) > 0) {
        int64_t *ids = realloc(x->found, (size_t)(count + 1) * sizeof *ids);
        if (ids) x->found = ids;
        char **names = realloc(x->names, (size_t)(count + 1) * sizeof *names),
             *name = strdup((const char *)sqlite3_column_text(s, 1));
        if (names) x->names = names;
        if (!ids || !names || !name) {
            free(name);
            status = ds_fail_memory(x->ctx, (size_t)count * 16, "the runs found");
            break;
        }
        ids[count] = sqlite3_column_int64(s, 0);
        names[count] = name;
        x->count = ++count;
    }
    sqlite3_finalize(s);
    return status == DS_OK && step < 0 ? DS_EIO : status;
}

ds_status ds_index_find(ds_index *x, int conditions, const char *const *text, const char *sort)
{
    char key[256] = "run";
    bool down = sort && *sort == '-';
    for (int i = 0; i < x->count; i++) free(x->names[i]);
    x->count = 0;
    if (sqlite3_exec(x->db,
                     "CREATE TEMP TABLE IF NOT EXISTS chosen(id INTEGER PRIMARY KEY); DELETE FROM chosen;"
                     "INSERT INTO chosen SELECT id FROM run",
                     NULL, NULL, NULL) != SQLITE_OK)
        return ds_index_fail(x);
    for (int i = 0; i < conditions; i++) {
        condition c;
        DS_TRY(read_condition(x, text[i], &c));
        DS_TRY(apply(x, &c));
    }
    if (sort) DS_TRY(resolve(x, sort + down, key, sizeof key));
    return collect(x, key, down);
}

/* ---- facts ------------------------------------------------------------------------------------------------------- */

int ds_index_count(const ds_index *x) { return x->count; }
const char *ds_index_name(const ds_index *x, int i) { return x->names[i]; }

const char *ds_index_fact(ds_index *x, int i, const char *key)
{
    sqlite3_stmt *s = ds_index_prepare(x, "SELECT group_concat(text, ',') FROM fact WHERE run = ? AND key = ?");
    free(x->fact);
    x->fact = NULL;
    if (!s) return NULL;
    sqlite3_bind_int64(s, 1, x->found[i]);
    sqlite3_bind_text(s, 2, key, -1, SQLITE_STATIC);
    if (ds_index_step(x, s) > 0 && sqlite3_column_text(s, 0)) x->fact = strdup((const char *)sqlite3_column_text(s, 0));
    sqlite3_finalize(s);
    return x->fact;
}

ds_status ds_index_each(ds_index *x, int i, ds_fact_visitor *visit, void *arg)
{
    sqlite3_stmt *s = ds_index_prepare(x, "SELECT key, text FROM fact WHERE run = ? ORDER BY rowid");
    if (!s) return DS_EIO;
    sqlite3_bind_int64(s, 1, x->found[i]);
    int step;
    while ((step = ds_index_step(x, s)) > 0)
        visit(arg, (const char *)sqlite3_column_text(s, 0), (const char *)sqlite3_column_text(s, 1));
    sqlite3_finalize(s);
    return step < 0 ? DS_EIO : DS_OK;
}
