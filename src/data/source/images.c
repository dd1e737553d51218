/* images.c - folders of PNG and JPEG images: ROOT/CLASS/NAME.png; class numbers follow the sorted names of the folders.
 * A root is a folder, an archive, or a folder inside an archive. Rows mix the classes in proportion: image k of the n
 * of a class (in the order of the names) stands at (k + 1/2) / n, so that any stretch of rows, a holdout too, has all
 * classes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "data/archive.h"
#include "data/image.h"
#include "data/stream.h"

enum { MAX_CLASSES = 1 << 16, AUTO = 0, GRAY, COLOR };

static const ds_option options[] = {
    { .name = "size",
      .type = DS_OPT_INT,
      .lo = 0,
      .hi = 4096,
      .def = "0",
      .help = "side to which each image's middle square is averaged; 0: all images are of one size",
      .why = "pixels as they are, wherever that can be",
      .elsewhere = "torchvision Resize and CenterCrop, Keras image_dataset_from_directory(image_size=)" },
    { .name = "channels",
      .type = DS_OPT_CHOICE,
      .choices = "auto|gray|color",
      .def = "auto",
      .help = "auto: as the first image has them; color: gray ones become three equal channels",
      .why = "sets of one kind need no word",
      .elsewhere = "torchvision Grayscale, Keras image_dataset_from_directory(color_mode=)" },
    { .type = DS_OPT_END },
};

typedef struct picture {
    const char *name;       /* from the root on */
    const char *class_name; /* in the source's arena */
    int64_t slot;           /* as which it was decoded */
    int64_t place, of;      /* among its class */
    int32_t label;
} picture;

typedef struct opening {
    ds_ctx *ctx;
    const ds_data_settings *set;
    const char *root;
    const ds_source *train;
    ds_source *s;
    ds_arena names;
    picture *list;
    int64_t room;
    ds_image_reader reader;
    int aside; /* file of decoded rows, of which memory then holds one; -1: memory holds all */
} opening;

/* ---- one image --------------------------------------------------------------------------------------------------- */

static ds_want want(void *arg, const char *name)
{
    (void)arg;
    const char *file = strrchr(name, '/');
    file = file ? file + 1 : name;
    return *file != '.' && ds_image_named(file) ? DS_TAKE : DS_PASS;
}

/* The class named by the first part of name, kept once. */
static ds_status class_of(opening *o, const char *path, const char *name, const char **out)
{
    const char *slash = strchr(name, '/');
    int64_t n = o->s->rows;
    if (!slash)
        return ds_fail(o->ctx, DS_EFORMAT, "%s: an image in no class folder; wanted %s/CLASS/%s", path, o->root, name);
    size_t length = (size_t)(slash - name);
    /* Images of a class come one after another, as a rule. */
    if (n && strncmp(o->list[n - 1].class_name, name, length) == 0 && !o->list[n - 1].class_name[length]) {
        *out = o->list[n - 1].class_name;
        return DS_OK;
    }
    char *copy = ds_arena_alloc(&o->s->arena, length + 1);
    if (!copy) return ds_fail_memory(o->ctx, length, "class names");
    memcpy(copy, name, length);
    *out = copy;
    return DS_OK;
}

static ds_status more_room(opening *o)
{
    if (o->s->rows < o->room) return DS_OK;
    int64_t room = o->room ? 2 * o->room : 256;
    size_t bytes = (size_t)((o->aside < 0 ? room : 1) * o->s->elements);
    picture *list = realloc(o->list, (size_t)room * sizeof *list);
    if (list) o->list = list;
    uint8_t *memory = list ? realloc(o->s->memory, bytes) : NULL;
    if (!memory) return ds_fail_memory(o->ctx, bytes, o->root);
    o->s->memory = memory;
    o->room = room;
    return DS_OK;
}

/* The first image, or the training set, says what all are like. */
static ds_status check_shape(opening *o, const char *path, const ds_image *image)
{
    ds_source *s = o->s;
    int64_t side = o->set->image_size;
    ds_shape shape = side ? DS_SHAPE(side, side, image->C) : DS_SHAPE(image->H, image->W, image->C);
    if (!s->elements) {
        s->layout = o->train ? o->train->layout : shape;
        s->elements = ds_shape_count(s->layout);
    }
    if (ds_shape_equal(s->layout, shape)) return DS_OK;
    char found[64], wanted[64];
    return ds_fail(
        o->ctx, DS_EFORMAT,
        "%s: found an image of %s (height, width, channels), those before it have %s; set data.size to bring "
        "all to one size",
        path, ds_shape_text(shape, found, sizeof found), ds_shape_text(s->layout, wanted, sizeof wanted));
}

