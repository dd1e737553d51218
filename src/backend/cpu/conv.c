/* conv.c - convolution and its adjoint in the input by the micro-kernel of products, channels last, in place: no im2col,
 * no border.
 *
 *   conv         y[i, j, o] = chain over (a, b, c) of x[i s - p + a d, j s - p + b d, c] w[a, b, c, o]
 *   conv_input   x[h, w, c] = chain over the taps that meet an output, in the order of increasing output position, then
 *                o, of y[(h + p - a d) / s, (w + p - b d) / s, o] w[a, b, c, o]
 *
 * Both read an image (the source) at an offset per tap and write a plane. Taps outside the source are left out, so a
 * plane falls into rectangles of equal taps: the inside, four edges, four corners. In a rectangle consecutive pixels of
 * a row (or of a column, where it is longer) are a constant stride apart: the rows of a tile. The adjoint falls into
 * stride x stride classes of pixels first, each a plane of its own that is read with stride 1.
 * Source: Dumoulin and Visin, A guide to convolution arithmetic for deep learning (2016), for the geometry. */
#include <string.h>

#include "backend/cpu/conv.h"

enum { STRIP_BYTES = 16384 }; /* of what is written, an epilogue reads it again */

typedef struct job {
    const ds_call *call;
    const ds_vec *vec;
    const ds_product *p;
    size_t es;
    ds_conv_sizes z;
    bool adjoint;
    int64_t from[2], to[2]; /* extents of source and plane */
    int64_t kg, og;         /* channels of a group, of source and plane */
    int64_t classes[2];
    int64_t strips, strip_rows;                    /* of the plane */
    size_t shared_bytes, worker_bytes, runs_bytes; /* scratch: panels, then each worker's runs and epilogue */
} job;

/* One axis of a class: what tap t of output r reads lies at pos[t] + r * step in the source. */
typedef struct axis {
    int64_t n, step, taps;
    int64_t *tap, *pos; /* position in the kernel, in the source */
} axis;

static axis axis_of(const job *j, int d, int64_t q, int64_t *room)
{
    const ds_conv_sizes *z = &j->z;
    axis x = { .step = j->adjoint ? 1 : z->stride[d], .tap = room, .pos = room + z->k[d] };
    x.n = j->to[d] > q ? ds_ceil_div(j->to[d] - q, j->classes[d]) : 0;
    for (int64_t e = 0; e < z->k[d]; e++) {
        int64_t a = j->adjoint ? z->k[d] - 1 - e : e,
                at = j->adjoint ? q + z->pad[d] - a * z->dilation[d] : a * z->dilation[d] - z->pad[d];
        if (at % j->classes[d] != 0) continue;
        x.tap[x.taps] = a;
        x.pos[x.taps++] = at / j->classes[d];
    }
    return x;
}

/* Taps [*t0, *t1) of output r lie in the source. */
static void taps_of(const axis *x, int64_t extent, int64_t r, int64_t *t0, int64_t *t1)
{
    int64_t at = r * x->step, a = 0, b = x->taps;
    while (a < b && x->pos[a] + at < 0) a++;
    while (b > a && x->pos[b - 1] + at >= extent) b--;
    *t0 = a;
    *t1 = b;
}

/* A stretch of outputs that have the same taps. */
typedef struct stretch {
    int64_t begin, end, t0, t1;
} stretch;

static stretch stretch_at(const axis *x, int64_t extent, int64_t r, int64_t end)
{
    stretch s = { .begin = r, .end = r + 1 };
    taps_of(x, extent, r, &s.t0, &s.t1);
    for (int64_t t0, t1; s.end < end; s.end++) {
        taps_of(x, extent, s.end, &t0, &t1);
        if (t0 != s.t0 || t1 != s.t1) break;
    }
    return s;
}

/* ---- weights as panels ------------------------------------------------------------------------------------------- */

static int64_t width_of(const job *j) { return ds_ceil_div(j->og, j->p->vl) * j->p->vl; }

/* Columns of the panel that begins at col: nr, at the end as many vectors as are needed. */
static int64_t pitch_of(const job *j, int64_t col) { return j->og - col >= j->p->nr ? j->p->nr : width_of(j) - col; }

/* Taps of one axis that belong to class q. */
static int64_t taps_in_class(const job *j, int d, int64_t q)
{
    int64_t n = 0;
    for (int64_t a = 0; a < j->z.k[d]; a++)
        n += !j->adjoint || (q + j->z.pad[d] - a * j->z.dilation[d]) % j->z.stride[d] == 0;
    return n;
}

