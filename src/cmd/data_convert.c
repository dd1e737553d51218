/* data_convert.c - `descent data convert`: a set as files of another format, rows as stored: npy (x.npy, y.npy, and the
 * same with _val and _test), csv (train.csv, val.csv, test.csv), idx (train-, val- and t10k-images-idx3-ubyte...), or
 * shards. A file appears under its name once it is whole. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data.h"

typedef struct output {
    const data_call *call;
    const ds_dataset *d;
    const char *folder;
    ds_split split;
    int64_t rows, elements, targets;
    double *x, *y;
    uint8_t *bytes; /* a row in the file's own elements */
    FILE *f;
    char path[1100], temporary[1108];
} output;

static int failed(const output *o) { return ds_complain(DS_EXIT_DATA, "%s: %s", o->path, strerror(errno)); }

static int begin(output *o, const char *name)
{
    snprintf(o->path, sizeof o->path, "%s/%s", o->folder, name);
    snprintf(o->temporary, sizeof o->temporary, "%s.tmp", o->path);
    o->f = fopen(o->temporary, "wb");
    return o->f ? 0 : failed(o);
}

static int finish(output *o)
{
    bool good = !ferror(o->f) && fflush(o->f) == 0 && fsync(fileno(o->f)) == 0;
    good = fclose(o->f) == 0 && good;
    if (good && rename(o->temporary, o->path) == 0) return 0;
    int code = failed(o);
    unlink(o->temporary);
    return code;
}

static int read_row(output *o, int64_t r)
{
    ds_batch b = { .x = o->x, .y = o->y };
    ds_status status = ds_view_read(ds_dataset_view(o->d, o->split), &r, 1, DS_F64, &b);
    return status == DS_OK ? 0 : ds_complain_status(o->call->ctx, status);
}

static int32_t label_of(const output *o) { return *(const int32_t *)(const void *)o->y; }

/* A row's elements as they are kept, planes first as files have them. */
static size_t pack(output *o)
{
    ds_shape l = ds_dataset_layout(o->d);
    int64_t C = l.rank == 3 ? l.dim[2] : 1, pixels = o->elements / C;
    const char *cell = ds_dataset_cell(o->d);
    size_t size = cell[0] == 'u' ? 1 : cell[1] == '3' ? 4 : 8;
    for (int64_t p = 0; p < pixels; p++)
        for (int64_t c = 0; c < C; c++) {
            double v = o->x[p * C + c];
            uint8_t *to = o->bytes + (size_t)(c * pixels + p) * size;
            if (size == 1)
                *to = (uint8_t)v;
            else if (size == 4)
                memcpy(to, &(float){ (float)v }, 4);
            else
                memcpy(to, &v, 8);
        }
    return (size_t)o->elements * size;
}

/* ---- npy --------------------------------------------------------------------------------------------------------- */

static void npy_head(const output *o, const char *kind, int rank, const int64_t *dim)
{
    char text[256];
    int n = snprintf(text, sizeof text, "{'descr': '%s', 'fortran_order': False, 'shape': (", kind);
    for (int i = 0; i < rank; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "%lld,%s", (long long)dim[i], i + 1 < rank ? " " : "");
    n += snprintf(text + n, sizeof text - (size_t)n, "), }");
    int whole = (10 + n + 1 + 63) / 64 * 64 - 10; /* the elements begin at a multiple of 64 */
    fwrite("\x93NUMPY\x01\0", 1, 8, o->f);
    fputc(whole & 255, o->f);
    fputc(whole >> 8, o->f);
    fprintf(o->f, "%-*s\n", whole - 1, text);
}

