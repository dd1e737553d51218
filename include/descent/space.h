/* descent/space.h - the flat parameter vector: named segments in one block of memory.
 *
 * A vector of a space is dim elements of one dtype; every segment starts at a multiple of 16 elements and the gaps are
 * zero. Inside, a weight lies as the kernels want it ([in, out], [kh, kw, in/groups, out]); in files and for readers it
 * has the shape PyTorch stores ([out, in], [out, in/groups, kh, kw]): export and import go between the two. */
#ifndef DESCENT_SPACE_H
#define DESCENT_SPACE_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ds_space ds_space;

typedef enum ds_role { DS_WEIGHT, DS_BIAS, DS_GAIN, DS_SHIFT, DS_MEAN, DS_VARIANCE } ds_role;

typedef struct ds_segment {
    const char *name; /* "1.weight", "0.norm.bias", "4.0.weight" */
    ds_role role;
    ds_shape shape;          /* as in files */
    int order[4];            /* axis k of memory is axis order[k] of the file's shape */
    int64_t offset, count;   /* in the flat vector, in elements */
    int64_t fan_in, fan_out; /* of a weight: inputs of a unit, outputs of an input (times the kernel's area) */
    int layer;               /* row of the summary it belongs to */
} ds_segment;

DS_API int ds_space_count(const ds_space *s); /* segments */
DS_API const ds_segment *ds_space_segment(const ds_space *s, int i);
DS_API int ds_space_find(const ds_space *s, const char *name); /* -1: no such segment */
DS_API int64_t ds_space_dim(const ds_space *s);                /* length of a vector, gaps included */
DS_API int64_t ds_space_elements(const ds_space *s);           /* without the gaps */
/* Copy segment i of vector v (of dtype t) to memory in file layout, element type as; or back. */
DS_API void ds_space_export(const ds_space *s, int i, ds_dtype t, const void *v, ds_dtype as, void *out);
DS_API void ds_space_import(const ds_space *s, int i, ds_dtype t, void *v, ds_dtype as, const void *in);

#ifdef __cplusplus
}
#endif
#endif
