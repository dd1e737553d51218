/* norms.c - norms of the tensors of a vector, as vectors: what rules with a rate for each tensor are built of. */
#include <stdlib.h>

#include "graph/graph.h"
#include "optim/rule.h"

static ds_val constant(ds_rule_build *b, int64_t n, double x)
{
    return ds_fill(b->g, ds_val_dtype(b->g, b->theta), DS_SHAPE(n), x);
}

/* For each segment its part of a vector, zeros in the gaps between and behind. */
static ds_val join(ds_rule_build *b, ds_val x, ds_val (*part)(ds_rule_build *b, const ds_segment *s, ds_val x))
{
    int segments = ds_space_count(b->space), n = 0;
    int64_t at = 0, end = ds_space_dim(b->space);
    ds_val *parts = malloc((2 * (size_t)segments + 1) * sizeof *parts);
    if (!parts) return ds_graph_fail(b->g, DS_EMEM, "no memory for %d parts of a vector", segments);
    for (int i = 0; i < segments; i++) {
        const ds_segment *s = ds_space_segment(b->space, i);
        if (s->offset > at) parts[n++] = constant(b, s->offset - at, 0);
        parts[n++] = part(b, s, x);
        at = s->offset + s->count;
    }
    if (at < end) parts[n++] = constant(b, end - at, 0);
    ds_val joined = ds_concat(b->g, n, parts, 0);
    free(parts);
    return joined;
}

static ds_val squares(ds_rule_build *b, const ds_segment *s, ds_val x)
{
    ds_val sum = ds_sum_all(b->g, ds_square(b->g, ds_slice(b->g, x, 0, s->offset, s->offset + s->count)));
    return ds_broadcast(b->g, sum, DS_SHAPE(s->count));
}

static ds_val mean(ds_rule_build *b, const ds_segment *s, ds_val x)
{
    ds_val sum = ds_sum_all(b->g, ds_slice(b->g, x, 0, s->offset, s->offset + s->count));
    return ds_broadcast(b->g, ds_scale(b->g, sum, 1 / (double)s->count), DS_SHAPE(s->count));
}

static ds_val is_matrix(ds_rule_build *b, const ds_segment *s, ds_val x)
{
    (void)x;
    return constant(b, s->count, s->shape.rank > 1);
}

ds_val ds_rule_norms(ds_rule_build *b, ds_val x)
{
    ds_graph *g = b->g;
    if (b->space) return ds_sqrt(g, join(b, x, squares));
    return ds_broadcast(g, ds_sqrt(g, ds_sum_all(g, ds_square(g, x))), ds_val_shape(g, x));
}

ds_val ds_rule_means(ds_rule_build *b, ds_val x)
{
    ds_shape n = ds_val_shape(b->g, x);
    if (b->space) return join(b, x, mean);
    return ds_broadcast(b->g, ds_scale(b->g, ds_sum_all(b->g, x), 1 / (double)ds_shape_count(n)), n);
}

ds_val ds_rule_matrices(ds_rule_build *b)
{
    return b->space ? join(b, b->theta, is_matrix) : constant(b, ds_val_shape(b->g, b->theta).dim[0], 1);
}

ds_val ds_rule_norm_ratio(ds_rule_build *b, ds_val a, ds_val c)
{
    ds_graph *g = b->g;
    ds_val zero = constant(b, ds_val_shape(g, a).dim[0], 0), one = ds_shift(g, zero, 1);
    ds_val both = ds_mul(g, ds_greater(g, a, zero), ds_greater(g, c, zero));
    return ds_where(g, ds_mul(g, both, ds_rule_matrices(b)), ds_div(g, a, ds_rule_least(b, c, 1e-30)), one);
}