static int npy_part(output *o, bool x)
{
    static const char *const suffix[] = { "", "_val", "_test" };
    char name[32];
    ds_shape sample = ds_dataset_sample(o->d);
    const char *cell = ds_dataset_cell(o->d);
    int64_t dim[4] = { o->rows, x ? sample.dim[0] : o->targets, sample.dim[1], sample.dim[2] };
    int rank = x ? 1 + sample.rank : o->targets ? 2 : 1;
    if (x && sample.rank == 3 && dim[1] == 1) dim[1] = dim[2], dim[2] = dim[3], rank = 3;
    snprintf(name, sizeof name, "%c%s.npy", x ? 'x' : 'y', suffix[o->split]);
    int code = begin(o, name);
    if (code) return code;
    npy_head(o, x ? (cell[0] == 'u' ? "|u1" : cell[1] == '3' ? "<f4" : "<f8") : o->targets ? "<f8" : "<i4", rank, dim);
    for (int64_t r = 0; r < o->rows && !code; r++) {
        code = read_row(o, r);
        if (code) break;
        if (x)
            fwrite(o->bytes, 1, pack(o), o->f);
        else
            fwrite(o->y, o->targets ? 8 : 4, o->targets ? (size_t)o->targets : 1, o->f);
    }
    int end = finish(o);
    return code ? code : end;
}

static int to_npy(output *o)
{
    int code = npy_part(o, true);
    return code ? code : npy_part(o, false);
}

/* ---- idx --------------------------------------------------------------------------------------------------------- */

static void big_endian(FILE *f, int64_t v)
{
    for (int shift = 24; shift >= 0; shift -= 8) fputc((int)(v >> shift & 255), f);
}

static int idx_part(output *o, bool x)
{
    static const char *const stem[] = { "train", "val", "t10k" };
    char name[64];
    ds_shape s = ds_dataset_sample(o->d);
    int rank = x ? (s.rank == 1 ? 2 : s.dim[0] == 1 ? 3 : 4) : 1;
    snprintf(name, sizeof name, "%s-%s-ubyte", stem[o->split], x ? "images-idx3" : "labels-idx1");
    int code = begin(o, name);
    if (code) return code;
    big_endian(o->f, 0x800 + rank);
    big_endian(o->f, o->rows);
    for (int i = rank == 3; i < s.rank && x; i++) big_endian(o->f, s.dim[i]);
    for (int64_t r = 0; r < o->rows && !code; r++) {
        code = read_row(o, r);
        if (code) break;
        if (x)
            fwrite(o->bytes, 1, pack(o), o->f);
        else
            fputc(label_of(o), o->f);
    }
    int end = finish(o);
    return code ? code : end;
}

static int to_idx(output *o)
{
    if (ds_dataset_cell(o->d)[0] != 'u' || o->targets || ds_dataset_classes(o->d) > 256 || o->rows > INT32_MAX)
        return ds_complain(DS_EXIT_USAGE,
                           "idx holds bytes with labels from 0 to 255; this set has %s and %s: use --to npy",
                           ds_dataset_cell(o->d), o->targets ? "real targets" : "classes");
    int code = idx_part(o, true);
    return code ? code : idx_part(o, false);
}

/* ---- csv --------------------------------------------------------------------------------------------------------- */