/* Panels [og / nr][taps][kg][nr] of a class of a group. */
static char *panels_of(const job *j, int64_t g, int64_t qh, int64_t qw)
{
    int64_t all = j->z.k[0] * j->z.k[1], before = 0;
    if (!j->adjoint) return (char *)j->call->scratch + (size_t)(g * all * j->kg * width_of(j)) * j->es;
    for (int64_t h = 0; h <= qh; h++)
        for (int64_t w = 0; w < (h < qh ? j->classes[1] : qw); w++)
            before += taps_in_class(j, 0, h) * taps_in_class(j, 1, w);
    return (char *)j->call->scratch + (size_t)((g * all + before) * j->kg * width_of(j)) * j->es;
}

/* Rows [kg] of one tap: weights [c][o] as they lie, or turned for the adjoint. */
static void pack_tap(const job *j, int64_t g, int64_t a, int64_t b, int64_t col, char *to)
{
    int64_t cg = j->z.c / j->z.groups, pitch = pitch_of(j, col), n = j->og - col < pitch ? j->og - col : pitch;
    const char *w = (const char *)j->call->in[1].data + (size_t)((a * j->z.k[1] + b) * cg * j->z.o) * j->es;
    if (j->adjoint) {
        w += (size_t)(col * j->z.o + g * j->kg) * j->es;
        j->p->pack_transposed(w, j->z.o, j->kg, n, to, pitch);
        return;
    }
    w += (size_t)(g * j->og + col) * j->es;
    for (int64_t k = 0; k < j->kg; k++, to += (size_t)pitch * j->es) {
        memcpy(to, w + (size_t)(k * j->z.o) * j->es, (size_t)n * j->es);
        memset(to + (size_t)n * j->es, 0, (size_t)(pitch - n) * j->es);
    }
}

static int64_t *own_area(const job *j, int worker)
{
    return (int64_t *)(void *)((char *)j->call->scratch + j->shared_bytes + (size_t)worker * j->worker_bytes);
}

/* One class of one group. */
static void pack_task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t qw = index % j->classes[1], qh = index / j->classes[1] % j->classes[0],
            g = index / j->classes[1] / j->classes[0], *room = own_area(j, worker);
    axis h = axis_of(j, 0, qh, room), w = axis_of(j, 1, qw, room + 2 * j->z.k[0]);
    char *to = panels_of(j, g, qh, qw);
    for (int64_t col = 0; col < j->og; col += j->p->nr)
        for (int64_t a = 0; a < h.taps; a++)
            for (int64_t b = 0; b < w.taps; b++, to += (size_t)(j->kg * pitch_of(j, col)) * j->es)
                pack_tap(j, g, h.tap[a], w.tap[b], col, to);
}

/* ---- a strip of the plane ---------------------------------------------------------------------------------------- */

typedef struct sweep {
    axis h, w;
    const char *x;        /* the group's first channel of the source */
    char *y;              /* and of the class's first pixel */
    const char *b;        /* panels */
    int64_t line;         /* elements from row to row of the source */
    int64_t pixel;        /* and from pixel to pixel */
    int64_t down, across; /* from row to row of the class in the plane, and from pixel to pixel */
    int64_t *run, *row;
    ds_ahead ahead;
} sweep;

/* Where the taps of a rectangle read, and their rows in the panels. Taps side by side in the source are one run. */
static ds_micro_call runs_of(const job *j, const sweep *s, const stretch *h, const stretch *w)
{
    bool joined = j->z.groups == 1 && w->t1 > w->t0;
    for (int64_t t = w->t0 + 1; t < w->t1; t++) joined = joined && s->w.pos[t] == s->w.pos[t - 1] + 1;
    ds_micro_call m = { .run = s->run, .row = s->row, .first = true, .len = joined ? (w->t1 - w->t0) * j->kg : j->kg };
    for (int64_t a = h->t0; a < h->t1; a++)
        for (int64_t b = w->t0; b < (joined ? w->t0 + 1 : w->t1); b++, m.runs++) {
            s->run[m.runs] = s->h.pos[a] * s->line + s->w.pos[b] * s->pixel;
            s->row[m.runs] = (a * s->w.taps + b) * j->kg;
        }
    return m;
}

