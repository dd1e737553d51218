/* conv.c - convolution and its adjoints by the same micro-kernel, channels last, no im2col: a task copies its piece of
 * the image with a zero border into cache-hot scratch; a tile's rows are pointers to pixels, and each run of k is
 * contiguous there. conv         chain over (kh, kw, c); the border is multiplied as +0 conv_input   chain over the
 * taps that meet an output's grid, in the order of increasing output position, then o; positions outside are +0
 * conv_weight  chain over (image, oh, ow) in leaves of 16 images, joined by the tree */
#include <string.h>

#include "backend/cpu/cpu.h"

enum { IMAGE_LEAF = 16 };

typedef struct job {
    const ds_call *call;
    const ds_vec *vec;
    const ds_product *p;
    size_t es;
    int64_t n, h, w, c, kh, kw, o, oh, ow, groups;
    int64_t sh, sw, ph, pw, dh, dw;
    int64_t strips, strip_rows; /* of the plane that is written */
    int64_t pad_h, pad_w;       /* extents of the bordered copy of a whole image */
    size_t worker_bytes, image_bytes, shared_bytes, runs_bytes;
    char *packed; /* weights as the tiles read them */
} job;

static void describe(job *j, const ds_call *call, ds_shape x, ds_shape w, ds_shape y)
{
    const int64_t *a = call->attr->i;
    *j = (job){ .call = call,
                .vec = call->vec,
                .n = x.dim[0],
                .h = x.dim[1],
                .w = x.dim[2],
                .c = x.dim[3],
                .kh = w.dim[0],
                .kw = w.dim[1],
                .o = w.dim[3],
                .oh = y.dim[1],
                .ow = y.dim[2],
                .sh = a[0],
                .sw = a[1],
                .ph = a[2],
                .pw = a[3],
                .dh = a[4],
                .dw = a[5],
                .groups = a[6],
                .strips = 1 };
    j->p = call->out.dtype == DS_F32 ? j->vec->f32 : j->vec->f64;
    j->es = ds_dtype_bytes(call->out.dtype);
}

/* A worker's scratch: offsets of runs, as many as there are taps, and taps of both axes; then what is returned. */
static size_t bytes_of_runs(const job *j)
{
    return ds_align64((size_t)(j->kh * j->kw + j->kh + j->kw) * sizeof(int64_t));
}
static char *own_area(const job *j, int worker, int64_t **run)
{
    char *own = j->packed + j->shared_bytes + (size_t)worker * j->worker_bytes;
    *run = (int64_t *)(void *)own;
    return own + j->runs_bytes;
}

/* Cut planes in strips when there are fewer images than threads can use. */
static void cut(job *j, int64_t rows, double work, int threads)
{
    if (threads > 1 && j->n < 2 * threads && work > DS_SMALL_WORK)
        j->strips = ds_ceil_div(2 * threads, j->n > 0 ? j->n : 1);
    if (j->strips > rows) j->strips = rows > 0 ? rows : 1;
    j->strip_rows = ds_ceil_div(rows, j->strips);
    while (j->call->post && j->call->post->nsum && j->strip_rows * j->ow % DS_COLUMN_LEAF) j->strip_rows++;
    j->strips = j->strip_rows ? ds_ceil_div(rows, j->strip_rows) : 0;
}

/* Copy rows [from, from + rows) of the bordered image: `top`, `left` are the border's widths, width its extent. Outside
 * is +0. */
static void border(const job *j, const char *image, int64_t h, int64_t w, int64_t c, int64_t from, int64_t rows,
                   int64_t top, int64_t left, int64_t width, char *to)
{
    size_t pixel = (size_t)c * j->es;
    for (int64_t r = 0; r < rows; r++, to += (size_t)width * pixel) {
        int64_t y = from + r - top;
        if (y < 0 || y >= h) {
            memset(to, 0, (size_t)width * pixel);
            continue;
        }
        int64_t begin = left < width ? left : width, end = left + w < width ? left + w : width;
        memset(to, 0, (size_t)begin * pixel);
        memcpy(to + (size_t)begin * pixel, image + (size_t)(y * w) * pixel, (size_t)(end - begin) * pixel);
        memset(to + (size_t)end * pixel, 0, (size_t)(width - end) * pixel);
    }
}

