/* conv_weight.c - adjoint of convolution in the weights, by the micro-kernel of products, in place:
 *
 *   w[a, b, c, o] = chain over (image, i, j) of x[i s - p + a d, j s - p + b d, c] y[i, j, o]
 *
 * over the outputs whose tap lies in the image, in leaves of 16 images that are joined by the tree. Channels of one
 * pixel lie side by side: the transposed operand of a product. A leaf goes through its images in strips of rows, and all
 * taps pass over one strip before the next. */
#include <string.h>

#include "backend/cpu/conv.h"

/* A strip stays in the first-level cache, but is no shorter than a chain that outweighs loading and storing its tile. */
enum { IMAGE_LEAF = 16, RUNS = 64, STRIP_BYTES = 20480, CHAIN = 256, JOIN = 8192 };

typedef struct job {
    const ds_call *call;
    const ds_vec *vec;
    const ds_product *p;
    size_t es;
    ds_conv_sizes z;
    int64_t leaves, parts; /* of the kernel's rows, where leaves are few */
    int64_t strip;         /* output rows at a time */
    int64_t count, stride; /* elements of w, and from leaf to leaf */
} job;

static void describe(job *j, const ds_call *call, int threads)
{
    *j = (job){ .call = call, .vec = call->vec, .es = ds_dtype_bytes(call->out.dtype), .parts = 1 };
    j->p = call->out.dtype == DS_F32 ? j->vec->f32 : j->vec->f64;
    j->z = ds_conv_sizes_of(call, call->in[0].shape, call->out.shape, call->in[1].shape);
    j->leaves = j->z.n > 0 ? ds_ceil_div(j->z.n, IMAGE_LEAF) : 1;
    if (threads > 1 && j->leaves < 2 * threads && j->z.n * j->z.out[0] > 0 && j->z.k[0] > 1) j->parts = j->z.k[0];
    int64_t row = (j->z.in[1] * j->z.c * j->z.stride[0] + j->z.out[1] * j->z.o) * (int64_t)j->es;
    j->strip = row > 0 && STRIP_BYTES / row > 1 ? STRIP_BYTES / row : 1;
    if (j->strip * j->z.out[1] < CHAIN && j->z.out[1] > 0) j->strip = ds_ceil_div(CHAIN, j->z.out[1]);
    if (j->strip > RUNS) j->strip = RUNS;
    j->count = ds_shape_count(call->out.shape);
    j->stride = (int64_t)(ds_align64((size_t)j->count * j->es) / j->es);
}

size_t ds_scratch_conv_weight(const ds_call *call, int threads)
{
    job j;
    describe(&j, call, threads);
    return (size_t)(j.leaves * j.stride) * j.es + 64; /* panels of B are read in whole vectors */
}

/* Outputs [*from, *to) of axis d whose tap at k lies in the image. */
static void meets(const ds_conv_sizes *z, int d, int64_t k, int64_t *from, int64_t *to)
{
    int64_t at = z->pad[d] - k * z->dilation[d], last = z->in[d] + at; /* i s >= at, i s < last */
    *from = at > 0 ? ds_ceil_div(at, z->stride[d]) : 0;
    *to = last > 0 ? ds_ceil_div(last, z->stride[d]) : 0;
    if (*to > z->out[d]) *to = z->out[d];
    if (*from > *to) *from = *to;
}

