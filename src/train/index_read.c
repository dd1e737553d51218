/* index_read.c - the facts of one run directory: settings from resolved.yaml, numbers from metrics.tsv, where it stands
 * from its newest checkpoint, tags. A file that cannot be read is left out: the index is for finding runs, and the ones in
 * trouble are among those that are looked for. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "descent/config.h"
#include "train/columns.h"
#include "train/index.h"
#include "train/run.h"

enum { LIMIT = 64 << 20, COLUMNS = 64 };

typedef struct reader {
    ds_index *x;
    sqlite3_stmt *insert;
    int64_t id;
    ds_status status;
} reader;

static void put(reader *r, const char *key, const char *text)
{
    if (r->status != DS_OK || !text) return;
    char *end;
    double number = strtod(text, &end);
    sqlite3_bind_int64(r->insert, 1, r->id);
    sqlite3_bind_text(r->insert, 2, key, -1, SQLITE_TRANSIENT);
    sqlite3_bind_text(r->insert, 3, text, -1, SQLITE_TRANSIENT);
    if (*text && !*end && !isnan(number))
        sqlite3_bind_double(r->insert, 4, number);
    else
        sqlite3_bind_null(r->insert, 4);
    if (ds_index_step(r->x, r->insert) < 0) r->status = DS_EIO;
    sqlite3_reset(r->insert);
}

static void put_number(reader *r, const char *key, double v)
{
    char text[32];
    if (!isnan(v)) put(r, key, ds_number_text(v, text, sizeof text));
}

static void put_setting(void *arg, const char *key, const char *value) { put(arg, key, value); }

/* [owned] NULL: not there. */
static char *file_of(reader *r, const char *path, const char *file)
{
    char full[4200], *text;
    size_t bytes;
    int n = snprintf(full, sizeof full, "%s/%s", path, file);
    if (n < 0 || (size_t)n >= sizeof full) return NULL;
    return ds_file_read(r->x->ctx, full, LIMIT, &text, &bytes) == DS_OK ? text : NULL;
}

static void read_settings(reader *r, const char *path)
{
    ds_config *c;
    ds_diagnostics *d;
    char *text = file_of(r, path, "resolved.yaml");
    if (!text) return;
    if (ds_config_parse(&c, r->x->ctx, "resolved.yaml", text, strlen(text), 0, NULL, &d) == DS_OK) {
        ds_config_each(c, put_setting, r);
        ds_config_free(c);
    }
    ds_diagnostics_free(d);
    free(text);
}

/* Last and best of each column. Fields are cut in place. */
static void read_numbers(reader *r, const char *path)
{
    char *text = file_of(r, path, "metrics.tsv"), *lines = NULL, *fields;
    const char *name[COLUMNS];
    double last[COLUMNS], best[COLUMNS];
    int columns = 0;
    char *line = text ? strtok_r(text, "\n", &lines) : NULL;
    for (char *f = line ? strtok_r(line, "\t", &fields) : NULL; f && columns < COLUMNS;
         f = strtok_r(NULL, "\t", &fields)) {
        last[columns] = best[columns] = NAN;
        name[columns++] = f;
    }
    while (columns && (line = strtok_r(NULL, "\n", &lines))) {
        char *f = strtok_r(line, "\t", &fields);
        for (int k = 0; k < columns && f; k++, f = strtok_r(NULL, "\t", &fields)) {
            const ds_column *c = ds_column_named(name[k]);
            last[k] = strtod(f, NULL);
            if (isnan(best[k]) || (c && c->more ? last[k] > best[k] : last[k] < best[k])) best[k] = last[k];
        }
    }
    for (int k = 0; k < columns; k++) {
        char key[160];
        const ds_column *c = ds_column_named(name[k]);
        put_number(r, name[k], last[k]);
        snprintf(key, sizeof key, "best.%.100s", name[k]);
        if (c && !c->whole) put_number(r, key, best[k]);
    }
    free(text);
}

static void read_tags(reader *r, const char *path)
{
    char *text = file_of(r, path, "tags"), *lines = NULL;
    for (char *tag = text ? strtok_r(text, "\n", &lines) : NULL; tag; tag = strtok_r(NULL, "\n", &lines))
        put(r, "tag", tag);
    free(text);
}

static void read_state(reader *r, const char *path)
{
    char file[4200], when[32] = "";
    struct stat st;
    struct tm parts;
    ds_run *run;
    snprintf(file, sizeof file, "%s/config.yaml", path);
    if (stat(file, &st) == 0 && gmtime_r(&st.st_mtime, &parts))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &parts);
    put(r, "started", when);
    if (ds_run_look(&run, r->x->ctx, path) != DS_OK) {
        put(r, "status", "damaged");
        put(r, "reason", ds_error(r->x->ctx));
        return;
    }
    snprintf(file, sizeof file, "%s/last.safetensors", path);
    const char *reason = ds_run_finished(run);
    put(r, "status",
        ds_run_busy(path)                                 ? "running"
        : reason                                          ? "finished"
        : ds_run_saved_config(run) || !access(file, R_OK) ? "stopped"
                                                          : "empty");
    put(r, "reason", reason);
    ds_run_close(run);
}

ds_status ds_index_read(ds_index *x, int64_t id, const char *name, const char *path)
{
    reader r = { .x = x, .id = id };
    r.insert = ds_index_prepare(x, "INSERT INTO fact(run, key, text, number) VALUES(?, ?, ?, ?)");
    if (!r.insert) return DS_EIO;
    put(&r, "run", name);
    read_state(&r, path);
    read_settings(&r, path);
    read_numbers(&r, path);
    read_tags(&r, path);
    sqlite3_finalize(r.insert);
    return r.status;
}
