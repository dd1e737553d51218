/* digit_render.c - draw a digit: skeleton -> jitter -> spline -> elastic bending -> slant, rotation, scale, shift ->
 * ink by distance to the pen's path -> occlusion -> noise.
 *   spline   Catmull-Rom through the control points, PIECES straight pieces a span
 *   bending  p += field(p), a coarse grid of random vectors, bilinear with smoothed coordinates
 *   ink      255 clamp(r + 1/2 - d), d the distance of the pixel's centre to the path, r half the pen's width
 * Only + - * / sqrt and conversions, in f32: the same bytes on every machine. Rotation by t = tan(angle/2):
 * cos = (1 - t^2) / (1 + t^2), sin = 2 t / (1 + t^2). Numbers come from one Philox stream a digit, in the order written
 * here. */
#include "data/source/digit.h"

#include <math.h>
#include <string.h>

#include "base/random.h"

enum { SIDE = DS_DIGIT_SIDE, PIECES = 5, GRID = 4, MAX_POINTS = 128 };
static const float HEIGHT = 19.0f, WIDTH = 15.0f; /* of the unscaled box, in pixels */

typedef struct point {
    float x, y;
} point;

typedef struct path {
    point at[MAX_POINTS];
    bool joined[MAX_POINTS]; /* a piece leads here from the point before */
    int n;
} path;

typedef struct canvas {
    float near[SIDE * SIDE]; /* squared distance to the path */
    float ink[SIDE * SIDE];  /* 0..1 */
} canvas;

static ds_rng stream(ds_digit_key key)
{
    ds_rng r = ds_rng_at(key.seed, DS_FOR_DIGITS, key.set, (uint32_t)key.id);
    r.block = ((uint64_t)key.id >> 32) << 32;
    return r;
}

/* C leaves the order of draws within one expression open: one draw an expression. */
static float unit(ds_rng *r) { return ds_uniform_f32(ds_rng_u32(r)); }
static float around(ds_rng *r, float size) { return (2 * unit(r) - 1) * size; } /* flat in -size..size */

static float bell(ds_rng *r, float size) /* deviation = size */
{
    float sum = unit(r);
    sum += unit(r);
    sum += unit(r);
    return (sum - 1.5f) * 2 * size;
}

static point point_at(ds_rng *r, float (*draw)(ds_rng *, float), float size)
{
    point p;
    p.x = draw(r, size);
    p.y = draw(r, size);
    return p;
}

static int first_draw(ds_rng *r) { return (int)((uint64_t)ds_rng_u32(r) * 10 >> 32); }

int ds_digit_label(ds_digit_key key)
{
    ds_rng r = stream(key);
    return first_draw(&r);
}

static void path_add(path *p, point at, bool joined)
{
    if (p->n == MAX_POINTS) return;
    p->joined[p->n] = joined;
    p->at[p->n++] = at;
}

/* Catmull-Rom between b and c, u in 0..1. */
static float spline(float a, float b, float c, float d, float u)
{
    return b + 0.5f * u * ((c - a) + u * ((2 * a - 5 * b + 4 * c - d) + u * (3 * (b - c) + d - a)));
}

static void stroke(path *p, const point *c, int n)
{
    path_add(p, c[0], false);
    for (int k = 0; k + 1 < n; k++) {
        point a = c[k ? k - 1 : 0], d = c[k + 2 < n ? k + 2 : n - 1];
        for (int i = 1; i <= PIECES; i++) {
            float u = (float)i / PIECES;
            path_add(p, (point){ spline(a.x, c[k].x, c[k + 1].x, d.x, u), spline(a.y, c[k].y, c[k + 1].y, d.y, u) },
                     true);
        }
    }
}

