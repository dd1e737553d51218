/* test_data_images.c - image folders: pixels, classes, order of rows, sizes; broken images are named. */
#include "test_data_support.h"

#include <archive.h>
#include <archive_entry.h>
#include <spng.h>
#include <sys/stat.h>
#include <turbojpeg.h>

#include "base/random.h"
#include "data/image.h"

/* ---- making images ----------------------------------------------------------------------------------------------- */

static void *png_bytes(uint32_t W, uint32_t H, uint8_t type, uint8_t depth, const void *pixels, size_t size, size_t *n)
{
    struct spng_ihdr head = { .width = W, .height = H, .color_type = type, .bit_depth = depth };
    spng_ctx *png = spng_ctx_new(SPNG_CTX_ENCODER);
    int code = 0;
    spng_set_option(png, SPNG_ENCODE_TO_BUFFER, 1);
    spng_set_ihdr(png, &head);
    if (type == SPNG_COLOR_TYPE_INDEXED) {
        struct spng_plte palette = { .n_entries = 2, .entries = { { 1, 2, 3, 255 }, { 200, 100, 50, 255 } } };
        spng_set_plte(png, &palette);
    }
    assert_int_equal(spng_encode_image(png, pixels, size, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE), 0);
    void *bytes = spng_get_png_buffer(png, n, &code);
    assert_non_null(bytes);
    spng_ctx_free(png);
    return bytes;
}

static void *jpeg_bytes(int W, int H, const uint8_t *pixels, int format, unsigned long *n)
{
    tjhandle handle = tjInitCompress();
    unsigned char *out = NULL;
    assert_int_equal(
        tjCompress2(handle, pixels, W, 0, H, format, &out, n, format == TJPF_GRAY ? TJSAMP_GRAY : TJSAMP_444, 100, 0),
        0);
    tjDestroy(handle);
    void *copy = malloc(*n);
    memcpy(copy, out, *n);
    tjFree(out);
    return copy;
}

static void make_folders(const char *path)
{
    char part[160];
    const char *full = temporary(path);
    for (size_t n = strlen(test_folder) + 1; full[n]; n++) {
        if (full[n] != '/') continue;
        memcpy(part, full, n);
        part[n] = 0;
        mkdir(part, 0777);
    }
}

/* A gray PNG of 2 rows and 3 columns whose pixels are v, v + 1, ... */
static void gray_png(const char *name, uint8_t v)
{
    uint8_t pixels[6];
    size_t n;
    for (int i = 0; i < 6; i++) pixels[i] = (uint8_t)(v + i);
    void *bytes = png_bytes(3, 2, SPNG_COLOR_TYPE_GRAYSCALE, 8, pixels, 6, &n);
    make_folders(name);
    write_file(name, bytes, n);
    free(bytes);
}

static ds_data_settings of_path(const char *path)
{
    ds_data_settings set = ds_data_defaults();
    set.format = "images";
    set.path = path;
    return set;
}

/* ---- pixels ------------------------------------------------------------------------------------------------------ */

static void decode(ds_ctx *ctx, void *bytes, size_t n, int channels, const uint8_t *wanted, int64_t count, int within)
{
    ds_image_reader r = { 0 };
    ds_image image;
    ds_bytes b = { bytes, n };
    assert_ok(ctx, ds_image_decode(ctx, &r, "x", &b, channels, &image));
    assert_int_equal(image.H * image.W * image.C, count);
    for (int64_t i = 0; i < count; i++)
        if (abs(image.pixels[i] - wanted[i]) > within)
            fail_msg("element %d: %d, wanted %d", (int)i, image.pixels[i], wanted[i]);
    free(image.pixels);
    free(bytes);
    ds_image_reader_free(&r);
}