/* Columns of the panel that begins at col: nr, at the end as many vectors as are needed. */
static int64_t pitch_of(const job *j, int64_t o, int64_t col)
{
    return o - col >= j->p->nr ? j->p->nr : ds_ceil_div(o - col, j->p->vl) * j->p->vl;
}

/* Tiles over `rows` x `cols` pixels whose pointers step by (down, across) elements in `at`; columns [0, o) of the
 * output pixel. */
typedef struct sweep {
    const char *at; /* bordered image */
    int64_t rows, cols, down, across;
    char *to;                   /* first output pixel */
    int64_t to_down, to_across; /* its steps */
    const char *b;              /* panels [o / nr][k][nr], or rows of ldb */
    int64_t k, o, ldb;
    bool panels;
    int64_t runs, len, group; /* group: offset of a group's channels in the pixel */
    const int64_t *run;
    ds_ahead *ahead;
} sweep;

/* Where pixels and results follow each other without gaps, all are one long row. */
static void run_sweep(const job *j, const sweep *s)
{
    const int nr = j->p->nr;
    bool whole = s->down == s->cols * s->across && s->to_down == s->cols * s->to_across;
    int64_t rows = whole ? 1 : s->rows, cols = whole ? s->rows * s->cols : s->cols;
    ds_micro_call t = {
        .runs = s->runs, .len = s->len, .run = s->run, .first = true, .down = s->across, .ldc = s->to_across
    };
    for (int64_t col = 0; col < s->o; col += nr) {
        t.n = (int)(s->o - col < nr ? s->o - col : nr);
        t.b = s->b + (size_t)(s->panels ? col * s->k : col) * j->es;
        t.ldb = s->panels ? pitch_of(j, s->o, col) : s->ldb;
        const int64_t mr = ds_tile_rows(j->p, cols, t.n);
        for (int64_t row = 0; row < rows; row++)
            for (int64_t i = 0; i < cols; i += mr) {
                t.m = (int)(cols - i < mr ? cols - i : mr);
                t.a = s->at + (size_t)(row * s->down + i * s->across + s->group) * j->es;
                t.c = s->to + (size_t)(row * s->to_down + i * s->to_across + col) * j->es;
                j->p->micro(&t);
                ds_ahead_some(s->ahead);
            }
    }
}

/* What a task fetches while it works on image n: its epilogue's operands, and the image that it takes next. */
static void look_ahead(const job *j, const ds_tensor *x, int64_t n, int64_t row0, int64_t row1, ds_ahead *ahead)
{
    int64_t next = n + ds_pool_threads(j->call->pool),
            count = x->shape.dim[0] ? ds_shape_count(x->shape) / x->shape.dim[0] : 0;
    ds_epilogue_ahead(j->call, row0, row1, ahead);
    if (next < j->n) ds_ahead_add(ahead, (const char *)x->data + (size_t)(next * count) * j->es, (size_t)count * j->es);
    ds_ahead_spread(ahead, (row1 - row0) / j->p->mr + 1);
}

/* B [k][ldb] -> panels of nr columns, zero behind the last; columns from `first`. */
static void pack_panels(const job *j, const char *b, int64_t k, int64_t ldb, int64_t first, int64_t o, char *to)
{
    for (int64_t col = 0; col < o; col += j->p->nr) {
        int64_t pitch = pitch_of(j, o, col), w = o - col < pitch ? o - col : pitch;
        for (int64_t i = 0; i < k; i++, to += (size_t)pitch * j->es) {
            memcpy(to, b + (size_t)(i * ldb + first + col) * j->es, (size_t)w * j->es);
            memset(to + (size_t)w * j->es, 0, (size_t)(pitch - w) * j->es);
        }
    }
}

static size_t panel_bytes(const job *j, int64_t k, int64_t o)
{
    return ds_align64((size_t)(ds_ceil_div(o, j->p->nr) * j->p->nr * k) * j->es) + 256;
}

