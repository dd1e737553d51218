/* index.c - the index over a folder of runs (descent/runs.h): a SQLite file in write-ahead mode, so that readers and
 * another process that brings it up to date do not wait for each other. A run is read again when its stamp (sizes and
 * times of what it writes) has changed. An index of another format, or one that is damaged, is made anew. */
#include "train/index.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "train/run.h"

enum { FORMAT = 1, PATIENCE_MS = 20000 };

static const char schema[] = "CREATE TABLE run(id INTEGER PRIMARY KEY, name TEXT UNIQUE, stamp TEXT, seen INTEGER);"
                             "CREATE TABLE fact(run INTEGER, key TEXT, text TEXT, number REAL);"
                             "CREATE INDEX fact_run ON fact(run, key);"
                             "CREATE INDEX fact_key ON fact(key);"
                             "PRAGMA user_version = 1;";
_Static_assert(FORMAT == 1, "user_version in the schema");

ds_status ds_index_fail(ds_index *x)
{
    if (sqlite3_errcode(x->db) == SQLITE_NOMEM) return ds_fail_memory(x->ctx, 0, "the index of runs");
    return ds_fail(x->ctx, DS_EIO, "%s/index.sqlite: %s; it can be removed and is made anew", x->folder,
                   sqlite3_errmsg(x->db));
}

sqlite3_stmt *ds_index_prepare(ds_index *x, const char *sql)
{
    sqlite3_stmt *s;
    if (sqlite3_prepare_v2(x->db, sql, -1, &s, NULL) == SQLITE_OK) return s;
    ds_index_fail(x);
    return NULL;
}

int ds_index_step(ds_index *x, sqlite3_stmt *s)
{
    int code = sqlite3_step(s);
    if (code == SQLITE_ROW) return 1;
    if (code == SQLITE_DONE) return 0;
    ds_index_fail(x);
    return -1;
}

static ds_status run_sql(ds_index *x, const char *sql)
{
    return sqlite3_exec(x->db, sql, NULL, NULL, NULL) == SQLITE_OK ? DS_OK : ds_index_fail(x);
}

/* ---- bringing it up to date -------------------------------------------------------------------------------------- */

static void add_stamp(ds_text *t, const char *path, const char *file)
{
    char full[4400];
    struct stat st;
    int n = snprintf(full, sizeof full, "%s/%s", path, file);
    if (n < 0 || (size_t)n >= sizeof full || stat(full, &st)) return;
    ds_text_add(t, "%s %lld %lld.%09ld;", file, (long long)st.st_size, (long long)st.st_mtim.tv_sec,
                st.st_mtim.tv_nsec);
}

/* [owned] What changes when the run does; a running one may end without a trace in the sizes, so its lock counts. */
static char *stamp_of(const char *path)
{
    static const char *const files[] = { "resolved.yaml",    "metrics.tsv", "tags",
                                         "last.safetensors", "checkpoints", "lock" };
    ds_text t = { 0 };
    for (size_t k = 0; k < sizeof files / sizeof files[0]; k++) add_stamp(&t, path, files[k]);
    return ds_text_take(&t);
}

/* Id of the run and whether its stamp is the one at hand; -1: the index failed. */
static int64_t known(ds_index *x, const char *name, const char *stamp, bool *same)
{
    sqlite3_stmt *s = ds_index_prepare(x, "SELECT id, stamp FROM run WHERE name = ?");
    if (!s) return -1;
    sqlite3_bind_text(s, 1, name, -1, SQLITE_STATIC);
    int step = ds_index_step(x, s);
    int64_t id = step < 0 ? -1 : step ? sqlite3_column_int64(s, 0) : 0;
    const char *old = step > 0 ? (const char *)sqlite3_column_text(s, 1) : NULL;
    *same = old && strcmp(old, stamp) == 0;
    sqlite3_finalize(s);
    return id;
}

static ds_status note(ds_index *x, const char *sql, int64_t id, const char *name, const char *stamp)
{
    sqlite3_stmt *s = ds_index_prepare(x, sql);
    if (!s) return DS_EIO;
    sqlite3_bind_int64(s, 1, id);
    if (name) sqlite3_bind_text(s, 2, name, -1, SQLITE_STATIC);
    if (stamp) sqlite3_bind_text(s, 3, stamp, -1, SQLITE_STATIC);
    int step = ds_index_step(x, s);
    sqlite3_finalize(s);
    return step < 0 ? DS_EIO : DS_OK;
}

static ds_status take_run(ds_index *x, const char *name, const char *path, bool running, bool anew)
{
    bool same;
    char *stamp = stamp_of(path);
    if (!stamp) return ds_fail_memory(x->ctx, 4096, "the index of runs");
    int64_t id = known(x, name, stamp, &same);
    ds_status status = id < 0 ? DS_EIO : DS_OK;
    if (status == DS_OK && same && !anew && !running) {
        status = note(x, "UPDATE run SET seen = 1 WHERE id = ?", id, NULL, NULL);
    } else if (status == DS_OK) {
        if (id) status = note(x, "DELETE FROM fact WHERE run = ?", id, NULL, NULL);
        if (status == DS_OK && !id) {
            status = note(x, "INSERT INTO run(id, name, stamp, seen) VALUES(nullif(?, 0), ?, ?, 1)", 0, name, "");
            id = sqlite3_last_insert_rowid(x->db);
        }
        if (status == DS_OK) status = ds_index_read(x, id, name, path);
        if (status == DS_OK)
            status = note(x, "UPDATE run SET seen = 1, stamp = ?3 WHERE id = ?1 AND name = ?2", id, name,
                          running ? "" : stamp);
    }
    free(stamp);
    return status;
}