/* Output rows [r0, r1), counted through all images, chained on to tap (a, b). */
static void add_tap(const job *j, int64_t a, int64_t b, int64_t r0, int64_t r1, bool first, char *dw, ds_ahead *ahead)
{
    const ds_conv_sizes *z = &j->z;
    int64_t cg = z->c / z->groups, og = z->o / z->groups, run[RUNS], row[RUNS], from, to, w0, w1;
    meets(z, 0, a, &from, &to);
    meets(z, 1, b, &w0, &w1);
    ds_micro_call t = { .down = z->stride[1] * z->c,
                        .stepped = true,
                        .len = w1 - w0,
                        .run = run,
                        .row = row,
                        .ldb = z->o,
                        .ldc = z->o,
                        .first = first };
    for (int64_t r = r0; r < r1; r++) {
        int64_t n = r / z->out[0], h = r % z->out[0], i = h * z->stride[0] - z->pad[0] + a * z->dilation[0];
        if (h < from || h >= to) continue;
        run[t.runs] = ((n * z->in[0] + i) * z->in[1] + w0 * z->stride[1] - z->pad[1] + b * z->dilation[1]) * z->c;
        row[t.runs++] = r * z->out[1] + w0;
    }
    if (!first && (t.runs == 0 || t.len == 0)) return;
    for (int64_t g = 0; g < z->groups; g++)
        for (int64_t col = 0; col < og; col += j->p->nr) {
            t.n = (int)(og - col < j->p->nr ? og - col : j->p->nr);
            t.b = (const char *)j->call->in[1].data + (size_t)(g * og + col) * j->es;
            const int64_t mr = ds_tile_rows(j->p, cg, t.n);
            for (int64_t i = 0; i < cg; i += mr) {
                t.m = (int)(cg - i < mr ? cg - i : mr);
                t.a = (const char *)j->call->in[0].data + (size_t)(g * cg + i) * j->es;
                t.c = dw + (size_t)(((a * z->k[1] + b) * cg + i) * z->o + g * og + col) * j->es;
                ds_ahead_some(ahead, &t);
                j->p->micro(&t);
            }
        }
}

/* What the taps fetch while they pass over a strip: the next, rows [r0, r1). */
static void look_ahead(const job *j, int64_t r0, int64_t r1, int64_t taps, ds_ahead *ahead)
{
    const ds_conv_sizes *z = &j->z;
    const ds_call *call = j->call;
    const size_t x = (size_t)(z->in[1] * z->c) * j->es, y = (size_t)(z->out[1] * z->o) * j->es;
    const int64_t i0 = r0 * z->in[0] / z->out[0], i1 = r1 * z->in[0] / z->out[0], cg = z->c / z->groups,
                  og = z->o / z->groups;
    if (r0 >= r1) return;
    ds_ahead_add(ahead, (const char *)call->in[0].data + (size_t)i0 * x, (size_t)(i1 - i0) * x);
    ds_ahead_add(ahead, (const char *)call->in[1].data + (size_t)r0 * y, (size_t)(r1 - r0) * y);
    ds_ahead_spread(ahead, taps * z->groups * ds_ceil_div(og, j->p->nr) *
                               ds_ceil_div(cg, og <= j->p->vl ? j->p->tall : j->p->mr));
}

static void leaf_task(void *arg, int64_t index, int worker)
{
    (void)worker;
    const job *j = arg;
    const ds_conv_sizes *z = &j->z;
    int64_t leaf = index / j->parts, part = index % j->parts, rows = z->n * z->out[0],
            r0 = leaf * IMAGE_LEAF * z->out[0],
            r1 = r0 + IMAGE_LEAF * z->out[0] < rows ? r0 + IMAGE_LEAF * z->out[0] : rows;
    int64_t a0 = j->parts > 1 ? part : 0, a1 = j->parts > 1 ? part + 1 : z->k[0];
    char *dw = (char *)j->call->scratch + (size_t)(leaf * j->stride) * j->es;
    if (r0 == r1) memset(dw, 0, (size_t)j->count * j->es);
    for (int64_t r = r0, end; r < r1; r = end) {
        ds_ahead ahead = { .n = 0 };
        end = r + j->strip < r1 ? r + j->strip : r1;
        look_ahead(j, end, end + j->strip < r1 ? end + j->strip : r1, (a1 - a0) * z->k[1], &ahead);
        for (int64_t a = a0; a < a1; a++)
            for (int64_t b = 0; b < z->k[1]; b++) add_tap(j, a, b, r, end, r == r0, dw, &ahead);
    }
}

/* The tree over leaves, for a stretch of elements. */
static void join_task(void *arg, int64_t index, int worker)
{
    (void)worker;
    const job *j = arg;
    int64_t from = index * JOIN, n = j->count - from < JOIN ? j->count - from : JOIN;
    char *dw = (char *)j->call->scratch + (size_t)from * j->es;
    ds_tree_join(j->vec, j->call->out.dtype, j->leaves, n, dw, j->stride);
    memcpy((char *)j->call->out.data + (size_t)from * j->es, dw, (size_t)n * j->es);
}

void ds_cpu_conv_weight(const ds_call *call)
{
    job j;
    describe(&j, call, ds_pool_threads(call->pool));
    ds_pool_run(call->pool, j.leaves * j.parts, leaf_task, &j);
    ds_pool_run(call->pool, ds_ceil_div(j.count, JOIN), join_task, &j);
}