static void pixels(void **state)
{
    ds_ctx *ctx = *state;
    static const uint8_t gray[] = { 0, 50, 100, 150, 200, 250 }, thrice[] = { 0, 0, 0, 50, 50, 50 },
                         rgb[] = { 255, 0, 10, 3, 128, 77 }, rgba[] = { 255, 0, 10, 0, 3, 128, 77, 90 },
                         cut[] = { 0x12, 0xFE }, index[] = { 0x40 }, colors[] = { 1, 2, 3, 200, 100, 50 };
    static const uint16_t deep[] = { 0x1234, 0xFEDC };
    size_t n;
    void *b = png_bytes(3, 2, SPNG_COLOR_TYPE_GRAYSCALE, 8, gray, 6, &n);
    decode(ctx, b, n, 0, gray, 6, 0);
    b = png_bytes(2, 1, SPNG_COLOR_TYPE_GRAYSCALE, 8, gray, 2, &n);
    decode(ctx, b, n, 3, thrice, 6, 0);
    b = png_bytes(2, 1, SPNG_COLOR_TYPE_TRUECOLOR, 8, rgb, 6, &n);
    decode(ctx, b, n, 0, rgb, 6, 0);
    b = png_bytes(2, 1, SPNG_COLOR_TYPE_TRUECOLOR_ALPHA, 8, rgba, 8, &n);
    decode(ctx, b, n, 0, rgb, 6, 0);
    b = png_bytes(2, 1, SPNG_COLOR_TYPE_GRAYSCALE, 16, deep, 4, &n);
    decode(ctx, b, n, 1, cut, 2, 0);
    b = png_bytes(2, 1, SPNG_COLOR_TYPE_INDEXED, 1, index, 1, &n);
    decode(ctx, b, n, 0, colors, 6, 0);
    /* JPEG at quality 100: within the rounding of its transform, and of its change of colours. */
    unsigned long m;
    b = jpeg_bytes(3, 2, gray, TJPF_GRAY, &m);
    decode(ctx, b, m, 0, gray, 6, 2);
    b = jpeg_bytes(2, 1, rgb, TJPF_RGB, &m);
    decode(ctx, b, m, 0, rgb, 6, 8);
}

static void resize(void **state)
{
    (void)state;
    uint8_t in[] = { 9, 0, 4, 8, 100, 9, 4, 8, 12, 100, 9, 8, 12, 16, 100, 9, 12, 16, 20, 100 }, out[16];
    ds_image image = { 4, 5, 1, in }; /* the middle 4x4 begins at column 0: (5 - 4) / 2 */
    ds_image_resize(&image, 2, out);
    uint8_t by_hand[4];
    for (int y = 0; y < 2; y++)
        for (int x = 0; x < 2; x++) {
            int sum = 2;
            for (int h = 0; h < 2; h++)
                for (int w = 0; w < 2; w++) sum += in[(2 * y + h) * 5 + 2 * x + w];
            by_hand[2 * y + x] = (uint8_t)(sum / 4);
        }
    assert_memory_equal(out, by_hand, 4);
    uint8_t three[] = { 0, 90, 30, 60, 120, 30, 30, 60, 90 };
    ds_image odd = { 3, 3, 1, three };
    ds_image_resize(&odd, 2, out); /* shares 1, 1/2: (0 + 90/2 + 60/2 + 120/4) / (9/4) */
    assert_int_equal(out[0], (2 * 2 * 0 + 2 * 90 + 2 * 60 + 120 + 4) / 9);
    ds_image_resize(&odd, 3, out);
    assert_memory_equal(out, three, 9);
    static const uint8_t twice[] = { 5, 5, 7, 7, 5, 5, 7, 7, 1, 1, 2, 2, 1, 1, 2, 2 };
    uint8_t two[] = { 5, 7, 1, 2 };
    ds_image small = { 2, 2, 1, two };
    ds_image_resize(&small, 4, out);
    assert_memory_equal(out, twice, 16);
}

/* ---- folders ----------------------------------------------------------------------------------------------------- */

/* Classes by sorted name, rows mixed in proportion; the order in which files were written means nothing. */
static void folders(void **state)
{
    ds_ctx *ctx = *state;
    gray_png("set/train/dog/b.png", 10);
    gray_png("set/train/cat/3.png", 20);
    gray_png("set/train/cat/1.png", 30);
    gray_png("set/train/cat/more/2.png", 40);
    gray_png("set/train/dog/a.PNG", 50);
    gray_png("set/train/cat/0.png", 60);
    gray_png("set/test/dog/x.png", 70);
    write_text("set/train/cat/readme.txt", "no image");
    write_text("set/train/cat/._0.png", "what a Mac leaves");
    ds_data_settings set = of_path(temporary("set"));
    ds_dataset *d;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_layout(d), DS_SHAPE(2, 3, 1)));
    assert_int_equal(ds_dataset_classes(d), 2);
    assert_string_equal(ds_dataset_class_name(d, 0), "cat");
    assert_string_equal(ds_dataset_class_name(d, 1), "dog");
    /* cat: 0, 1, 3, more/2 at 1/8, 3/8, 5/8, 7/8; dog: a, b at 1/4, 3/4 */
    static const int32_t labels[] = { 0, 1, 0, 0, 1, 0 };
    static const int first[] = { 60, 50, 30, 20, 10, 40 };
    int32_t y[6];
    double *x = read_all(ctx, ds_dataset_view(d, DS_TRAIN), 6, y, NULL);
    assert_memory_equal(y, labels, sizeof y);
    for (int n = 0; n < 6; n++)
        for (int i = 0; i < 6; i++) assert_true(x[6 * n + i] == first[n] + i);
    free(x);
    x = read_all(ctx, ds_dataset_view(d, DS_TEST), 6, y, NULL);
    assert_true(y[0] == 1 && x[5] == 75);
    free(x);
    ds_dataset_free(d);
    /* Without folders of splits all rows train; lists name roots. */
    set = of_path(temporary("set/test"));
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 1);
    ds_dataset_free(d);
    const char *roots[] = { temporary("set/test"), temporary("set/train") };
    set = of_path(NULL);
    set.train = roots, set.train_count = 2, set.val = roots, set.val_count = 1;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_TRAIN)), 7);
    assert_int_equal(ds_view_rows(ds_dataset_view(d, DS_VAL)), 1);
    ds_dataset_free(d);
}