static ds_status scan(ds_index *x, bool anew)
{
    DIR *d = opendir(x->folder);
    if (!d) return ds_fail(x->ctx, DS_EIO, "%s: cannot open the folder of runs: %s", x->folder, strerror(errno));
    ds_status status = DS_OK;
    for (struct dirent *e; status == DS_OK && (e = readdir(d));) {
        char path[4096], file[4200];
        struct stat st;
        int n = snprintf(path, sizeof path, "%s/%s", x->folder, e->d_name);
        if (n < 0 || (size_t)n >= sizeof path || e->d_name[0] == '.') continue;
        snprintf(file, sizeof file, "%s/resolved.yaml", path);
        if (stat(file, &st) == 0) status = take_run(x, e->d_name, path, ds_run_busy(path), anew);
    }
    closedir(d);
    return status;
}

static ds_status refresh(ds_index *x, bool anew)
{
    DS_TRY(run_sql(x, "BEGIN IMMEDIATE; UPDATE run SET seen = 0"));
    ds_status status = scan(x, anew);
    if (status == DS_OK)
        status = run_sql(x, "DELETE FROM fact WHERE run IN (SELECT id FROM run WHERE seen = 0);"
                            "DELETE FROM run WHERE seen = 0; COMMIT");
    if (status != DS_OK) sqlite3_exec(x->db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* ---- opening ----------------------------------------------------------------------------------------------------- */

/* Whether the database at hand is one of ours, of this format and whole. */
static bool usable(ds_index *x)
{
    sqlite3_stmt *s;
    bool good = sqlite3_prepare_v2(x->db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK &&
                sqlite3_step(s) == SQLITE_ROW && sqlite3_column_int(s, 0) == FORMAT;
    sqlite3_finalize(s);
    if (!good) return false;
    good = sqlite3_prepare_v2(x->db, "PRAGMA quick_check", -1, &s, NULL) == SQLITE_OK &&
           sqlite3_step(s) == SQLITE_ROW && strcmp((const char *)sqlite3_column_text(s, 0), "ok") == 0;
    sqlite3_finalize(s);
    return good;
}

static ds_status connect(ds_index *x, const char *path)
{
    if (sqlite3_open_v2(path, &x->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, NULL) != SQLITE_OK)
        return x->db ? ds_index_fail(x) : ds_fail_memory(x->ctx, 4096, "the index of runs");
    sqlite3_busy_timeout(x->db, PATIENCE_MS);
    return DS_OK;
}

static bool empty_file(const char *path)
{
    struct stat st;
    return stat(path, &st) != 0 || st.st_size == 0;
}

static ds_status open_file(ds_index *x, const char *path)
{
    if (access(x->folder, W_OK)) {
        DS_TRY(connect(x, ":memory:"));
        return run_sql(x, schema);
    }
    bool fresh = empty_file(path);
    DS_TRY(connect(x, path));
    if (!fresh && !usable(x)) { /* nothing in it is worth more than reading the runs again */
        sqlite3_close(x->db);
        x->db = NULL;
        remove(path);
        DS_TRY(connect(x, path));
    }
    DS_TRY(run_sql(x, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE"));
    ds_status status = usable(x) ? DS_OK : run_sql(x, schema);
    return status == DS_OK ? run_sql(x, "COMMIT") : status;
}

ds_status ds_index_open(ds_index **out, ds_ctx *ctx, const char *folder, bool anew)
{
    *out = NULL;
    char path[4096];
    struct stat st;
    int n = snprintf(path, sizeof path, "%s/index.sqlite", folder);
    if (n < 0 || (size_t)n >= sizeof path || stat(folder, &st) || !S_ISDIR(st.st_mode))
        return ds_fail(ctx, DS_EIO, "%s: no such folder of runs", folder);
    ds_index *x = calloc(1, sizeof *x);
    if (!x) return ds_fail_memory(ctx, sizeof *x, "the index of runs");
    x->ctx = ctx;
    x->folder = strdup(folder);
    ds_status status = x->folder ? open_file(x, path) : ds_fail_memory(ctx, strlen(folder), "the index of runs");
    if (status == DS_OK) status = refresh(x, anew);
    if (status == DS_OK) status = ds_index_find(x, 0, NULL, NULL);
    if (status != DS_OK) {
        ds_index_close(x);
        return status;
    }
    *out = x;
    return DS_OK;
}

void ds_index_close(ds_index *x)
{
    if (!x) return;
    for (int i = 0; i < x->count; i++) free(x->names[i]);
    free(x->names);
    free(x->found);
    free(x->fact);
    free(x->folder);
    sqlite3_close(x->db);
    free(x);
}
