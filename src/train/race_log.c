/* race_log.c - results.tsv of a race (descent/race.h): the lines of a run follow each other, one for each point of its curve;
 * a run without a point has one line with NaN. Numbers are written with the digits that read back as the same double. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/text.h"
#include "descent/race.h"

static const char header[] =
    "workload\toptimizer\ttrial\tseed\tlr\tconfig\toutcome\tstate.bytes\tstep\tgradients\tseconds\tvalue";
enum { FIELDS = 12, LIMIT = 1 << 30 };

struct ds_race_log {
    ds_ctx *ctx;
    char path[4200];
    ds_arena arena;
    int count, room;
    const ds_race_run **run;
};

/* ---- in memory --------------------------------------------------------------------------------------------------- */

int ds_race_log_count(const ds_race_log *log) { return log->count; }
const ds_race_run *ds_race_log_at(const ds_race_log *log, int i) { return log->run[i]; }

const ds_race_run *ds_race_log_find(const ds_race_log *log, const char *workload, const char *optimizer, int64_t trial,
                                    uint64_t seed)
{
    for (int i = 0; i < log->count; i++) {
        const ds_race_run *r = log->run[i];
        bool same = r->trial == trial && r->seed == seed;
        if (same && !strcmp(r->workload, workload) && !strcmp(r->optimizer, optimizer)) return r;
    }
    return NULL;
}

