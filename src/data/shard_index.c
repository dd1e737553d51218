/* shard_index.c - index.json of a folder of shards: read with every promise checked, written at once. */
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/file.h"
#include "data/shard.h"

enum { MOST_BYTES = 1 << 26, MOST_CLASSES = 1 << 20 };
static const char *const cell_name[] = { "u8", "f32", "f64" };

int64_t ds_shard_record(const ds_shard_index *x)
{
    int64_t n = 1, tail = x->classes ? (int64_t)sizeof(int32_t) : ds_product(x->targets, sizeof(double)), sum;
    for (int i = 0; i < x->layout.rank; i++) n = ds_product(n, x->layout.dim[i]);
    n = ds_product(n, (int64_t)ds_cell_bytes(x->cell));
    return n < 0 || tail < 0 || __builtin_add_overflow(n, tail, &sum) ? -1 : sum;
}

int64_t ds_shard_length(const ds_shard_split *p, int64_t shard)
{
    int64_t left = p->rows - shard * p->shard_rows;
    return left < p->shard_rows ? left : p->shard_rows;
}

ds_status ds_shard_path(ds_ctx *ctx, char *buf, const char *folder, ds_split split, int64_t shard)
{
    char name[64];
    snprintf(name, sizeof name, "%s-%05" PRId64 ".shard", ds_split_name(split), shard);
    return ds_path_join(ctx, buf, folder, name);
}