/* The shape's strokes with every control point moved a little; strokes that meet keep meeting. */
static void skeleton(path *p, const ds_pen *shape, ds_rng *r, float jitter)
{
    point c[16], moved = { 0, 0 };
    ds_pen before = { DS_SHAPE_END, 0 };
    int n = 0;
    for (const ds_pen *pen = shape;; pen++) {
        if (pen->x < 0) {
            stroke(p, c, n);
            n = 0;
            if (pen->x == DS_SHAPE_END) return;
            continue;
        }
        if (pen->x != before.x || pen->y != before.y) moved = point_at(r, bell, jitter);
        before = *pen;
        c[n++] = (point){ (float)pen->x * 0.01f + moved.x, (float)pen->y * 0.01f + moved.y };
    }
}

static float smooth(float u) { return u * u * (3 - 2 * u); }
static float clamp(float x, float lo, float hi) { return x < lo ? lo : x > hi ? hi : x; }

static void bend(path *p, ds_rng *r, float size)
{
    point field[GRID][GRID];
    for (int j = 0; j < GRID; j++)
        for (int i = 0; i < GRID; i++) field[j][i] = point_at(r, bell, size);
    for (int k = 0; k < p->n; k++) {
        float x = clamp(p->at[k].x, 0, 0.999f) * (GRID - 1), y = clamp(p->at[k].y, 0, 0.999f) * (GRID - 1);
        int i = (int)x, j = (int)y;
        float u = smooth(x - (float)i), v = smooth(y - (float)j);
        const point *a = &field[j][i], *b = &field[j + 1][i];
        p->at[k].x += (1 - v) * ((1 - u) * a[0].x + u * a[1].x) + v * ((1 - u) * b[0].x + u * b[1].x);
        p->at[k].y += (1 - v) * ((1 - u) * a[0].y + u * a[1].y) + v * ((1 - u) * b[0].y + u * b[1].y);
    }
}

/* To pixels: scale, slant, rotate about the middle, then centre the box of the path and shift it. */
static void place(path *p, ds_rng *r, float D)
{
    float size = 1 + around(r, 0.05f + 0.20f * D), aspect = 1 + around(r, 0.05f + 0.35f * D);
    float slant = bell(r, 0.04f + 0.36f * D), t = bell(r, 0.01f + 0.16f * D), shift = 0.2f + 4.0f * D;
    float dx = around(r, shift), dy = around(r, shift);
    float cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
    point lo = { 1e9f, 1e9f }, hi = { -1e9f, -1e9f };
    for (int k = 0; k < p->n; k++) {
        float y = (p->at[k].y - 0.5f) * HEIGHT * size;
        float x = (p->at[k].x - 0.5f) * WIDTH * size * aspect - slant * y;
        p->at[k] = (point){ cosine * x - sine * y, sine * x + cosine * y };
        lo.x = p->at[k].x < lo.x ? p->at[k].x : lo.x, hi.x = p->at[k].x > hi.x ? p->at[k].x : hi.x;
        lo.y = p->at[k].y < lo.y ? p->at[k].y : lo.y, hi.y = p->at[k].y > hi.y ? p->at[k].y : hi.y;
    }
    /* A shift goes no further than the border leaves room for, one pixel over at most. */
    float room_x = (float)SIDE / 2 - (hi.x - lo.x) / 2 - 0.5f, room_y = (float)SIDE / 2 - (hi.y - lo.y) / 2 - 0.5f;
    dx = clamp(dx, room_x < 0 ? 0 : -room_x, room_x < 0 ? 0 : room_x);
    dy = clamp(dy, room_y < 0 ? 0 : -room_y, room_y < 0 ? 0 : room_y);
    for (int k = 0; k < p->n; k++) {
        p->at[k].x += (float)SIDE / 2 - (lo.x + hi.x) / 2 + dx;
        p->at[k].y += (float)SIDE / 2 - (lo.y + hi.y) / 2 + dy;
    }
}

static int pixel(float x) { return (int)clamp(x, 0, SIDE); }

