/* rewrite.c - any set into shards, in bounded memory: training rows through buckets (data/scatter.h) or straight, the
 * others straight.
 * What a killed run leaves: shards that are whole (they have their name), rewrite.json (which job, how far pass 1 was
 * when it last made everything durable) and the buckets' file, of which that many bytes count. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/file.h"
#include "data/dataset.h"
#include "data/scatter.h"
#include "data/shard.h"
#include "data/stream.h"

enum { MEMORY = 1 << 26, STATE_MOST = 4096, SAVE_LEAST = 1 << 22, ASK_ROWS = 1024 };

typedef struct job {
    ds_ctx *ctx;
    const ds_data_settings *set;
    const ds_rewrite *how;
    size_t memory;
    const char *folder;
    char state_path[DS_PATH_BYTES], bucket_path[DS_PATH_BYTES];
    /* kept in rewrite.json */
    uint64_t id;
    bool scattered;      /* pass 1 is over */
    int64_t saved_rows;  /* that are in the buckets' file */
    int64_t saved_bytes; /* of it */
    int64_t buckets;     /* 0: not yet chosen */
    /* of the split at work */
    ds_split split;
    bool described, gathering;
    int64_t row;   /* rows seen of the source */
    int64_t since; /* bytes put since the last save */
    int64_t record;
    uint8_t *bytes; /* owned, one record */
    ds_shard_index index;
    ds_shard_writer writer;
    bool writing, stopped;
    ds_scatter scatter;
} job;

/* ---- what is remembered ------------------------------------------------------------------------------------------ */

static uint64_t text_hash(uint64_t h, const char *text) { return text ? XXH64(text, strlen(text) + 1, h) : h + 1; }

/* A file counts by name, size and time of change. */
static uint64_t file_hash(uint64_t h, const char *path)
{
    struct stat st;
    int64_t about[3] = { 0 };
    if (path && stat(path, &st) == 0)
        about[0] = st.st_size, about[1] = st.st_mtim.tv_sec, about[2] = st.st_mtim.tv_nsec;
    return XXH64(about, sizeof about, text_hash(h, path));
}

static uint64_t job_hash(const ds_data_settings *set, const ds_rewrite *how)
{
    const int64_t about[] = {
        how->shuffle, (int64_t)how->seed, set->target, set->header, set->skip, (int64_t)set->seed
    };
    uint64_t h = XXH64(about, sizeof about, text_hash(text_hash(1, set->format), set->label));
    const char *const *list[] = { set->train, set->val, set->test };
    const int count[] = { set->train_count, set->val_count, set->test_count };
    h = file_hash(XXH64(&set->difficulty, sizeof set->difficulty, h), set->path);
    for (int k = 0; k < 3; k++)
        for (int i = 0; i < count[k]; i++) h = file_hash(h + 1, list[k][i]);
    return h;
}

static ds_status save_state(job *j)
{
    char text[STATE_MOST];
    int n = snprintf(text, sizeof text,
                     "{\"job\": \"%016" PRIx64 "\", \"scattered\": %s, \"rows\": %" PRId64 ", \"bytes\": %" PRId64
                     ", \"buckets\": %" PRId64 "}\n",
                     j->id, j->scattered ? "true" : "false", j->saved_rows, j->saved_bytes, j->buckets);
    return ds_file_write(j->ctx, j->state_path, 1, &(ds_piece){ text, (size_t)n });
}

static ds_status load_state(job *j)
{
    char *text, id[17];
    size_t bytes;
    if (!ds_file_exists(j->state_path)) return DS_OK;
    DS_TRY(ds_file_read(j->ctx, j->state_path, STATE_MOST, &text, &bytes));
    json_t *root = json_loadb(text, bytes, 0, NULL);
    free(text);
    const char *found = json_string_value(json_object_get(root, "job"));
    snprintf(id, sizeof id, "%016" PRIx64, j->id);
    bool same = found && strcmp(found, id) == 0;
    j->scattered = json_is_true(json_object_get(root, "scattered"));
    j->saved_rows = json_integer_value(json_object_get(root, "rows"));
    j->saved_bytes = json_integer_value(json_object_get(root, "bytes"));
    j->buckets = json_integer_value(json_object_get(root, "buckets"));
    json_decref(root);
    if (same && j->saved_rows >= 0 && j->saved_bytes >= 0 && j->buckets >= 0) return DS_OK;
    return ds_fail(
        j->ctx, DS_EUSAGE,
        "%s holds an unfinished rewrite of other data, another seed, or data that has changed since; remove it "
        "or name another folder",
        j->folder);
}