void ds_shard_index_free(ds_shard_index *x)
{
    for (int k = 0; k < 3; k++) free(x->split[k].head);
    ds_arena_free(&x->arena);
    *x = (ds_shard_index){ 0 };
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

typedef struct reading {
    ds_ctx *ctx;
    const char *path;
    ds_shard_index *x;
} reading;

static ds_status bad(const reading *r, const char *key, const char *wanted)
{
    return ds_fail(r->ctx, DS_EFORMAT, "%s: \"%s\": wanted %s; write the shards again (descent data shuffle)", r->path,
                   key, wanted);
}

static ds_status whole(const reading *r, const json_t *in, const char *key, int64_t lo, int64_t hi, int64_t *out)
{
    const json_t *v = json_object_get(in, key);
    char wanted[96];
    *out = json_integer_value(v);
    if (json_is_integer(v) && *out >= lo && *out <= hi) return DS_OK;
    snprintf(wanted, sizeof wanted, "a whole number from %" PRId64 " to %" PRId64, lo, hi);
    return bad(r, key, wanted);
}

static bool hash_value(const json_t *v, uint64_t *out)
{
    const char *text = json_string_value(v);
    if (!text || strlen(text) != 16 || strspn(text, "0123456789abcdef") != 16) return false;
    *out = strtoull(text, NULL, 16);
    return true;
}

/* A list of strings, or null. */
static ds_status names(const reading *r, const json_t *root, const char *key, int64_t most, const char ***out,
                       int64_t *count)
{
    const json_t *list = json_object_get(root, key);
    *count = (int64_t)json_array_size(list);
    if (json_is_null(list)) return DS_OK;
    if (!json_is_array(list) || *count == 0 || *count > most) return bad(r, key, "null or a list of names");
    *out = ds_arena_alloc(&r->x->arena, (size_t)*count * sizeof **out);
    if (!*out) return ds_fail_memory(r->ctx, (size_t)*count * sizeof **out, r->path);
    for (int64_t i = 0; i < *count; i++) {
        const char *text = json_string_value(json_array_get(list, (size_t)i));
        if (!text) return bad(r, key, "null or a list of names");
        (*out)[i] = ds_arena_text(&r->x->arena, text);
        if (!(*out)[i]) return ds_fail_memory(r->ctx, strlen(text), r->path);
    }
    return DS_OK;
}

static ds_status read_layout(const reading *r, const json_t *root)
{
    const json_t *list = json_object_get(root, "layout");
    ds_shard_index *x = r->x;
    x->layout.rank = (int)json_array_size(list);
    if (!json_is_array(list) || (x->layout.rank != 1 && x->layout.rank != 3))
        return bad(r, "layout", "one or three extents");
    for (int i = 0; i < x->layout.rank; i++) {
        const json_t *v = json_array_get(list, (size_t)i);
        x->layout.dim[i] = json_integer_value(v);
        if (!json_is_integer(v) || x->layout.dim[i] < 1) return bad(r, "layout", "extents of at least 1");
    }
    const char *cell = json_string_value(json_object_get(root, "cell"));
    for (int c = 0; c < 3; c++)
        if (cell && strcmp(cell, cell_name[c]) == 0) {
            x->cell = (ds_cell)c;
            return DS_OK;
        }
    return bad(r, "cell", "u8, f32 or f64");
}

static ds_status read_split(const reading *r, const json_t *root, ds_split split)
{
    const char *key = ds_split_name(split);
    const json_t *in = json_object_get(root, key), *list = json_object_get(in, "shards");
    ds_shard_split *p = &r->x->split[split];
    if (!in) return DS_OK;
    DS_TRY(whole(r, in, "rows", 1, INT64_MAX / 2, &p->rows));
    DS_TRY(whole(r, in, "shard_rows", 1, INT64_MAX / 2, &p->shard_rows));
    p->shards = (p->rows - 1) / p->shard_rows + 1;
    if (!json_is_array(list) || (int64_t)json_array_size(list) != p->shards)
        return bad(r, "shards", "as many hashes as rows over shard_rows");
    p->head = malloc((size_t)p->shards * sizeof *p->head);
    if (!p->head) return ds_fail_memory(r->ctx, (size_t)p->shards * sizeof *p->head, r->path);
    for (int64_t k = 0; k < p->shards; k++)
        if (!hash_value(json_array_get(list, (size_t)k), &p->head[k])) return bad(r, "shards", "hashes of 16 digits");
    return DS_OK;
}

/* Hash of the index without its own "xxh64": keys sorted, no spaces. */
static bool own_hash(json_t *root, uint64_t *out)
{
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
    if (text) *out = XXH64(text, strlen(text), 0);
    free(text);
    return text != NULL;
}

static ds_status read_root(const reading *r, json_t *root)
{
    ds_shard_index *x = r->x;
    int64_t classes, columns;
    uint64_t said, found;
    const char *format = json_string_value(json_object_get(root, "format"));
    if (!format || strcmp(format, "descent shards 1") != 0) return bad(r, "format", "\"descent shards 1\"");
    if (!hash_value(json_object_get(root, "xxh64"), &said)) return bad(r, "xxh64", "a hash of 16 digits");
    json_object_del(root, "xxh64");
    if (!own_hash(root, &found)) return ds_fail_memory(r->ctx, MOST_BYTES, r->path);
    if (said != found)
        return ds_fail(r->ctx, DS_EFORMAT,
                       "%s: found content of hash %016" PRIx64 ", wanted %016" PRIx64
                       "; it was changed or damaged: write the shards again",
                       r->path, found, said);
    DS_TRY(read_layout(r, root));
    DS_TRY(names(r, root, "classes", MOST_CLASSES, &x->class_names, &classes));
    x->classes = (int)classes;
    DS_TRY(whole(r, root, "targets", 0, INT64_MAX / 8, &x->targets));
    if ((x->classes > 0) == (x->targets > 0)) return bad(r, "targets", "classes or targets, not both");
    DS_TRY(names(r, root, "columns", INT_MAX, &x->column_names, &columns));
    if (x->column_names && columns != ds_shape_count(x->layout)) return bad(r, "columns", "one name an element");
    DS_TRY(whole(r, root, "block", 1, INT64_MAX / 2, &x->block));
    x->shuffled = json_is_integer(json_object_get(root, "seed"));
    x->seed = (uint64_t)json_integer_value(json_object_get(root, "seed"));
    for (int k = DS_TRAIN; k <= DS_TEST; k++) DS_TRY(read_split(r, root, (ds_split)k));
    int64_t record = ds_shard_record(x);
    if (record < 0 || ds_product(record, x->block) < 0) return bad(r, "layout", "a record below 2^63 bytes");
    return DS_OK;
}

ds_status ds_shard_index_read(ds_ctx *ctx, const char *folder, ds_shard_index *x)
{
    char path[DS_PATH_BYTES], *text;
    size_t bytes;
    json_error_t error;
    *x = (ds_shard_index){ 0 };
    DS_TRY(ds_path_join(ctx, path, folder, DS_SHARD_INDEX));
    if (!ds_file_exists(path))
        return ds_fail(ctx, DS_EIO, "%s: no such file; data.path of shards is what `descent data shuffle` wrote", path);
    DS_TRY(ds_file_read(ctx, path, MOST_BYTES, &text, &bytes));
    json_t *root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &error);
    free(text);
    if (!root) return ds_fail(ctx, DS_EFORMAT, "%s:%d:%d: %s", path, error.line, error.column, error.text);
    reading r = { ctx, path, x };
    ds_status status = read_root(&r, root);
    json_decref(root);
    if (status != DS_OK) ds_shard_index_free(x);
    return status;
}