/* ---- forward ----------------------------------------------------------------------------------------------------- */

static void plan_conv(job *j, const ds_call *call, int threads)
{
    describe(j, call, call->in[0].shape, call->in[1].shape, call->out.shape);
    cut(j, j->oh, (double)j->n * (double)(j->oh * j->ow * j->o) * (double)(j->kh * j->kw * j->c / j->groups), threads);
    j->pad_w = j->w + 2 * j->pw;
    j->pad_h = j->strip_rows ? (j->strip_rows - 1) * j->sh + (j->kh - 1) * j->dh + 1 : 0;
    j->image_bytes = j->ph || j->pw ? ds_align64((size_t)(j->pad_h * j->pad_w * j->c) * j->es) + 256 : 0;
    j->runs_bytes = bytes_of_runs(j);
    j->worker_bytes = ds_align64(j->runs_bytes + j->image_bytes + ds_epilogue_bytes(call));
    j->shared_bytes = (size_t)j->groups * panel_bytes(j, j->kh * j->kw * (j->c / j->groups), j->o / j->groups);
}

size_t ds_scratch_conv(const ds_call *call, int threads)
{
    job j;
    plan_conv(&j, call, threads);
    return j.shared_bytes + j.worker_bytes * (size_t)threads;
}

static void conv_task(void *arg, int64_t index, int worker)
{
    const job *j = arg;
    int64_t image = index / j->strips, r0 = index % j->strips * j->strip_rows,
            r1 = r0 + j->strip_rows < j->oh ? r0 + j->strip_rows : j->oh;
    int64_t cg = j->c / j->groups, og = j->o / j->groups, *run;
    const char *x = (const char *)j->call->in[0].data + (size_t)(image * j->h * j->w * j->c) * j->es;
    char *own = own_area(j, worker, &run);
    ds_ahead ahead = { .n = 0 };
    look_ahead(j, &j->call->in[0], image, (image * j->oh + r0) * j->ow, (image * j->oh + r1) * j->ow, &ahead);
    sweep s = { .ahead = &ahead,
                .rows = r1 - r0,
                .cols = j->ow,
                .across = j->sw * j->c,
                .to_across = j->o,
                .to_down = j->ow * j->o,
                .run = run,
                .o = og,
                .panels = true };
    int64_t line = j->pad_w * j->c; /* elements from one row to the next */
    s.k = j->kh * j->kw * cg;
    if (j->image_bytes) {
        border(j, x, j->h, j->w, j->c, r0 * j->sh, (r1 - r0 - 1) * j->sh + (j->kh - 1) * j->dh + 1, j->ph, j->pw,
               j->pad_w, own);
        s.at = own;
    } else {
        s.at = x + (size_t)(r0 * j->sh * line) * j->es;
    }
    s.down = j->sh * line;
    bool joined = j->dw == 1 && j->groups == 1; /* the taps of one row lie side by side */
    s.len = joined ? j->kw * j->c : cg;
    for (int64_t a = 0; a < j->kh; a++)
        for (int64_t b = 0; b < (joined ? 1 : j->kw); b++) run[s.runs++] = a * j->dh * line + b * j->dw * j->c;
    for (int64_t g = 0; g < j->groups; g++) {
        s.group = g * cg;
        s.b = j->packed + (size_t)g * panel_bytes(j, s.k, og);
        s.to = (char *)j->call->out.data + (size_t)((image * j->oh + r0) * j->ow * j->o + g * og) * j->es;
        run_sweep(j, &s);
    }
    ds_epilogue(j->call, (image * j->oh + r0) * j->ow, (image * j->oh + r1) * j->ow, j->strip_rows * j->ow,
                own + j->image_bytes);
}

void ds_cpu_conv(const ds_call *call)
{
    job j;
    plan_conv(&j, call, ds_pool_threads(call->pool));
    j.packed = call->scratch;
    int64_t k = j.kh * j.kw * (j.c / j.groups), og = j.o / j.groups;
    for (int64_t g = 0; g < j.groups; g++)
        pack_panels(&j, call->in[1].data, k, j.o, g * og, og, j.packed + (size_t)g * panel_bytes(&j, k, og));
    ds_pool_run(call->pool, j.n * j.strips, conv_task, &j);
    ds_epilogue_end(call, j.strip_rows * j.ow);
}