static void run_rectangle(const job *j, sweep *s, const stretch *h, const stretch *w)
{
    ds_micro_call t = runs_of(j, s, h, w);
    int64_t rows = h->end - h->begin, cols = w->end - w->begin, across = s->w.step * s->pixel,
            down = s->h.step * s->line;
    const char *x = s->x + (size_t)(h->begin * down + w->begin * across) * j->es;
    char *y = s->y + (size_t)(h->begin * s->down + w->begin * s->across) * j->es;
    bool gapless = down == cols * across && s->down == cols * s->across, turned = !gapless && rows > cols;
    int64_t lines = gapless ? 1 : turned ? cols : rows, n = gapless ? rows * cols : turned ? rows : cols;
    int64_t x_line = turned ? across : down, y_line = turned ? s->across : s->down,
            y_step = turned ? s->down : s->across;
    t.down = turned ? down : across;
    t.ldc = y_step;
    for (int64_t col = 0; col < j->og; col += j->p->nr) {
        t.n = (int)(j->og - col < j->p->nr ? j->og - col : j->p->nr);
        t.b = s->b + (size_t)(col * s->h.taps * s->w.taps * j->kg) * j->es;
        t.ldb = pitch_of(j, col);
        const int64_t mr = ds_tile_rows(j->p, n, t.n);
        for (int64_t l = 0; l < lines; l++)
            for (int64_t i = 0; i < n; i += mr) {
                t.m = (int)(n - i < mr ? n - i : mr);
                t.a = x + (size_t)(l * x_line + i * t.down) * j->es;
                t.c = y + (size_t)(l * y_line + i * y_step + col) * j->es;
                ds_ahead_some(&s->ahead, &t);
                j->p->micro(&t);
            }
    }
}

/* Rows [r0, r1) of a class. */
static void run_class(const job *j, sweep *s, int64_t r0, int64_t r1)
{
    for (stretch h = { .end = r0 }; h.end < r1;) {
        h = stretch_at(&s->h, j->from[0], h.end, r1);
        for (stretch w = { .end = 0 }; w.end < s->w.n;) {
            w = stretch_at(&s->w, j->from[1], w.end, s->w.n);
            run_rectangle(j, s, &h, &w);
        }
    }
}

/* Rows [r0, r1) of an image or plane of rows of `line` elements, when they are within n rows. */
static void add_rows(const job *j, const ds_tensor *x, int64_t line, int64_t r0, int64_t r1, int64_t n, ds_ahead *ahead)
{
    size_t bytes = (size_t)line * j->es;
    if (r1 <= n) ds_ahead_add(ahead, (const char *)x->data + (size_t)r0 * bytes, (size_t)(r1 - r0) * bytes);
}

/* What a task fetches while it works on a strip, the most urgent last: where the next strip is written (a store that
 * misses holds up those after it) and what it reads, the operands of this strip's epilogue. */
static void look_ahead(const job *j, int64_t index, int64_t i0, int64_t i1, ds_ahead *ahead)
{
    const int64_t image = index / j->strips, next = index + 1, share = ds_ceil_div(j->from[0], j->strips),
                  first = next / j->strips * j->from[0] + next % j->strips * share, row = image * j->to[0],
                  most = j->og <= j->p->vl ? j->p->tall : j->p->mr, panels = ds_ceil_div(j->og, j->p->nr);
    add_rows(j, &j->call->out, j->to[1] * j->og * j->z.groups, row + i1, row + 2 * i1 - i0, j->z.n * j->to[0], ahead);
    add_rows(j, &j->call->in[0], j->from[1] * j->kg * j->z.groups, first, first + share, j->z.n * j->from[0], ahead);
    ds_epilogue_ahead(j->call, (row + i0) * j->to[1], (row + i1) * j->to[1], ahead);
    ds_ahead_spread(ahead, ((i1 - i0) * j->to[1] / most + 1) * panels);
}

static void strip_task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    const int64_t image = index / j->strips, i0 = index % j->strips * j->strip_rows,
                  i1 = i0 + j->strip_rows < j->to[0] ? i0 + j->strip_rows : j->to[0];
    const int64_t xc = j->kg * j->z.groups, yc = j->og * j->z.groups;
    int64_t *room = own_area(j, worker);
    sweep s = { .line = j->from[1] * xc,
                .pixel = xc,
                .down = j->classes[0] * j->to[1] * yc,
                .across = j->classes[1] * yc,
                .run = room + 2 * (j->z.k[0] + j->z.k[1]) };
    s.row = s.run + j->z.k[0] * j->z.k[1];
    look_ahead(j, index, i0, i1, &s.ahead);
    for (int64_t g = 0; g < j->z.groups; g++)
        for (int64_t qh = 0; qh < j->classes[0]; qh++)
            for (int64_t qw = 0; qw < j->classes[1]; qw++) {
                s.h = axis_of(j, 0, qh, room);
                s.w = axis_of(j, 1, qw, room + 2 * j->z.k[0]);
                s.b = panels_of(j, g, qh, qw);
                s.x = (const char *)j->call->in[0].data + (size_t)(image * j->from[0] * s.line + g * j->kg) * j->es;
                s.y = (char *)j->call->out.data +
                      (size_t)(((image * j->to[0] + qh) * j->to[1] + qw) * yc + g * j->og) * j->es;
                int64_t r0 = i0 > qh ? ds_ceil_div(i0 - qh, j->classes[0]) : 0,
                        r1 = i1 > qh ? ds_ceil_div(i1 - qh, j->classes[0]) : 0;
                run_class(j, &s, r0, r1);
            }
    ds_epilogue(j->call, (image * j->to[0] + i0) * j->to[1], (image * j->to[0] + i1) * j->to[1],
                j->strip_rows * j->to[1], (char *)room + j->runs_bytes);
}

