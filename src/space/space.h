/* space.h - inside view of a parameter vector's layout, and how it is built: add segments, then use. */
#ifndef DS_SPACE_SPACE_H
#define DS_SPACE_SPACE_H

#include "base/arena.h"
#include "base/ctx.h"
#include "descent/space.h"

struct ds_space {
    ds_arena names;
    ds_segment *segment;
    int count, capacity;
    int64_t dim, elements;
};

/* Append a segment: offset and count are set here, the name is copied. DS_EUSAGE for a name that is taken, DS_EMEM. */
ds_status ds_space_add(ds_space *s, ds_ctx *ctx, const ds_segment *segment);
/* Lay the segments out anew: by rank, [count], and where ranks are equal in their order. */
void ds_space_arrange(ds_space *s, const int *rank);
/* Shape of segment i as it lies in memory. */
ds_shape ds_space_shape(const ds_space *s, int i);
void ds_space_clear(ds_space *s);

#endif