/* ---- shards ------------------------------------------------------------------------------------------------------ */

static ds_status add_head(job *j, uint64_t head)
{
    ds_shard_split *p = &j->index.split[j->split];
    if ((p->shards & (p->shards + 1)) == 0 || !p->head) {
        size_t room = 2 * (size_t)p->shards + 2;
        uint64_t *more = realloc(p->head, room * sizeof *more);
        if (!more) return ds_fail_memory(j->ctx, room * sizeof *more, "hashes");
        p->head = more;
    }
    p->head[p->shards++] = head;
    return DS_OK;
}

/* Shards of this split that are there already, counted and checked; the split's rows are known. */
static ds_status find_shards(job *j)
{
    ds_shard_split *p = &j->index.split[j->split];
    char path[DS_PATH_BYTES];
    while (p->shards * p->shard_rows < p->rows) {
        uint64_t *hash, head = 0;
        DS_TRY(ds_shard_path(j->ctx, path, j->folder, j->split, p->shards));
        int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0) return DS_OK;
        ds_status status = ds_shard_head_read(j->ctx, file, path, ds_shard_length(p, p->shards), j->record,
                                              j->index.block, &hash, &head);
        close(file);
        free(hash);
        DS_TRY(status);
        DS_TRY(add_head(j, head));
    }
    return DS_OK;
}

static int64_t rows_written(const job *j)
{
    const ds_shard_split *p = &j->index.split[j->split];
    int64_t n = p->shards * p->shard_rows + (j->writing ? j->writer.done : 0);
    return n < p->rows ? n : p->rows;
}

/* The next row of the split, at position rows_written. */
static ds_status put(job *j, const uint8_t *record)
{
    const ds_shard_split *p = &j->index.split[j->split];
    uint64_t head;
    if (!j->writing) {
        char path[DS_PATH_BYTES];
        DS_TRY(ds_shard_path(j->ctx, path, j->folder, j->split, p->shards));
        j->writing = true;
        DS_TRY(ds_shard_begin(&j->writer, j->ctx, path, ds_shard_length(p, p->shards), j->record, j->index.block));
    }
    DS_TRY(ds_shard_put(&j->writer, record));
    if (j->writer.done < j->writer.rows) return DS_OK;
    DS_TRY(ds_shard_finish(&j->writer, &head));
    ds_shard_abandon(&j->writer);
    j->writing = false;
    return add_head(j, head);
}

static ds_status ask(job *j, const char *what, int64_t done, int64_t rows)
{
    if (!j->how->progress || j->how->progress(j->how->arg, what, done, rows)) return DS_OK;
    j->stopped = true;
    return ds_fail(j->ctx, DS_EUSAGE, "stopped");
}

/* ---- from the source --------------------------------------------------------------------------------------------- */

static void make_record(job *j, const ds_source *s, const void *x, int32_t label, const double *targets)
{
    size_t row = (size_t)s->elements * ds_cell_bytes(s->cell);
    memcpy(j->bytes, x, row);
    if (s->classes)
        memcpy(j->bytes + row, &label, sizeof label);
    else
        memcpy(j->bytes + row, targets, (size_t)s->targets * sizeof *targets);
}

/* At the first row: how long a record is, and where the rows go. */
static ds_status begin_split(job *j, const ds_source *s)
{
    ds_shard_index x;
    j->described = true;
    ds_status status = ds_shard_describe(j->ctx, s, &x);
    if (status == DS_OK) {
        j->index.block = x.block;
        j->index.split[j->split].shard_rows = x.split[0].shard_rows;
        j->index.split[j->split].rows = s->rows;
        j->record = ds_shard_record(&x);
    }
    ds_shard_index_free(&x);
    DS_TRY(status);
    if (s->endless) return ds_fail(j->ctx, DS_ECONFIG, "data: rows of a stream never end; set stream: false");
    j->bytes = malloc((size_t)j->record);
    if (!j->bytes) return ds_fail_memory(j->ctx, (size_t)j->record, "one row");
    if (!j->gathering) return find_shards(j);
    if (!j->buckets) DS_TRY(ds_scatter_buckets(j->ctx, s->rows, j->record, j->memory, &j->buckets));
    DS_TRY(ds_scatter_open(&j->scatter, j->ctx, j->bucket_path, j->how->seed, j->record, j->buckets, j->saved_bytes));
    return j->scattered ? DS_OK : ds_scatter_start(&j->scatter, j->memory);
}

