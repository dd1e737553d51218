/* clip.c - clipping of gradients: a bound on the step where the objective is a cliff.
 *
 *   norm      g <- g c / max(|g|, c)         |g| over all parameters together, so the direction stays
 *   value     g_i <- min(max(g_i, -c), c)    each element by itself, so the direction turns
 *   adaptive  g_i <- g_i b / max(|g_i|, b),  b = c max(|w_i|, eps), for each unit i: the weights of one output, or a
 *             whole vector of biases, gains or shifts
 *
 * What lies within the bound keeps its bits; a norm beyond it becomes c to rounding, since nothing is added to |g|.
 * Norms and factors are f64, in the order of memory, each element is rounded once.
 *
 * Source: Goodfellow et al. 8.2.4, 10.11.1, eq. 10.48 and 10.49 (Pascanu et al. 2013); adaptive: Brock et al. 2021,
 * eq. 3, with bounds for vectors as in their own code. */
#include <math.h>
#include <string.h>

#include "base/ctx.h"
#include "descent/optim.h"
#include "space/space.h"
#include "space/vector.h"

enum { UNITS = 64 }; /* at a time */

static double get(ds_dtype t, const void *x, int64_t i)
{
    return t == DS_F64 ? ((const double *)x)[i] : (double)((const float *)x)[i];
}

static void multiply(ds_dtype t, void *x, int64_t i, double a)
{
    if (t == DS_F64)
        ((double *)x)[i] *= a;
    else
        ((float *)x)[i] = (float)((double)((float *)x)[i] * a);
}

static void scale(ds_dtype t, void *x, int64_t n, double a)
{
    double *x64 = x;
    float *x32 = x;
    for (int64_t i = 0; i < n && t == DS_F64; i++) x64[i] *= a;
    for (int64_t i = 0; i < n && t == DS_F32; i++) x32[i] = (float)((double)x32[i] * a);
}

/* A sum of squares beyond f64 says nothing about the norm: a power of two brings it back, exactly. */
static bool clip_norm(double c, ds_dtype t, int64_t n, void *g)
{
    double norm = ds_vector_norm(t, g, n);
    bool huge = isinf(norm);
    if (huge) {
        scale(t, g, n, 0x1p-600);
        norm = ds_vector_norm(t, g, n);
    }
    if (!huge && norm <= c) return false;
    scale(t, g, n, c / norm);
    return true;
}

static bool clip_value(double c, ds_dtype t, int64_t n, void *g)
{
    double *g64 = g;
    float *g32 = g, c32 = (float)c;
    bool any = false;
    for (int64_t i = 0; i < n && t == DS_F64; i++) {
        any |= fabs(g64[i]) > c;
        g64[i] = g64[i] > c ? c : g64[i] < -c ? -c : g64[i];
    }
    for (int64_t i = 0; i < n && t == DS_F32; i++) {
        any |= fabsf(g32[i]) > c32;
        g32[i] = g32[i] > c32 ? c32 : g32[i] < -c32 ? -c32 : g32[i];
    }
    return any;
}

/* A segment as memory has it: before x units x after elements; a vector is one unit. */
typedef struct layout {
    int64_t before, units, after;
} layout;

static layout layout_of(const ds_segment *s)
{
    layout y = { 1, 1, 1 };
    bool passed = false;
    if (s->shape.rank < 2) return (layout){ 1, 1, s->count };
    for (int k = 0; k < s->shape.rank; k++) {
        int64_t d = s->shape.dim[s->order[k]];
        if (s->order[k] == 0) {
            y.units = d;
            passed = true;
        } else if (passed) {
            y.after *= d;
        } else {
            y.before *= d;
        }
    }
    return y;
}

/* Units [from, to) of a segment, whose weights are w and gradients g. */
static bool clip_units(const ds_clip *clip, const layout *y, int64_t from, int64_t to, ds_dtype t, const void *w,
                       void *g)
{
    double ww[UNITS] = { 0 }, gg[UNITS] = { 0 }, factor[UNITS];
    bool any = false;
#define EACH(body)                                                                                                     \
    for (int64_t a = 0; a < y->before; a++)                                                                            \
        for (int64_t u = from; u < to; u++)                                                                            \
            for (int64_t b = 0; b < y->after; b++) {                                                                   \
                int64_t i = (a * y->units + u) * y->after + b, k = u - from;                                           \
                body;                                                                                                  \
            }
    EACH(double wi = get(t, w, i); double gi = get(t, g, i); ww[k] += wi * wi; gg[k] += gi * gi)
    for (int64_t k = 0; k < to - from; k++) {
        double size = sqrt(ww[k]), norm = sqrt(gg[k]), bound = clip->c * (size > clip->eps ? size : clip->eps);
        factor[k] = norm > bound ? bound / norm : 1;
        any = any || norm > bound;
    }
    if (any) EACH(multiply(t, g, i, factor[k]))
#undef EACH
    return any;
}

static bool clip_adaptive(const ds_clip *clip, const ds_space *space, ds_dtype t, const void *theta, void *g)
{
    bool any = false;
    for (int i = 0; i < ds_space_count(space); i++) {
        const ds_segment *s = ds_space_segment(space, i);
        size_t at = (size_t)s->offset * ds_dtype_bytes(t);
        layout y = layout_of(s);
        for (int64_t u = 0; u < y.units; u += UNITS)
            any |= clip_units(clip, &y, u, u + UNITS < y.units ? u + UNITS : y.units, t, (const char *)theta + at,
                              (char *)g + at);
    }
    return any;
}

ds_status ds_clip_check(ds_ctx *ctx, const ds_clip *clip)
{
    if (clip->kind == DS_CLIP_NONE) return DS_OK;
    if (!(clip->c > 0 && isfinite(clip->c)))
        return ds_fail(ctx, DS_ERANGE, "clip: found the bound %g, wanted a number above 0", clip->c);
    if (clip->kind == DS_CLIP_ADAPTIVE && !(clip->eps > 0 && isfinite(clip->eps)))
        return ds_fail(ctx, DS_ERANGE,
                       "clip: found eps %g, wanted a number above 0: weights that are 0 could never move", clip->eps);
    return DS_OK;
}

bool ds_clip_gradient(const ds_clip *clip, const ds_space *space, ds_dtype t, int64_t n, const void *theta,
                      void *gradient)
{
    switch (clip->kind) {
    case DS_CLIP_NORM: return clip_norm(clip->c, t, n, gradient);
    case DS_CLIP_VALUE: return clip_value(clip->c, t, n, gradient);
    case DS_CLIP_ADAPTIVE: return clip_adaptive(clip, space, t, theta, gradient);
    default: return false;
    }
}