/* ---- the whole --------------------------------------------------------------------------------------------------- */

/* Strips that an epilogue finds in the cache; more where there are fewer images than threads can use. */
static void cut(job *j, int threads)
{
    int64_t row_bytes = j->to[1] * j->og * j->z.groups * (int64_t)j->es, rows = j->to[0];
    double work = (double)j->z.n * (double)(j->to[0] * j->to[1] * j->og * j->z.groups) *
                  (double)(j->z.k[0] * j->z.k[1] * j->kg) / (double)(j->classes[0] * j->classes[1]);
    if (j->call->post && row_bytes > 0 && STRIP_BYTES / row_bytes < rows) rows = STRIP_BYTES / row_bytes;
    if (threads > 1 && j->z.n > 0 && j->z.n < 2 * threads && work > DS_SMALL_WORK) {
        int64_t share = ds_ceil_div(j->to[0], ds_ceil_div(2 * threads, j->z.n));
        if (share < rows) rows = share;
    }
    j->strip_rows = ds_ceil_div(rows > 0 ? rows : 1, j->classes[0]) * j->classes[0];
    while (j->call->post && j->call->post->nsum && j->strip_rows * j->to[1] % DS_COLUMN_LEAF) j->strip_rows++;
    j->strips = ds_ceil_div(j->to[0], j->strip_rows);
}

static void describe(job *j, const ds_call *call, bool adjoint, int threads)
{
    ds_shape w = call->in[1].shape, in = call->in[0].shape, out = call->out.shape;
    *j = (job){ .call = call, .vec = call->vec, .es = ds_dtype_bytes(call->out.dtype), .adjoint = adjoint };
    j->p = call->out.dtype == DS_F32 ? j->vec->f32 : j->vec->f64;
    j->z = adjoint ? ds_conv_sizes_of(call, out, w, in) : ds_conv_sizes_of(call, in, w, out);
    for (int d = 0; d < 2; d++) {
        j->from[d] = adjoint ? j->z.out[d] : j->z.in[d];
        j->to[d] = adjoint ? j->z.in[d] : j->z.out[d];
        j->classes[d] = adjoint ? j->z.stride[d] : 1;
    }
    j->kg = (adjoint ? j->z.o : j->z.c) / j->z.groups;
    j->og = (adjoint ? j->z.c : j->z.o) / j->z.groups;
    cut(j, threads);
    j->shared_bytes = ds_align64((size_t)(j->z.groups * j->z.k[0] * j->z.k[1] * j->kg * width_of(j)) * j->es);
    j->runs_bytes = ds_align64((size_t)(2 * (j->z.k[0] + j->z.k[1]) + 2 * j->z.k[0] * j->z.k[1]) * sizeof(int64_t));
    j->worker_bytes = j->runs_bytes + ds_align64(ds_epilogue_bytes(call));
}

static void run(const ds_call *call, bool adjoint)
{
    job j;
    describe(&j, call, adjoint, ds_pool_threads(call->pool));
    ds_pool_run(call->pool, j.z.groups * j.classes[0] * j.classes[1], pack_task, &j);
    ds_pool_run(call->pool, j.z.n * j.strips, strip_task, &j);
    ds_epilogue_end(call, j.strip_rows * j.to[1]);
}

static size_t scratch(const ds_call *call, bool adjoint, int threads)
{
    job j;
    describe(&j, call, adjoint, threads);
    return j.shared_bytes + (size_t)threads * j.worker_bytes;
}

size_t ds_scratch_conv(const ds_call *call, int threads) { return scratch(call, false, threads); }
size_t ds_scratch_conv_input(const ds_call *call, int threads) { return scratch(call, true, threads); }
void ds_cpu_conv(const ds_call *call) { run(call, false); }
void ds_cpu_conv_input(const ds_call *call) { run(call, true); }