/* The same images give the same rows from an archive, whatever their order in it. */
static void archived(void **state)
{
    ds_ctx *ctx = *state;
    static const char *const names[] = { "train/dog/b.png",      "test/dog/x.png",  "train/cat/more/2.png",
                                         "train/cat/0.png",      "train/dog/a.PNG", "train/cat/3.png",
                                         "train/cat/readme.txt", "train/cat/1.png" };
    struct archive *a = archive_write_new();
    archive_write_set_format_pax_restricted(a);
    archive_write_add_filter_gzip(a);
    archive_write_open_filename(a, temporary("set.tar.gz"));
    for (size_t k = 0; k < sizeof names / sizeof names[0]; k++) {
        char name[64];
        uint8_t bytes[1024];
        snprintf(name, sizeof name, "set/%s", names[k]);
        FILE *f = fopen(temporary(name), "rb");
        assert_non_null(f);
        size_t n = fread(bytes, 1, sizeof bytes, f);
        fclose(f);
        struct archive_entry *e = archive_entry_new();
        archive_entry_set_pathname(e, name);
        archive_entry_set_filetype(e, AE_IFREG);
        archive_entry_set_size(e, (la_int64_t)n);
        archive_write_header(a, e);
        archive_write_data(a, bytes, n);
        archive_entry_free(e);
    }
    archive_write_free(a);
    uint64_t print[2];
    char path[160];
    snprintf(path, sizeof path, "%s/set", temporary("set.tar.gz"));
    for (int k = 0; k < 2; k++) {
        ds_data_settings set = of_path(k ? path : temporary("set"));
        ds_dataset *d;
        assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
        print[k] = ds_dataset_fingerprint(d);
        ds_dataset_free(d);
    }
    assert_true(print[0] == print[1]);
}

/* ---- what is refused --------------------------------------------------------------------------------------------- */

static void refused(void **state)
{
    ds_ctx *ctx = *state;
    ds_dataset *d;
    ds_data_settings set = of_path(temporary("odd"));
    gray_png("odd/a/1.png", 0);
    uint8_t rgb[27] = { 0 };
    size_t n;
    void *b = png_bytes(3, 3, SPNG_COLOR_TYPE_TRUECOLOR, 8, rgb, 27, &n);
    make_folders("odd/b/1.png");
    write_file("odd/b/1.png", b, n);
    assert_int_equal(ds_dataset_create(&d, ctx, &set), DS_EFORMAT); /* either may come first */
    set.image_channels = 1;
    assert_fails(ctx, DS_EFORMAT, "odd/b/1.png: found a colour image among gray ones",
                 ds_dataset_create(&d, ctx, &set));
    set.image_channels = 2;
    assert_fails(ctx, DS_EFORMAT, "set data.size to bring all to one size", ds_dataset_create(&d, ctx, &set));
    set.image_size = 2;
    assert_ok(ctx, ds_dataset_create(&d, ctx, &set));
    assert_true(ds_shape_equal(ds_dataset_layout(d), DS_SHAPE(2, 2, 3)));
    ds_dataset_free(d);

    gray_png("stray/train/1.png", 0);
    set = of_path(temporary("stray"));
    assert_fails(ctx, DS_EFORMAT, "stray/train/1.png: an image in no class folder", ds_dataset_create(&d, ctx, &set));
    gray_png("more/train/a/1.png", 0);
    gray_png("more/test/c/1.png", 0);
    set = of_path(temporary("more"));
    assert_fails(ctx, DS_EFORMAT, "more/test/c: the training images have no such class",
                 ds_dataset_create(&d, ctx, &set));
    mkdir(temporary("empty"), 0777);
    set = of_path(temporary("empty"));
    assert_fails(ctx, DS_EFORMAT, "empty: no images", ds_dataset_create(&d, ctx, &set));
    set = of_path("/nowhere");
    assert_fails(ctx, DS_EIO, "/nowhere: no such folder or archive", ds_dataset_create(&d, ctx, &set));

    ((uint8_t *)b)[16] = 0, ((uint8_t *)b)[18] = 0xFF, ((uint8_t *)b)[22] = 0xFF; /* 65283 x 65283 in 75 bytes */
    make_folders("bomb/a/1.png");
    write_file("bomb/a/1.png", b, n);
    free(b);
    set = of_path(temporary("bomb"));
    assert_int_equal(ds_dataset_create(&d, ctx, &set), DS_EFORMAT);
    write_text("bomb/a/1.png", "GIF89a");
    assert_fails(ctx, DS_EFORMAT, "bomb/a/1.png: offset 0: neither a PNG nor a JPEG", ds_dataset_create(&d, ctx, &set));
    write_text("bomb/a/1.png", "");
    assert_fails(ctx, DS_EFORMAT, "neither a PNG nor a JPEG", ds_dataset_create(&d, ctx, &set));
}

