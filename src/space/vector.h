/* vector.h - a few numbers about flat vectors on the host, and their mean: fixed order, f64 accumulation, the same bits everywhere. */
#ifndef DS_SPACE_VECTOR_H
#define DS_SPACE_VECTOR_H

#include "descent/base.h"

double ds_vector_norm(ds_dtype t, const void *x, int64_t n);
double ds_vector_distance(ds_dtype t, const void *x, const void *y, int64_t n);
/* m += w (x - m), in f64, rounded once. */
void ds_vector_approach(ds_dtype t, void *m, const void *x, double w, int64_t n);
double ds_vector_dot(ds_dtype t, const void *x, const void *y, int64_t n);
bool ds_vector_is_finite(ds_dtype t, const void *x, int64_t n);
int64_t ds_first_nonfinite(ds_dtype t, const void *x, int64_t n); /* index, -1: all finite */

#endif
