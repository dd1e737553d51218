/* image.c - PNG through libspng, JPEG through TurboJPEG (its accurate inverse DCT; JPEG's bits are outside the promise
 * of equal bits). A header's extents are believed only as far as the file's size allows: deflate packs at most 1032
 * bytes in one, and a JPEG spends at least a bit on each block of 64 pixels. */
#include "data/image.h"

#include <spng.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <turbojpeg.h>

enum { PNG_RATIO = 1032, JPEG_RATIO = 1024, MAX_SIDE = 65535, CHUNK_BYTES = 1 << 24, MAX_BYTES = 1 << 30 };

bool ds_image_named(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (!strcasecmp(dot, ".png") || !strcasecmp(dot, ".jpg") || !strcasecmp(dot, ".jpeg"));
}

void ds_image_reader_free(ds_image_reader *r)
{
    if (r->jpeg) tjDestroy(r->jpeg);
    r->jpeg = NULL;
}

/* Room for H x W pixels of three bytes, if `packed` bytes can stand for so many. */
static ds_status make_room(ds_ctx *ctx, const char *path, const ds_bytes *b, uint64_t packed, ds_image *out)
{
    uint64_t bytes = (uint64_t)out->H * (uint64_t)out->W * 3;
    if (out->H < 1 || out->W < 1 || out->H > MAX_SIDE || out->W > MAX_SIDE || bytes > MAX_BYTES ||
        packed > (uint64_t)b->size)
        return ds_fail(ctx, DS_EFORMAT, "%s: the header promises %lldx%lld pixels, the file has %zu bytes", path,
                       (long long)out->H, (long long)out->W, b->size);
    out->pixels = malloc(bytes);
    return out->pixels ? DS_OK : ds_fail_memory(ctx, bytes, path);
}

static ds_status png_damaged(ds_ctx *ctx, const char *path, int code)
{
    if (code == SPNG_EMEM) return ds_fail_memory(ctx, 0, path);
    return ds_fail(ctx, DS_EFORMAT, "%s: damaged PNG image (%s)", path, spng_strerror(code));
}

static ds_status png_content(ds_ctx *ctx, spng_ctx *png, const char *path, const ds_bytes *b, ds_image *out)
{
    struct spng_ihdr head;
    int code = spng_set_png_buffer(png, b->data, b->size);
    if (!code) code = spng_set_image_limits(png, MAX_SIDE, MAX_SIDE);
    if (!code) code = spng_set_chunk_limits(png, CHUNK_BYTES, CHUNK_BYTES);
    if (!code) code = spng_set_crc_action(png, SPNG_CRC_ERROR, SPNG_CRC_DISCARD);
    if (!code) code = spng_get_ihdr(png, &head);
    if (code) return png_damaged(ctx, path, code);
    bool gray = head.color_type == SPNG_COLOR_TYPE_GRAYSCALE || head.color_type == SPNG_COLOR_TYPE_GRAYSCALE_ALPHA;
    out->H = head.height, out->W = head.width, out->C = gray ? 1 : 3;
    DS_TRY(make_room(ctx, path, b, (uint64_t)head.width * head.bit_depth / 8 * head.height / PNG_RATIO, out));
    code = spng_decode_image(png, out->pixels, (size_t)(out->H * out->W * 3), SPNG_FMT_RGB8, 0);
    return code ? png_damaged(ctx, path, code) : DS_OK;
}

static ds_status png(ds_ctx *ctx, const char *path, const ds_bytes *b, ds_image *out)
{
    spng_ctx *reader = spng_ctx_new(0);
    if (!reader) return ds_fail_memory(ctx, 0, path);
    ds_status status = png_content(ctx, reader, path, b, out);
    spng_ctx_free(reader);
    return status;
}

static ds_status jpeg_damaged(ds_ctx *ctx, const char *path, tjhandle handle)
{
    return ds_fail(ctx, DS_EFORMAT, "%s: damaged JPEG image (%s)", path, tjGetErrorStr2(handle));
}