/* Every cut is refused and random edits never do more than give other pixels. */
static void edits(void **state)
{
    ds_ctx *ctx = *state;
    enum { SIDE = 16 };
    uint8_t pixels[SIDE * SIDE * 3];
    ds_rng r = ds_rng_at(1, DS_FOR_TEST, 0, 0);
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)ds_rng_below(&r, 256);
    ds_image_reader reader = { 0 };
    ds_image image;
    for (int kind = 0; kind < 2; kind++) {
        unsigned long m = 0;
        size_t n = 0;
        uint8_t *good = kind ? jpeg_bytes(SIDE, SIDE, pixels, TJPF_RGB, &m)
                             : png_bytes(SIDE, SIDE, SPNG_COLOR_TYPE_TRUECOLOR, 8, pixels, sizeof pixels, &n);
        n += m;
        uint8_t *edited = malloc(n);
        for (size_t cut = 0; cut + 12 < n; cut += 7) { /* PNG's last chunk of 12 bytes holds nothing */
            ds_bytes b = { good, cut };
            assert_int_equal(ds_image_decode(ctx, &reader, "x", &b, 0, &image), DS_EFORMAT);
        }
        for (int round = 0; round < 600; round++) {
            memcpy(edited, good, n);
            for (uint64_t k = 1 + ds_rng_below(&r, 3); k > 0; k--)
                edited[ds_rng_below(&r, n)] = (uint8_t)ds_rng_below(&r, 256);
            ds_bytes b = { edited, n };
            ds_status status = ds_image_decode(ctx, &reader, "x", &b, 0, &image);
            assert_true(status == DS_OK || status == DS_EFORMAT);
            assert_true((status == DS_OK) == (image.pixels != NULL));
            free(image.pixels);
        }
        free(edited);
        free(good);
    }
    ds_image_reader_free(&reader);
}

/* A header's extents are held against the size of the file before memory is taken. */
static void promises(void **state)
{
    ds_ctx *ctx = *state;
    uint8_t pixels[3 * 16] = { 0 };
    size_t n;
    unsigned long m;
    ds_image_reader r = { 0 };
    ds_image image;
    uint8_t *b = png_bytes(16, 1, SPNG_COLOR_TYPE_TRUECOLOR, 8, pixels, 48, &n);
    /* IHDR of 10000 x 10000 with its right checksum. */
    uint8_t head[] = { 'I', 'H', 'D', 'R', 0, 0, 0x27, 0x10, 0, 0, 0x27, 0x10, 8, 2, 0, 0, 0 };
    uint32_t crc = 0xFFFFFFFF;
    for (size_t i = 0; i < sizeof head; i++) {
        crc ^= head[i];
        for (int k = 0; k < 8; k++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320 : crc >> 1;
    }
    memcpy(b + 12, head, sizeof head);
    crc = ~crc;
    for (int k = 0; k < 4; k++) b[29 + k] = (uint8_t)(crc >> (24 - 8 * k));
    ds_bytes bytes = { b, n };
    assert_fails(ctx, DS_EFORMAT, "x.png: the header promises 10000x10000 pixels",
                 ds_image_decode(ctx, &r, "x.png", &bytes, 0, &image));
    free(b);
    b = jpeg_bytes(16, 1, pixels, TJPF_RGB, &m);
    uint8_t *sof = memmem(b, m, "\xFF\xC0", 2);
    assert_non_null(sof);
    sof[5] = sof[7] = 0x27, sof[6] = sof[8] = 0x10;
    bytes = (ds_bytes){ b, m };
    assert_fails(ctx, DS_EFORMAT, "x.jpg: the header promises 10000x10000 pixels",
                 ds_image_decode(ctx, &r, "x.jpg", &bytes, 0, &image));
    free(b);
    ds_image_reader_free(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pixels),  cmocka_unit_test(resize), cmocka_unit_test(folders),  cmocka_unit_test(archived),
        cmocka_unit_test(refused), cmocka_unit_test(edits),  cmocka_unit_test(promises),
    };
    return cmocka_run_group_tests(tests, ctx_setup, ctx_teardown);
}