static ds_status keep(opening *o, const char *path, const char *name, const ds_image *image)
{
    ds_source *s = o->s;
    DS_TRY(check_shape(o, path, image));
    DS_TRY(more_room(o));
    picture *p = &o->list[s->rows];
    *p = (picture){ .name = ds_arena_text(&o->names, name), .slot = s->rows };
    if (!p->name) return ds_fail_memory(o->ctx, strlen(name), "file names");
    DS_TRY(class_of(o, path, name, &p->class_name));
    uint8_t *row = s->memory + (o->aside < 0 ? s->rows : 0) * s->elements;
    size_t bytes = (size_t)s->elements;
    if (o->set->image_size)
        ds_image_resize(image, o->set->image_size, row);
    else
        memcpy(row, image->pixels, bytes);
    if (o->aside >= 0 && write(o->aside, row, bytes) != (ssize_t)bytes)
        return ds_fail(o->ctx, DS_EIO, "rows.tmp: cannot write: %s", errno ? strerror(errno) : "the disk is full");
    s->rows++;
    return DS_OK;
}

static ds_status take(void *arg, const char *name, ds_bytes *bytes)
{
    opening *o = arg;
    char path[DS_PATH_BYTES];
    ds_image image;
    int like = o->s->elements ? (int)o->s->layout.dim[2] : o->train ? (int)o->train->layout.dim[2] : 0;
    if (o->set->image_channels != AUTO) like = o->set->image_channels == GRAY ? 1 : 3;
    DS_TRY(ds_path_join(o->ctx, path, o->root, name));
    DS_TRY(ds_image_decode(o->ctx, &o->reader, path, bytes, like, &image));
    ds_status status = keep(o, path, name, &image);
    free(image.pixels);
    return status;
}

/* ---- classes and order ------------------------------------------------------------------------------------------- */

static int by_class_and_name(const void *a, const void *b)
{
    const picture *p = a, *q = b;
    int c = strcmp(p->class_name, q->class_name);
    return c ? c : strcmp(p->name, q->name);
}

/* (2 k + 1) / 2 n of both, crosswise. */
static int by_share(const void *a, const void *b)
{
    const picture *p = a, *q = b;
    int64_t left = (2 * p->place + 1) * q->of, right = (2 * q->place + 1) * p->of;
    return left != right ? (left > right) - (left < right) : (p->label > q->label) - (p->label < q->label);
}