static ds_status keep(ds_race_log *log, const ds_race_run *run)
{
    if (log->count == log->room) {
        int room = log->room ? 2 * log->room : 64;
        const ds_race_run **more = realloc(log->run, (size_t)room * sizeof(ds_race_run *));
        if (!more) return ds_fail_memory(log->ctx, (size_t)room * sizeof(ds_race_run *), "results");
        log->run = more;
        log->room = room;
    }
    size_t points = (size_t)run->count * sizeof *run->point;
    ds_race_run *copy = ds_arena_alloc(&log->arena, sizeof *copy);
    ds_curve_point *point = ds_arena_alloc(&log->arena, points + 1);
    if (!copy || !point) return ds_fail_memory(log->ctx, points, "results");
    *copy = *run;
    copy->workload = ds_arena_text(&log->arena, run->workload);
    copy->optimizer = ds_arena_text(&log->arena, run->optimizer);
    if (!copy->workload || !copy->optimizer) return ds_fail_memory(log->ctx, points, "results");
    if (points) memcpy(point, run->point, points);
    copy->point = point;
    log->run[log->count++] = copy;
    return DS_OK;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static void put_number(ds_text *t, double x, const char *after)
{
    char digits[32];
    ds_text_add(t, "%s%s", ds_number_text(x, digits, sizeof digits), after);
}

static void put_run(ds_text *t, const ds_race_run *r)
{
    const ds_curve_point none = { NAN, NAN, NAN, NAN };
    for (int k = 0; k < (r->count ? r->count : 1); k++) {
        const ds_curve_point *p = r->count ? &r->point[k] : &none;
        ds_text_add(t, "%s\t%s\t%" PRId64 "\t%" PRIu64 "\t", r->workload, r->optimizer, r->trial, r->seed);
        put_number(t, r->lr, "\t");
        ds_text_add(t, "%016" PRIx64 "\t%s\t%" PRId64 "\t", r->config, r->diverged ? "diverged" : "done",
                    r->state_bytes);
        put_number(t, p->step, "\t");
        put_number(t, p->gradients, "\t");
        put_number(t, p->seconds, "\t");
        put_number(t, p->value, "\n");
    }
}

static ds_status write_all(ds_race_log *log)
{
    ds_text t = { 0 };
    ds_text_add(&t, "%s\n", header);
    for (int i = 0; i < log->count; i++) put_run(&t, log->run[i]);
    size_t bytes = t.bytes;
    char *text = ds_text_take(&t);
    if (!text) return ds_fail_memory(log->ctx, bytes, "results");
    ds_status status = ds_file_write(log->ctx, log->path, 1, &(ds_piece){ text, strlen(text) });
    free(text);
    return status;
}

ds_status ds_race_log_add(ds_race_log *log, const ds_race_run *run)
{
    DS_TRY(keep(log, run));
    ds_status status = write_all(log);
    if (status != DS_OK) log->count--;
    return status;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool split(char *line, char *field[FIELDS])
{
    int n = 0;
    for (char *next = line; next && n < FIELDS; n++) {
        field[n] = next;
        next = strchr(next, '\t');
        if (next) *next++ = 0;
        if (n == FIELDS - 1 && next) return false;
    }
    return n == FIELDS;
}

static bool number(const char *text, double *x)
{
    char *end;
    *x = strtod(text, &end);
    return end != text && !*end;
}

static bool whole(const char *text, int base, uint64_t *x)
{
    char *end;
    *x = strtoull(text, &end, base);
    return end != text && !*end;
}

static bool read_line(char *line, ds_race_run *r, ds_curve_point *p)
{
    char *f[FIELDS];
    uint64_t trial = 0, bytes = 0;
    *r = (ds_race_run){ .count = 0 };
    if (!split(line, f) || !*f[0] || !*f[1]) return false;
    r->workload = f[0];
    r->optimizer = f[1];
    bool good = whole(f[2], 10, &trial) && whole(f[3], 10, &r->seed) && number(f[4], &r->lr) &&
                whole(f[5], 16, &r->config) && whole(f[7], 10, &bytes) && number(f[8], &p->step) &&
                number(f[9], &p->gradients) && number(f[10], &p->seconds) && number(f[11], &p->value);
    r->trial = (int64_t)trial;
    r->state_bytes = (int64_t)bytes;
    r->diverged = !strcmp(f[6], "diverged");
    return good && (r->diverged || !strcmp(f[6], "done"));
}

static bool same_run(const ds_race_run *a, const ds_race_run *b)
{
    return a->trial == b->trial && a->seed == b->seed && !strcmp(a->workload, b->workload) &&
           !strcmp(a->optimizer, b->optimizer);
}

static ds_status read_lines(ds_race_log *log, char *text, ds_curve_point *points)
{
    char *rest;
    ds_race_run now = { .count = 0 }, next;
    bool any = false;
    char *line = strtok_r(text, "\n", &rest);
    if (!line || strcmp(line, header))
        return ds_fail(log->ctx, DS_EFORMAT, "%s: line 1 is not that of a race", log->path);
    for (int k = 2; (line = strtok_r(NULL, "\n", &rest)); k++) {
        ds_curve_point p;
        if (!read_line(line, &next, &p) || (any && same_run(&now, &next) && now.count == DS_CURVE_POINTS))
            return ds_fail(log->ctx, DS_EFORMAT, "%s: line %d is damaged; remove the file, or race in another --out",
                           log->path, k);
        if (any && !same_run(&now, &next)) DS_TRY(keep(log, &now));
        next.count = any && same_run(&now, &next) ? now.count : 0;
        now = next;
        now.point = points;
        any = true;
        if (!isnan(p.step)) points[now.count++] = p;
    }
    return any ? keep(log, &now) : DS_OK;
}

static ds_status read_all(ds_race_log *log)
{
    char *text;
    size_t bytes;
    if (access(log->path, F_OK)) return DS_OK;
    ds_curve_point *points = calloc(DS_CURVE_POINTS, sizeof *points);
    if (!points) return ds_fail_memory(log->ctx, DS_CURVE_POINTS * sizeof *points, "results");
    ds_status status = ds_file_read(log->ctx, log->path, LIMIT, &text, &bytes);
    if (status == DS_OK) {
        status = read_lines(log, text, points);
        free(text);
    }
    free(points);
    return status;
}

ds_status ds_race_log_open(ds_race_log **out, ds_ctx *ctx, const char *folder)
{
    *out = NULL;
    ds_race_log *log = calloc(1, sizeof *log);
    if (!log) return ds_fail_memory(ctx, sizeof *log, "results");
    log->ctx = ctx;
    int n = snprintf(log->path, sizeof log->path, "%s/results.tsv", folder);
    ds_status status = n > 0 && n < (int)sizeof log->path ? ds_make_folders(ctx, folder)
                                                          : ds_fail(ctx, DS_EUSAGE, "the path is too long");
    if (status == DS_OK) status = read_all(log);
    if (status != DS_OK) {
        ds_race_log_close(log);
        return status;
    }
    *out = log;
    return DS_OK;
}

void ds_race_log_close(ds_race_log *log)
{
    if (!log) return;
    ds_arena_free(&log->arena);
    free(log->run);
    free(log);
}