/* ---- adjoint in the input ---------------------------------------------------------------------------------------- */

/* Taps of one axis that meet the output's grid for inputs congruent to q: kernel positions from the largest down. */
static int64_t taps(int64_t q, int64_t pad, int64_t k, int64_t d, int64_t s, int64_t *tap)
{
    int64_t n = 0;
    for (int64_t a = k - 1; a >= 0; a--)
        if ((q + pad - a * d) % s == 0) tap[n++] = a;
    return n;
}

/* First output position that tap a of input i touches; exact division, may be negative. */
static int64_t meets(int64_t i, int64_t pad, int64_t a, int64_t d, int64_t s) { return (i + pad - a * d) / s; }

static void plan_input(job *j, const ds_call *call, int threads)
{
    describe(j, call, call->out.shape, call->in[1].shape, call->in[0].shape);
    (void)threads;
    /* border of dy: the farthest that a tap reaches outside, and the inputs that no whole window covers */
    int64_t reach_h = (j->kh - 1) * j->dh, reach_w = (j->kw - 1) * j->dw;
    int64_t right = (j->w - 1 + j->pw) / j->sw + 1 - j->ow, low = (j->h - 1 + j->ph) / j->sh + 1 - j->oh;
    j->pad_h = j->oh + 2 * (reach_h / j->sh + 1) + (low > 0 ? low : 0) + 1;
    j->pad_w = j->ow + 2 * (reach_w / j->sw + 1) + (right > 0 ? right : 0) + 1;
    j->image_bytes = ds_align64((size_t)(j->pad_h * j->pad_w * j->o) * j->es) + 256;
    j->runs_bytes = bytes_of_runs(j);
    j->worker_bytes = ds_align64(j->runs_bytes + j->image_bytes + ds_epilogue_bytes(call));
    j->shared_bytes = (size_t)(j->groups * j->kh * j->kw) * panel_bytes(j, j->o / j->groups, j->c / j->groups) + 4096;
}

size_t ds_scratch_conv_input(const ds_call *call, int threads)
{
    job j;
    plan_input(&j, call, threads);
    return j.shared_bytes + j.worker_bytes * (size_t)threads;
}

/* Weights of one residue class: [taps in order][o] rows of c columns, as panels. */
static char *pack_class(const job *j, int64_t g, const int64_t *th, int64_t nh, const int64_t *tw, int64_t nw, char *to)
{
    int64_t cg = j->c / j->groups, og = j->o / j->groups, nr = j->p->nr;
    const char *w = j->call->in[1].data; /* [kh][kw][cg][o] */
    for (int64_t col = 0; col < cg; col += nr)
        for (int64_t a = 0; a < nh; a++)
            for (int64_t b = 0; b < nw; b++, to += (size_t)(og * pitch_of(j, cg, col)) * j->es) {
                int64_t pitch = pitch_of(j, cg, col), width = cg - col < pitch ? cg - col : pitch;
                const char *from = w + (size_t)(((th[a] * j->kw + tw[b]) * cg + col) * j->o + g * og) * j->es;
                j->p->pack_transposed(from, j->o, og, width, to, pitch);
            }
    return to;
}