static int by_name(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static ds_status name_class(opening *o, const char *name, int32_t *label)
{
    ds_source *s = o->s;
    if (!o->train) {
        if (s->classes == MAX_CLASSES)
            return ds_fail(o->ctx, DS_EFORMAT, "%s: more than %d class folders", o->root, MAX_CLASSES);
        *label = s->classes;
        s->class_names[s->classes++] = name;
        return DS_OK;
    }
    const char **at = bsearch(&name, s->class_names, (size_t)s->classes, sizeof *s->class_names, by_name);
    if (!at) return ds_fail(o->ctx, DS_EFORMAT, "%s/%s: the training images have no such class", o->root, name);
    *label = (int32_t)(at - s->class_names);
    return DS_OK;
}

/* Labels, and each image's place among those of its class. The list is sorted by class and name. */
static ds_status label_all(opening *o)
{
    ds_source *s = o->s;
    int64_t classes = 1;
    for (int64_t i = 1; i < s->rows; i++) classes += strcmp(o->list[i].class_name, o->list[i - 1].class_name) != 0;
    const char **names = ds_arena_alloc(&s->arena, (size_t)classes * sizeof *names);
    if (!names) return ds_fail_memory(o->ctx, (size_t)classes * sizeof *names, "class names");
    s->class_names = o->train ? o->train->class_names : names;
    s->classes = o->train ? o->train->classes : 0;
    for (int64_t i = 0, end; i < s->rows; i = end) {
        int32_t label = 0;
        DS_TRY(name_class(o, o->list[i].class_name, &label));
        for (end = i; end < s->rows && !strcmp(o->list[end].class_name, o->list[i].class_name); end++)
            o->list[end].place = end - i, o->list[end].label = label;
        for (int64_t k = i; k < end; k++) {
            o->list[k].of = end - i;
            if (k > i && !strcmp(o->list[k].name, o->list[k - 1].name))
                return ds_fail(o->ctx, DS_EFORMAT, "%s/%s: two images of this name", o->root, o->list[k].name);
        }
    }
    return DS_OK;
}

/* Bring the pixels into the order of the list, along the cycles of the permutation. */
static void arrange(picture *list, int64_t rows, uint8_t *memory, size_t bytes, uint8_t *spare)
{
    for (int64_t i = 0; i < rows; i++) {
        if (list[i].slot == i) continue;
        memcpy(spare, memory + (size_t)i * bytes, bytes);
        int64_t at = i;
        for (int64_t from; (from = list[at].slot) != i; at = from) {
            memcpy(memory + (size_t)at * bytes, memory + (size_t)from * bytes, bytes);
            list[at].slot = at;
        }
        memcpy(memory + (size_t)at * bytes, spare, bytes);
        list[at].slot = at;
    }
}

static ds_status order(opening *o)
{
    size_t n = (size_t)o->s->rows;
    qsort(o->list, n, sizeof *o->list, by_class_and_name);
    DS_TRY(label_all(o));
    qsort(o->list, n, sizeof *o->list, by_share);
    return DS_OK;
}

static ds_status finish(opening *o)
{
    ds_source *s = o->s;
    size_t n = (size_t)s->rows, bytes = (size_t)s->elements;
    DS_TRY(order(o));
    uint8_t *spare = malloc(bytes);
    s->labels = malloc(n * sizeof *s->labels);
    if (spare && s->labels) {
        arrange(o->list, s->rows, s->memory, bytes, spare);
        for (size_t i = 0; i < n; i++) s->labels[i] = o->list[i].label;
    }
    free(spare);
    if (!spare || !s->labels) return ds_fail_memory(o->ctx, n * sizeof *s->labels, "labels");
    uint8_t *fit = realloc(s->memory, n * bytes);
    if (fit) s->memory = fit;
    s->first = s->memory;
    return DS_OK;
}

/* ---- roots ------------------------------------------------------------------------------------------------------- */

static ds_status read_root(opening *o, const char *root)
{
    const ds_visitor v = { o, want, take };
    int64_t before = o->s->rows;
    o->root = root;
    if (!ds_folder_exists(root))
        return ds_fail(o->ctx, DS_EIO, "%s: no such folder or archive; wanted one with a folder of images a class",
                       root);
    DS_TRY(ds_walk(o->ctx, root, &v));
    if (o->s->rows > before) return DS_OK;
    return ds_fail(o->ctx, DS_EFORMAT, "%s: no images; wanted %s/CLASS/NAME.png or .jpg", root, root);
}

/* The root of a split below data.path: its own folder, or for training the path itself when there is none. */
static ds_status read_path(opening *o, ds_split split)
{
    char root[DS_PATH_BYTES];
    DS_TRY(ds_path_join(o->ctx, root, o->set->path, ds_split_name(split)));
    bool own = ds_folder_exists(root);
    if (!own && split != DS_TRAIN) return DS_OK;
    return read_root(o, own ? root : o->set->path);
}

static ds_status read_all(opening *o, ds_split split)
{
    int count;
    const char *const *roots = ds_split_files(o->set, split, &count);
    o->s->cell = DS_CELL_U8;
    if (!roots && o->set->path) return read_path(o, split);
    for (int k = 0; k < count; k++) DS_TRY(read_root(o, roots[k]));
    return DS_OK;
}

static void close_all(opening *o)
{
    ds_image_reader_free(&o->reader);
    ds_arena_free(&o->names);
    free(o->list);
    if (o->aside >= 0) close(o->aside);
}

static ds_status open(ds_ctx *ctx, const ds_data_settings *set, ds_split split, const ds_source *train, ds_source *s)
{
    opening o = { .ctx = ctx, .set = set, .train = train, .s = s, .aside = -1 };
    ds_status status = read_all(&o, split);
    if (status == DS_OK && s->rows) status = finish(&o);
    close_all(&o);
    return status;
}

/* Rows come out in the order of the list, from where they were put as they were decoded. */
static ds_status replay(opening *o, const ds_sink *sink)
{
    ds_source *s = o->s;
    size_t bytes = (size_t)s->elements;
    DS_TRY(order(o));
    for (int64_t i = 0; i < s->rows; i++) {
        DS_TRY(ds_read_at(o->ctx, o->aside, "rows.tmp", s->memory, bytes, o->list[i].slot * s->elements));
        DS_TRY(sink->row(sink->arg, s, s->memory, o->list[i].label, NULL));
    }
    return DS_OK;
}

static ds_status scan(ds_ctx *ctx, const ds_data_settings *set, ds_split split, ds_source *train, ds_source *s,
                      const ds_sink *sink)
{
    opening o = { .ctx = ctx, .set = set, .train = train, .s = s };
    DS_TRY(ds_aside_open(ctx, sink->folder, &o.aside));
    ds_status status = read_all(&o, split);
    if (status == DS_OK && s->rows) status = replay(&o, sink);
    close_all(&o);
    free(s->memory); /* of one row */
    s->memory = NULL;
    return status;
}

const ds_source_def ds_source_images = {
    .head = { .name = "images",
              .summary =
                  "folders of PNG and JPEG images, one a class: train/CLASS/NAME.png, val/..., test/..., also in "
                  "an archive",
              .options = options,
              .elsewhere = "torchvision ImageFolder, Keras image_dataset_from_directory, Caffe ImageData" },
    .open = open,
    .row = ds_memory_row,
    .label = ds_memory_label,
    .scan = scan,
};
