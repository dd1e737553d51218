/* needs.c - what a step needs beside the gradient: asked for one thing after another, kept until the step.
 *
 * Groups that need the same are given the same vector. Directions of products are +1 or -1 by the draws of (seed, step,
 * element), and 0 where no group asks: u (H u) is then an unbiased estimate of the diagonal with no part from the rest.
 * The other point is where theta was before the latest step, or the ascent of sam, whose gradient takes the place of the
 * given one.
 *
 * Source: Hutchinson 1990 (directions); Foret et al. 2021 (sam), Kwon et al. 2021, eq. 4 (adaptive). */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/random.h"
#include "optim/groups.h"
#include "space/vector.h"

int ds_need_index(unsigned need)
{
    int k = 0;
    while (k < DS_NEED_KINDS - 1 && need != 1u << k) k++;
    return k;
}

const char *ds_needs_text(unsigned needs, char *text, size_t bytes)
{
    static const char *const name[DS_NEED_KINDS] = { "the loss", "a gradient on labels drawn from the model",
                                                     "Hessian products", "a second gradient on the same batch" };
    size_t n = 0;
    *text = 0;
    for (int k = 0; k < DS_NEED_KINDS; k++)
        if (needs & 1u << k && n < bytes) n += (size_t)snprintf(text + n, bytes - n, "%s%s", n ? " and " : "", name[k]);
    return text;
}

/* ---- what is needed ---------------------------------------------------------------------------------------------- */

static unsigned needs_of_step(const ds_optim *o, int64_t t)
{
    unsigned needs = o->sam.on ? DS_NEED_GRADIENT : 0;
    for (int k = 0; k < o->groups; k++) needs |= ds_stretch_needs(o->group[k].at, t);
    return needs;
}

unsigned ds_optim_needs(const ds_optim *o) { return o->needs.any; }

static ds_status check_sam(ds_ctx *ctx, const ds_optim_settings *s, unsigned needs)
{
    char text[160];
    if (!s->sam.on) return DS_OK;
    if (!(s->sam.rho >= 0 && isfinite(s->sam.rho)))
        return ds_fail(ctx, DS_ERANGE, "sam: found rho %g, wanted a number of 0 or more", s->sam.rho);
    if (!needs) return DS_OK;
    ds_fail(ctx, DS_ECONFIG, "sam goes with rules that need the gradient alone, and the optimizer needs %s; remove sam",
            ds_needs_text(needs, text, sizeof text));
    ds_fail_key(ctx, "optimizer.sam");
    return DS_ECONFIG;
}

ds_status ds_optim_needs_of(ds_ctx *ctx, const ds_optim_settings *s, const ds_space *space, unsigned *needs)
{
    ds_routes r;
    *needs = 0;
    DS_TRY(ds_routes_make(&r, ctx, s, space));
    for (int k = 0; k < r.count; k++) {
        const ds_rule_options o = { &r.route[k].rule, s->dialect && !strcmp(s->dialect, "book") };
        const ds_rule_def *def = o.part->head ? ds_rule_of(o.part->head) : NULL;
        if (def && def->needs) *needs |= def->needs(&o, 0);
    }
    ds_routes_free(&r);
    ds_status status = check_sam(ctx, s, *needs);
    if (s->sam.on) *needs |= DS_NEED_GRADIENT;
    return status;
}

static ds_status vector_alloc(ds_optim *o, void **out)
{
    size_t bytes = (size_t)o->n * o->element;
    *out = ds_buffer_alloc(bytes);
    if (!*out) return ds_fail_memory(o->ctx, bytes, "what a rule needs beside the gradient");
    memset(*out, 0, bytes);
    return DS_OK;
}

ds_status ds_needs_open(ds_optim *o)
{
    ds_needs *k = &o->needs;
    k->any = needs_of_step(o, 0);
    for (int i = 0; i < DS_NEED_KINDS; i++) {
        unsigned need = 1u << i;
        if (!(k->any & need) || need == DS_NEED_LOSS || (need == DS_NEED_GRADIENT && o->sam.on)) continue;
        DS_TRY(vector_alloc(o, &k->vector[i]));
    }
    if (k->any & DS_NEED_PRODUCT) DS_TRY(vector_alloc(o, &k->v));
    return k->any & DS_NEED_GRADIENT ? vector_alloc(o, &k->at) : DS_OK;
}

void ds_needs_close(ds_needs *k)
{
    for (int i = 0; i < DS_NEED_KINDS; i++) ds_buffer_free(k->vector[i]);
    ds_buffer_free(k->v);
    ds_buffer_free(k->at);
}

size_t ds_needs_bytes(const ds_optim *o)
{
    const ds_needs *k = &o->needs;
    size_t vectors = (size_t)(k->v != NULL) + (size_t)(k->at != NULL);
    for (int i = 0; i < DS_NEED_KINDS; i++) vectors += (size_t)(k->vector[i] != NULL);
    return vectors * (size_t)o->n * o->element;
}