static void input_task(void *arg, int64_t image, int worker)
{
    const job *j = arg;
    int64_t cg = j->c / j->groups, og = j->o / j->groups, top = ((j->kh - 1) * j->dh) / j->sh + 1,
            left = ((j->kw - 1) * j->dw) / j->sw + 1, *run;
    char *own = own_area(j, worker, &run);
    int64_t *th = run + j->kh * j->kw, *tw = th + j->kh;
    const char *b = j->packed;
    int64_t line = j->pad_w * j->o;
    ds_ahead ahead = { .n = 0 };
    look_ahead(j, &j->call->in[0], image, image * j->h * j->w, (image + 1) * j->h * j->w, &ahead);
    border(j, (const char *)j->call->in[0].data + (size_t)(image * j->oh * j->ow * j->o) * j->es, j->oh, j->ow, j->o, 0,
           j->pad_h, top, left, j->pad_w, own);
    for (int64_t g = 0; g < j->groups; g++)
        for (int64_t qh = 0; qh < j->sh; qh++)
            for (int64_t qw = 0; qw < j->sw; qw++) {
                int64_t nh = taps(qh, j->ph, j->kh, j->dh, j->sh, th), nw = taps(qw, j->pw, j->kw, j->dw, j->sw, tw);
                sweep s = { .ahead = &ahead,
                            .rows = ds_ceil_div(j->h - qh, j->sh),
                            .cols = ds_ceil_div(j->w - qw, j->sw),
                            .down = line,
                            .across = j->o,
                            .run = run,
                            .k = nh * nw * og,
                            .o = cg,
                            .panels = true,
                            .len = og,
                            .group = g * og };
                s.to = (char *)j->call->out.data + (size_t)(((image * j->h + qh) * j->w + qw) * j->c + g * cg) * j->es;
                s.to_across = j->sw * j->c;
                s.to_down = j->sh * j->w * j->c;
                s.b = b;
                b += (size_t)(ds_ceil_div(cg, j->p->vl) * j->p->vl * s.k) * j->es;
                if (qh >= j->h || qw >= j->w) continue;
                int64_t h0 = nh ? meets(qh, j->ph, th[0], j->dh, j->sh) : 0,
                        w0 = nw ? meets(qw, j->pw, tw[0], j->dw, j->sw) : 0;
                s.at = own + (size_t)(((h0 + top) * j->pad_w + w0 + left) * j->o) * j->es;
                bool joined = nw > 1 && j->groups == 1; /* taps of a row lie side by side when each moves one output */
                for (int64_t k = 1; k < nw && joined; k++) joined = meets(qw, j->pw, tw[k], j->dw, j->sw) == w0 + k;
                if (joined) s.len = nw * og;
                for (int64_t a = 0; a < nh; a++)
                    for (int64_t k = 0; k < (joined ? 1 : nw); k++)
                        run[s.runs++] = (meets(qh, j->ph, th[a], j->dh, j->sh) - h0) * line +
                                        (meets(qw, j->pw, tw[k], j->dw, j->sw) - w0) * j->o;
                run_sweep(j, &s);
            }
    ds_epilogue(j->call, image * j->h * j->w, (image + 1) * j->h * j->w, j->h * j->w, own + j->image_bytes);
}

void ds_cpu_conv_input(const ds_call *call)
{
    job j;
    plan_input(&j, call, ds_pool_threads(call->pool));
    j.packed = call->scratch;
    char *to = j.packed;
    int64_t *th, *tw;
    own_area(&j, 0, &th);
    tw = th + j.kh;
    for (int64_t g = 0; g < j.groups; g++)
        for (int64_t qh = 0; qh < j.sh; qh++)
            for (int64_t qw = 0; qw < j.sw; qw++) {
                int64_t nh = taps(qh, j.ph, j.kh, j.dh, j.sh, th), nw = taps(qw, j.pw, j.kw, j.dw, j.sw, tw);
                to = pack_class(&j, g, th, nh, tw, nw, to);
            }
    ds_pool_run(call->pool, j.n, input_task, &j);
    ds_epilogue_end(call, j.h * j.w);
}

/* ---- adjoint in the weights -------------------------------------------------------------------------------------- */

static void plan_weight(job *j, const ds_call *call, int threads)
{
    describe(j, call, call->in[0].shape, call->out.shape, call->in[1].shape);
    (void)threads;
    j->pad_h = j->h + 2 * j->ph;
    j->pad_w = j->w + 2 * j->pw;
    j->image_bytes = j->ph || j->pw ? ds_align64((size_t)(j->pad_h * j->pad_w * j->c) * j->es) + 256 : 0;
    j->worker_bytes = j->image_bytes;
    j->strips = ds_ceil_div(j->n, IMAGE_LEAF); /* leaves */
    j->shared_bytes =
        (size_t)(j->strips > 0 ? j->strips : 1) * ds_align64((size_t)ds_shape_count(call->out.shape) * j->es) + 256;
}