static ds_status save_scatter(job *j)
{
    DS_TRY(ds_scatter_flush(&j->scatter));
    j->saved_rows = j->row;
    j->saved_bytes = j->scatter.bytes;
    j->since = 0;
    return save_state(j);
}

static ds_status scatter_row(job *j, const ds_source *s)
{
    int64_t often = j->memory > SAVE_LEAST / 4 ? (int64_t)j->memory * 4 : SAVE_LEAST;
    DS_TRY(ds_scatter_put(&j->scatter, j->row++, j->bytes));
    j->since += j->record;
    if (j->row % ASK_ROWS == 0 && ask(j, "scattering", j->row, s->rows) != DS_OK) {
        DS_TRY(save_scatter(j));
        return DS_EUSAGE;
    }
    return j->since >= often ? save_scatter(j) : DS_OK;
}

static ds_status take_row(void *arg, const ds_source *s, const void *x, int32_t label, const double *targets)
{
    job *j = arg;
    if (!j->described) DS_TRY(begin_split(j, s));
    if (j->gathering ? j->scattered || j->row < j->saved_rows : j->row < rows_written(j)) {
        j->row++;
        return DS_OK;
    }
    make_record(j, s, x, label, targets);
    if (j->gathering) return scatter_row(j, s);
    j->row++;
    DS_TRY(put(j, j->bytes));
    return j->row % ASK_ROWS == 0 ? ask(j, "writing", j->row, s->rows) : DS_OK;
}

/* ---- from the buckets -------------------------------------------------------------------------------------------- */

static ds_status gather(job *j)
{
    ds_shard_split *p = &j->index.split[j->split];
    int64_t base = 0, total = 0;
    for (int64_t b = 0; b < j->buckets; b++) total += j->scatter.count[b];
    if (total != p->rows)
        return ds_fail(j->ctx, DS_EFORMAT,
                       "%s: %" PRId64 " rows in the buckets, %" PRId64 " in the source; begin again", j->folder, total,
                       p->rows);
    DS_TRY(find_shards(j));
    DS_TRY(ds_gather_start(&j->scatter, j->memory));
    for (int64_t b = 0; b < j->buckets; base += j->scatter.count[b++]) {
        if (base + j->scatter.count[b] <= rows_written(j)) continue;
        DS_TRY(ask(j, "gathering", base, p->rows));
        DS_TRY(ds_gather_load(&j->scatter, b));
        for (int64_t k = rows_written(j) - base; k < j->scatter.count[b]; k++)
            DS_TRY(put(j, ds_gather_record(&j->scatter, k)));
    }
    return DS_OK;
}