/* A cell of text, in quotes where it needs them. */
static void csv_text(FILE *f, const char *text)
{
    bool plain = *text && !strpbrk(text, ",;\t\"\n\r") && *text != ' ';
    if (plain) fputs(text, f);
    if (plain) return;
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"') fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

static int to_csv(output *o)
{
    char name[32];
    if (o->targets > 1)
        return ds_complain(DS_EXIT_USAGE, "csv has one label column, this set %lld targets a row: use --to npy",
                           (long long)o->targets);
    snprintf(name, sizeof name, "%s.csv", data_split_name(o->split));
    int code = begin(o, name);
    if (code) return code;
    ds_shape l = ds_dataset_layout(o->d);
    int64_t C = l.rank == 3 ? l.dim[2] : 1, pixels = o->elements / C;
    for (int64_t k = 0; k < o->elements; k++) {
        const char *column = ds_dataset_column_name(o->d, k);
        if (column)
            csv_text(o->f, column);
        else
            fprintf(o->f, "x%lld", (long long)k);
        fputc(',', o->f);
    }
    fputs("label\n", o->f);
    for (int64_t r = 0; r < o->rows && !(code = read_row(o, r)); r++) {
        for (int64_t k = 0; k < o->elements; k++) {
            ds_print_json_number(o->f, o->x[k % pixels * C + k / pixels]);
            fputc(',', o->f);
        }
        if (o->targets)
            ds_print_json_number(o->f, o->y[0]);
        else
            csv_text(o->f, ds_dataset_class_name(o->d, label_of(o)));
        fputc('\n', o->f);
    }
    int end = finish(o);
    return code ? code : end;
}

/* Make the folder, which may be there if nothing is in it: files of somebody's are not written over. */
static int empty_folder(const char *path)
{
    if (mkdir(path, 0777) && errno != EEXIST) return ds_complain(DS_EXIT_DATA, "%s: %s", path, strerror(errno));
    DIR *folder = opendir(path);
    if (!folder) return ds_complain(DS_EXIT_DATA, "%s: %s", path, strerror(errno));
    const struct dirent *e;
    do e = readdir(folder);
    while (e && (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")));
    int code = e ? ds_complain(DS_EXIT_USAGE, "%s: it holds files already, %s among them; give --out a new folder",
                               path, e->d_name)
                 : 0;
    closedir(folder);
    return code;
}

static void report(const output *o, const char *format)
{
    const char *between = ": ";
    fprintf(stderr, "%s: %s", o->folder, format);
    for (int split = DS_TRAIN; split <= DS_TEST; split++) {
        int64_t rows = ds_view_rows(ds_dataset_view(o->d, (ds_split)split));
        if (rows) fprintf(stderr, "%s%lld %s rows", between, (long long)rows, data_split_name((ds_split)split));
        between = ", ";
    }
    fputs(", as stored\n", stderr);
}

static int convert(output *o, int (*write)(output *o))
{
    int code = 0;
    for (int split = DS_TRAIN; split <= DS_TEST && !code; split++) {
        o->split = (ds_split)split;
        o->rows = ds_view_rows(ds_dataset_view(o->d, o->split));
        if (o->rows) code = write(o);
    }
    return code;
}

int data_convert(const data_call *call)
{
    static int (*const write[])(output *) = { to_npy, to_csv, to_idx };
    const char *out = data_flag(call, "out")->text;
    int64_t format = data_flag(call, "to")->integer;
    if (format == 3) return data_shuffle(call);
    if (!*out) return ds_complain(DS_EXIT_USAGE, "data convert wants --out DIR");
    if (data_flag(call, "memory")->given)
        return ds_complain(DS_EXIT_USAGE, "--memory has no effect with --to %s; remove it",
                           data_flag(call, "to")->text);
    data_call stored = *call;
    ds_dataset *d;
    stored.set = data_as_stored(call);
    int code = data_open(&stored, &d);
    if (code) return code;
    output o = { .call = call,
                 .d = d,
                 .folder = out,
                 .elements = ds_shape_count(ds_dataset_layout(d)),
                 .targets = ds_dataset_targets(d) };
    o.x = malloc((size_t)o.elements * sizeof *o.x);
    o.y = malloc((size_t)o.targets * sizeof *o.y + sizeof *o.y);
    o.bytes = malloc((size_t)o.elements * sizeof(double));
    if (ds_view_endless(ds_dataset_view(d, DS_TRAIN)))
        code = ds_complain(DS_EXIT_CONFIG, "rows of a stream never end; set data.stream=false");
    else if (!o.x || !o.y || !o.bytes)
        code = ds_complain(DS_EXIT_FAILED, "out of memory");
    else if (!(code = empty_folder(out)))
        code = convert(&o, write[format]);
    if (!code) report(&o, data_flag(call, "to")->text);
    if (!code && call->json) {
        fputs("{\"out\": ", stdout);
        ds_print_json_text(stdout, out);
        printf(", \"fingerprint\": \"%016llx\"}\n", (unsigned long long)ds_dataset_fingerprint(d));
    }
    free(o.x);
    free(o.y);
    free(o.bytes);
    ds_dataset_free(d);
    return code;
}