size_t ds_scratch_conv_weight(const ds_call *call, int threads)
{
    job j;
    plan_weight(&j, call, threads);
    return j.shared_bytes + j.worker_bytes * (size_t)threads;
}

/* One image's share of rows [a] of dw, chained on. */
static void weight_rows(const job *j, const char *at, const char *dy, int64_t a, bool first, char *dw)
{
    enum { RUNS = 1024 };
    int64_t cg = j->c / j->groups, og = j->o / j->groups, line = j->pad_w * j->c, run[RUNS];
    bool joined = j->dw == 1 && j->groups == 1;
    ds_micro_call t = { .down = j->sw * j->c, .stepped = true, .len = j->ow, .run = run, .ldb = j->o, .ldc = j->o };
    for (int64_t b = 0; b < (joined ? 1 : j->kw); b++)
        for (int64_t g = 0; g < j->groups; g++) {
            int64_t rows = joined ? j->kw * j->c : cg;
            const char *from = at + (size_t)(a * j->dh * line + b * j->dw * j->c + g * cg) * j->es;
            for (int64_t h0 = 0; h0 < j->oh; h0 += RUNS) { /* output rows beyond RUNS go in another chain step */
                t.runs = j->oh - h0 < RUNS ? j->oh - h0 : RUNS;
                for (int64_t r = 0; r < t.runs; r++) run[r] = (h0 + r) * j->sh * line;
                t.first = first && h0 == 0;
                for (int64_t col = 0; col < og; col += j->p->nr) {
                    t.n = (int)(og - col < j->p->nr ? og - col : j->p->nr);
                    t.b = dy + (size_t)(h0 * j->ow * j->o + g * og + col) * j->es;
                    const int64_t mr = ds_tile_rows(j->p, rows, t.n);
                    for (int64_t i = 0; i < rows; i += mr) {
                        t.m = (int)(rows - i < mr ? rows - i : mr);
                        t.a = from + (size_t)i * j->es;
                        t.c = dw + (size_t)(((a * j->kw + b) * cg + i) * j->o + g * og + col) * j->es;
                        j->p->micro(&t);
                    }
                }
            }
        }
}

static void weight_task(void *arg, int64_t leaf, int worker)
{
    const job *j = arg;
    int64_t count = ds_shape_count(j->call->out.shape),
            last = (leaf + 1) * IMAGE_LEAF < j->n ? (leaf + 1) * IMAGE_LEAF : j->n;
    char *own = j->packed + j->shared_bytes + (size_t)worker * j->worker_bytes;
    char *dw = j->packed + (size_t)leaf * ds_align64((size_t)count * j->es);
    if (j->oh * j->ow == 0) memset(dw, 0, (size_t)count * j->es);
    for (int64_t image = leaf * IMAGE_LEAF; image < last && j->oh * j->ow > 0; image++) {
        const char *x = (const char *)j->call->in[0].data + (size_t)(image * j->h * j->w * j->c) * j->es;
        const char *dy = (const char *)j->call->in[1].data + (size_t)(image * j->oh * j->ow * j->o) * j->es;
        if (j->image_bytes) {
            border(j, x, j->h, j->w, j->c, 0, j->pad_h, j->ph, j->pw, j->pad_w, own);
            x = own;
        }
        for (int64_t a = 0; a < j->kh; a++) weight_rows(j, x, dy, a, image == leaf * IMAGE_LEAF, dw);
    }
}

void ds_cpu_conv_weight(const ds_call *call)
{
    job j;
    plan_weight(&j, call, ds_pool_threads(call->pool));
    j.packed = call->scratch;
    int64_t count = ds_shape_count(call->out.shape);
    if (j.strips == 0) {
        memset(call->out.data, 0, (size_t)count * j.es);
        return;
    }
    ds_pool_run(call->pool, j.strips, weight_task, &j);
    ds_tree_join(j.vec, call->out.dtype, j.strips, count, j.packed, (int64_t)(ds_align64((size_t)count * j.es) / j.es));
    memcpy(call->out.data, j.packed, (size_t)count * j.es);
}