static ds_status finish_train(job *j)
{
    if (!j->gathering) return DS_OK;
    if (!j->scattered) {
        j->scattered = true;
        DS_TRY(save_scatter(j));
    }
    return gather(j);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Names and classes are complete once the training rows have been seen. */
static ds_status describe_index(job *j, const ds_source *train)
{
    ds_shard_index x;
    ds_status status = ds_shard_describe(j->ctx, train, &x);
    memcpy(x.split, j->index.split, sizeof x.split);
    memset(j->index.split, 0, sizeof j->index.split);
    x.shuffled = j->how->shuffle;
    x.seed = j->how->seed;
    ds_shard_index_free(&j->index);
    j->index = x;
    return status;
}

static ds_status write_split(job *j, ds_split split, ds_source *train, ds_source *s)
{
    const ds_sink sink = { j, take_row, j->memory, j->folder };
    j->split = split;
    j->gathering = split == DS_TRAIN && j->how->shuffle;
    j->described = false;
    j->row = 0;
    free(j->bytes);
    j->bytes = NULL;
    DS_TRY(ds_scan(j->ctx, j->set, split, train, s, &sink));
    if (split == DS_TRAIN && j->row == 0)
        return ds_fail(j->ctx, DS_EFORMAT, "data: no training rows; set data.path or data.train");
    if (j->row == 0) return DS_OK;
    if (split != DS_TRAIN) return ds_sources_agree(j->ctx, train, s, split);
    DS_TRY(describe_index(j, s));
    return finish_train(j);
}

static ds_status write_all(job *j)
{
    const ds_source_def *def;
    ds_source source[3] = { { .rows = 0 } };
    ds_status status = ds_source_named(j->ctx, j->set->format, &def);
    for (int k = DS_TRAIN; k <= DS_TEST && status == DS_OK; k++) {
        source[k].def = def;
        status = write_split(j, (ds_split)k, k ? &source[0] : NULL, &source[k]);
    }
    for (int k = DS_TEST; k >= DS_TRAIN; k--) ds_source_close(&source[k]);
    return status == DS_OK ? ds_shard_index_write(j->ctx, j->folder, &j->index) : status;
}

/* A folder is taken by one process at a time; the lock dies with it. */
static ds_status lock_folder(job *j, int *lock)
{
    DS_TRY(ds_make_folders(j->ctx, j->folder));
    *lock = open(j->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*lock < 0) return ds_fail(j->ctx, DS_EIO, "%s: %s", j->folder, strerror(errno));
    if (flock(*lock, LOCK_EX | LOCK_NB) == 0) return DS_OK;
    return ds_fail(j->ctx, DS_EUSAGE, "%s: another process is writing there", j->folder);
}

static ds_status run(job *j)
{
    char path[DS_PATH_BYTES];
    DS_TRY(ds_path_join(j->ctx, j->state_path, j->folder, "rewrite.json"));
    DS_TRY(ds_path_join(j->ctx, j->bucket_path, j->folder, "buckets.tmp"));
    DS_TRY(ds_path_join(j->ctx, path, j->folder, DS_SHARD_INDEX));
    bool begun = ds_file_exists(j->state_path), done = ds_file_exists(path);
    DS_TRY(load_state(j));
    if (done && !begun)
        return ds_fail(j->ctx, DS_EUSAGE, "%s holds a set already; name another folder or remove it", j->folder);
    if (!done) {
        if (!begun) {
            DS_TRY(ds_shard_path(j->ctx, path, j->folder, DS_TRAIN, 0));
            if (ds_file_exists(path))
                return ds_fail(j->ctx, DS_EUSAGE, "%s holds shards without an index; remove them", j->folder);
            DS_TRY(save_state(j));
        }
        DS_TRY(write_all(j));
    }
    unlink(j->bucket_path);
    unlink(j->state_path);
    return DS_OK;
}

ds_status ds_shards_write(ds_ctx *ctx, const ds_data_settings *given, const ds_rewrite *how, bool *stopped)
{
    ds_data_settings set = *given;
    int lock = -1;
    ds_arena patterns = { 0 };
    if (set.holdout && ds_holdout_is_file(set.holdout)) set.val = &given->holdout, set.val_count = 1;
    set.holdout = NULL;
    job *j = calloc(1, sizeof *j);
    if (!j) return ds_fail_memory(ctx, sizeof *j, "a rewrite");
    j->ctx = ctx, j->set = &set, j->how = how, j->folder = how->out;
    j->memory = how->memory ? how->memory : MEMORY;
    j->writer.file = j->scatter.file = -1;
    ds_status status = ds_patterns_expand(ctx, &patterns, &set);
    if (status == DS_OK) j->id = job_hash(&set, how);
    if (status == DS_OK) status = lock_folder(j, &lock);
    if (status == DS_OK) status = run(j);
    *stopped = j->stopped;
    if (j->stopped) status = DS_OK;
    ds_shard_abandon(&j->writer);
    ds_scatter_close(&j->scatter);
    ds_shard_index_free(&j->index);
    free(j->bytes);
    free(j);
    ds_arena_free(&patterns);
    if (lock >= 0) close(lock);
    return status;
}