ds_status ds_needs_check(const ds_optim *o)
{
    char text[160];
    unsigned lacks = o->needs.any ? needs_of_step(o, o->t + 1) & ~o->needs.told : 0;
    if (!lacks) return DS_OK;
    return ds_fail(o->ctx, DS_EUSAGE, "step %lld needs %s; ds_optim_ask before ds_optim_step", (long long)o->t + 1,
                   ds_needs_text(lacks, text, sizeof text));
}

ds_given ds_needs_given(const ds_optim *o, const ds_stretch_group *g)
{
    ds_given given = { .loss = o->needs.loss, .rows = o->needs.rows };
    for (int i = 0; i < DS_NEED_KINDS; i++)
        if (o->needs.vector[i]) given.vector[i] = (const char *)o->needs.vector[i] + ds_group_offset(o, g);
    return given;
}

void ds_needs_before_step(ds_optim *o, const void *theta)
{
    if (o->needs.at && !o->sam.on) memcpy(o->needs.at, theta, (size_t)o->n * o->element);
}

void ds_needs_remember(ds_optim *o, ds_state *st)
{
    if (o->needs.at && !o->sam.on) ds_state_vector(st, "optim", "before", o->dtype, o->n, o->needs.at);
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static void put(const ds_optim *o, void *x, int64_t i, double value)
{
    if (o->dtype == DS_F32)
        ((float *)x)[i] = (float)value;
    else
        ((double *)x)[i] = value;
}

static double get(const ds_optim *o, const void *x, int64_t i)
{
    return o->dtype == DS_F32 ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

/* A block of draws has the signs of 128 elements. */
static void draw_signs(ds_optim *o)
{
    ds_draw4 d = { 0 };
    for (int k = 0; k < o->groups; k++) {
        const ds_stretch_group *g = &o->group[k];
        bool asks = ds_stretch_needs(g->at, o->t + 1) & DS_NEED_PRODUCT;
        for (int64_t j = 0; j < g->n; j++) {
            int64_t i = g->from + j, bit = i % 128;
            if (j == 0 || bit == 0) d = ds_draw(o->seed, DS_FOR_RULE, (uint32_t)(o->t + 1), 0, (uint64_t)(i / 128));
            put(o, o->needs.v, i, !asks ? 0 : d.u[bit / 32] >> (bit % 32) & 1 ? 1 : -1);
        }
    }
}

/* x is theta, or 1 where norms are plain: rho x^2 g / |x g|. A zero gradient leaves the point where it is. */
static void ascend(ds_optim *o, const void *point, const void *gradient)
{
    double sum = 0;
    bool adaptive = o->sam.adaptive;
    memcpy(o->needs.at, point, (size_t)o->n * o->element);
    for (int k = 0; k < o->groups; k++)
        for (int64_t i = o->group[k].from; i < o->group[k].from + o->group[k].n; i++) {
            double g = get(o, gradient, i) * (adaptive ? get(o, point, i) : 1);
            sum += g * g;
        }
    if (!(sum > 0)) return;
    double length = o->sam.rho / sqrt(sum);
    for (int k = 0; k < o->groups; k++)
        for (int64_t i = o->group[k].from; i < o->group[k].from + o->group[k].n; i++) {
            double x = get(o, point, i), g = get(o, gradient, i) * (adaptive ? x * x : 1);
            put(o, o->needs.at, i, x + length * g);
        }
}

/* A product with signs becomes the estimate of the diagonal. */
static void hear(ds_optim *o, const ds_need *q)
{
    ds_needs *k = &o->needs;
    for (int64_t i = 0; q->what == DS_NEED_PRODUCT && i < o->n; i++)
        put(o, q->out, i, get(o, q->out, i) * get(o, k->v, i));
    if (q->what == DS_NEED_LOSS) k->loss = q->number;
    if (q->what == DS_NEED_SAMPLED) k->rows = q->number;
    k->told |= q->what;
}

ds_status ds_optim_ask(ds_optim *o, const void *point, void *gradient, ds_need *q)
{
    ds_needs *k = &o->needs;
    if (q->what)
        hear(o, q);
    else
        k->told = 0;
    unsigned open = k->any ? needs_of_step(o, o->t + 1) & ~k->told : 0;
    *q = (ds_need){ .what = open & (~open + 1), .at = point };
    if (!q->what) return DS_OK;
    q->out = k->vector[ds_need_index(q->what)];
    if (q->what == DS_NEED_PRODUCT) {
        draw_signs(o);
        q->v = k->v;
    } else if (q->what == DS_NEED_GRADIENT) {
        if (o->sam.on) ascend(o, point, gradient);
        if (o->sam.on) q->out = gradient;
        q->at = k->at;
    }
    return DS_OK;
}