static ds_status jpeg(ds_ctx *ctx, ds_image_reader *r, const char *path, const ds_bytes *b, ds_image *out)
{
    int W = 0, H = 0, sampling = 0, space = 0;
    if (!r->jpeg) r->jpeg = tjInitDecompress();
    if (!r->jpeg) return ds_fail_memory(ctx, 0, path);
    if (tjDecompressHeader3(r->jpeg, b->data, b->size, &W, &H, &sampling, &space) != 0)
        return jpeg_damaged(ctx, path, r->jpeg);
    if (W < 1 || H < 1) return ds_fail(ctx, DS_EFORMAT, "%s: damaged JPEG image (it ends before its frame)", path);
    if (space == TJCS_CMYK || space == TJCS_YCCK)
        return ds_fail(ctx, DS_EFORMAT, "%s: a CMYK image; wanted gray or RGB: convert it", path);
    out->H = H, out->W = W, out->C = space == TJCS_GRAY ? 1 : 3;
    DS_TRY(make_room(ctx, path, b, (uint64_t)H * (uint64_t)W / JPEG_RATIO, out));
    /* Stray bytes between segments, which some cameras leave, do no harm; whatever else is warned of does. */
    if (tjDecompress2(r->jpeg, b->data, b->size, out->pixels, W, 0, H, TJPF_RGB,
                      TJFLAG_ACCURATEDCT | TJFLAG_LIMITSCANS) != 0 &&
        !(tjGetErrorCode(r->jpeg) == TJERR_WARNING && strstr(tjGetErrorStr2(r->jpeg), "extraneous bytes")))
        return jpeg_damaged(ctx, path, r->jpeg);
    return DS_OK;
}

static ds_status content(ds_ctx *ctx, ds_image_reader *r, const char *path, const ds_bytes *b, int channels,
                         ds_image *out)
{
    if (b->size >= 8 && memcmp(b->data, "\x89PNG", 4) == 0)
        DS_TRY(png(ctx, path, b, out));
    else if (b->size >= 3 && memcmp(b->data, "\xFF\xD8\xFF", 3) == 0)
        DS_TRY(jpeg(ctx, r, path, b, out));
    else
        return ds_fail(ctx, DS_EFORMAT, "%s: offset 0: neither a PNG nor a JPEG image", path);
    if (channels == 1 && out->C == 3)
        return ds_fail(ctx, DS_EFORMAT, "%s: found a colour image among gray ones; set data.channels to color", path);
    if (out->C == 3 || channels == 3) {
        out->C = 3;
        return DS_OK;
    }
    for (int64_t i = 0; i < out->H * out->W; i++) out->pixels[i] = out->pixels[3 * i];
    return DS_OK;
}

ds_status ds_image_decode(ds_ctx *ctx, ds_image_reader *r, const char *path, const ds_bytes *b, int channels,
                          ds_image *out)
{
    *out = (ds_image){ 0 };
    ds_status status = content(ctx, r, path, b, channels, out);
    if (status != DS_OK) {
        free(out->pixels);
        out->pixels = NULL;
    }
    return status;
}

/* Of an axis cut in units of 1/side pixel: pixel i of the image covers [i side, (i + 1) side), pixel j of the result
 * [from side + j S, from side + (j + 1) S). Returns what they share. */
static int64_t shared(int64_t i, int64_t j, int64_t from, int64_t S, int64_t side)
{
    int64_t lo = from * side + j * S, hi = lo + S;
    if (lo < i * side) lo = i * side;
    if (hi > (i + 1) * side) hi = (i + 1) * side;
    return hi - lo;
}

void ds_image_resize(const ds_image *in, int64_t side, uint8_t *out)
{
    int64_t S = in->H < in->W ? in->H : in->W, y0 = (in->H - S) / 2, x0 = (in->W - S) / 2, area = S * S;
    for (int64_t y = 0; y < side; y++)
        for (int64_t x = 0; x < side; x++)
            for (int64_t c = 0; c < in->C; c++) {
                int64_t sum = area / 2, last = y0 + ((y + 1) * S - 1) / side, end = x0 + ((x + 1) * S - 1) / side;
                for (int64_t h = y0 + y * S / side; h <= last; h++)
                    for (int64_t w = x0 + x * S / side; w <= end; w++)
                        sum += shared(h, y, y0, S, side) * shared(w, x, x0, S, side) *
                               in->pixels[(h * in->W + w) * in->C + c];
                out[(y * side + x) * in->C + c] = (uint8_t)(sum / area);
            }
}