/* ---- writing ----------------------------------------------------------------------------------------------------- */

static ds_status copy_names(ds_ctx *ctx, ds_arena *a, const char *const *from, int64_t n, const char ***to)
{
    size_t bytes = (size_t)n * sizeof **to;
    if (!from) return DS_OK;
    *to = ds_arena_alloc(a, bytes);
    for (int64_t i = 0; i < n; i++) {
        const char *copy = *to ? ds_arena_text(a, from[i]) : NULL;
        if (!copy) return ds_fail_memory(ctx, bytes, "names");
        (*to)[i] = copy;
    }
    return DS_OK;
}

ds_status ds_shard_describe(ds_ctx *ctx, const ds_source *s, ds_shard_index *x)
{
    *x = (ds_shard_index){ .layout = s->layout, .cell = s->cell, .classes = s->classes, .targets = s->targets };
    DS_TRY(copy_names(ctx, &x->arena, s->class_names, s->classes, &x->class_names));
    DS_TRY(copy_names(ctx, &x->arena, s->column_names, s->elements, &x->column_names));
    int64_t record = ds_shard_record(x);
    x->block = record < DS_SHARD_BLOCK_BYTES ? DS_SHARD_BLOCK_BYTES / record : 1;
    int64_t blocks = DS_SHARD_BYTES / (x->block * record);
    for (int k = DS_TRAIN; k <= DS_TEST; k++) x->split[k].shard_rows = x->block * (blocks ? blocks : 1);
    return DS_OK;
}

static json_t *names_json(const char *const *list, int64_t n)
{
    if (!list) return json_null();
    json_t *a = json_array();
    for (int64_t i = 0; i < n; i++) {
        json_t *text = json_string(list[i]);
        json_array_append_new(a, text ? text : json_string("?")); /* a name that is no UTF-8 */
    }
    return a;
}

static json_t *hash_json(uint64_t h)
{
    char text[17];
    snprintf(text, sizeof text, "%016" PRIx64, h);
    return json_string(text);
}

static json_t *index_json(const ds_shard_index *x)
{
    json_t *root = json_object(), *layout = json_array();
    for (int i = 0; i < x->layout.rank; i++) json_array_append_new(layout, json_integer(x->layout.dim[i]));
    json_object_set_new(root, "format", json_string("descent shards 1"));
    json_object_set_new(root, "layout", layout);
    json_object_set_new(root, "cell", json_string(cell_name[x->cell]));
    json_object_set_new(root, "classes", names_json(x->class_names, x->classes));
    json_object_set_new(root, "targets", json_integer(x->targets));
    json_object_set_new(root, "columns", names_json(x->column_names, ds_shape_count(x->layout)));
    json_object_set_new(root, "block", json_integer(x->block));
    json_object_set_new(root, "seed", x->shuffled ? json_integer((json_int_t)x->seed) : json_null());
    for (int k = DS_TRAIN; k <= DS_TEST; k++) {
        const ds_shard_split *p = &x->split[k];
        if (p->rows == 0) continue;
        json_t *split = json_object(), *list = json_array();
        for (int64_t i = 0; i < p->shards; i++) json_array_append_new(list, hash_json(p->head[i]));
        json_object_set_new(split, "rows", json_integer(p->rows));
        json_object_set_new(split, "shard_rows", json_integer(p->shard_rows));
        json_object_set_new(split, "shards", list);
        json_object_set_new(root, ds_split_name((ds_split)k), split);
    }
    return root;
}

ds_status ds_shard_index_write(ds_ctx *ctx, const char *folder, const ds_shard_index *x)
{
    char path[DS_PATH_BYTES];
    uint64_t h = 0;
    DS_TRY(ds_path_join(ctx, path, folder, DS_SHARD_INDEX));
    json_t *root = index_json(x);
    bool good = root && own_hash(root, &h) && json_object_set_new(root, "xxh64", hash_json(h)) == 0;
    char *text = good ? json_dumps(root, JSON_INDENT(1)) : NULL;
    json_decref(root);
    if (!text) return ds_fail_memory(ctx, MOST_BYTES, path);
    ds_status status = ds_file_write(ctx, path, 1, &(ds_piece){ text, strlen(text) });
    free(text);
    return status;
}