/* Lower the squared distances to what the piece from a to b gives, within reach of it. */
static void trace(canvas *v, point a, point b, float reach)
{
    float ex = b.x - a.x, ey = b.y - a.y, inverse = 1 / (ex * ex + ey * ey + 1e-6f);
    int x0 = pixel((a.x < b.x ? a.x : b.x) - reach), x1 = pixel((a.x < b.x ? b.x : a.x) + reach + 1);
    int y0 = pixel((a.y < b.y ? a.y : b.y) - reach), y1 = pixel((a.y < b.y ? b.y : a.y) + reach + 1);
    for (int y = y0; y < y1; y++) {
        float py = (float)y + 0.5f - a.y, *row = v->near + y * SIDE;
        for (int x = x0; x < x1; x++) {
            float px = (float)x + 0.5f - a.x;
            float s = (px * ex + py * ey) * inverse;
            s = s < 0 ? 0 : s > 1 ? 1 : s;
            float qx = px - s * ex, qy = py - s * ey, d = qx * qx + qy * qy;
            row[x] = d < row[x] ? d : row[x];
        }
    }
}

/* Distances to ink; adds to what is drawn (sign -1 takes away). */
static void draw(canvas *v, const path *p, float radius, float strength, float sign)
{
    for (int i = 0; i < SIDE * SIDE; i++) v->near[i] = 1e9f;
    for (int k = 1; k < p->n; k++)
        if (p->joined[k]) trace(v, p->at[k - 1], p->at[k], radius + 0.5f);
    for (int i = 0; i < SIDE * SIDE; i++) {
        float reach = radius + 0.5f, d = v->near[i];
        float ink = d < reach * reach ? clamp(reach - sqrtf(d), 0, 1) * strength : 0;
        v->ink[i] = clamp(v->ink[i] + sign * ink, 0, 1);
    }
}

/* A straight mark across the picture, of ink or of no ink. */
static void mark(canvas *v, ds_rng *r, float D)
{
    path p = { .n = 0 };
    float radius = 0.4f + 0.7f * unit(r), chance = unit(r), sign = unit(r) < 0.5f ? 1.0f : -1.0f;
    float strength = sign > 0 ? 0.3f + 0.5f * unit(r) : 1.0f;
    point a = point_at(r, around, SIDE / 2), e = point_at(r, around, 12);
    a.x += SIDE / 2, a.y += SIDE / 2;
    path_add(&p, a, false);
    path_add(&p, (point){ a.x + e.x, a.y + e.y }, true);
    if (chance < 0.8f * D) draw(v, &p, radius, strength, sign);
}

static void develop(const canvas *v, ds_rng *r, float D, uint8_t *pixels)
{
    float noise = (0.02f + 0.36f * D) * 255.0f / 510.0f; /* a sum of two bytes spans 510 */
    float gain = 255.0f * (1 - 0.5f * D * unit(r)), floor = 60.0f * D * unit(r);
    for (int i = 0; i < SIDE * SIDE; i += 2) {
        uint32_t u = ds_rng_u32(r);
        for (int j = 0; j < 2; j++, u >>= 16) {
            float n = (float)(int)((u & 255) + (u >> 8 & 255)) - 255;
            float x = floor + (gain - floor) * v->ink[i + j] + noise * n;
            pixels[i + j] = (uint8_t)clamp(x + 0.5f, 0, 255);
        }
    }
}

void ds_digit_render(ds_digit_key key, uint8_t *pixels)
{
    ds_rng r = stream(key);
    float D = key.difficulty;
    int label = first_draw(&r), shapes = 0;
    while (shapes < DS_DIGIT_SHAPES && ds_digit_shape[label][shapes]) shapes++;
    int which = (int)((uint64_t)ds_rng_u32(&r) * (uint32_t)shapes >> 32);
    path p = { .n = 0 };
    canvas v;
    memset(v.ink, 0, sizeof v.ink);
    skeleton(&p, ds_digit_shape[label][which], &r, 0.008f + 0.050f * D);
    bend(&p, &r, 0.010f + 0.070f * D);
    place(&p, &r, D);
    draw(&v, &p, 1.15f + around(&r, 0.15f + 0.7f * D), 1, 1);
    mark(&v, &r, D);
    mark(&v, &r, D);
    develop(&v, &r, D, pixels);
}
