/* eigen.h - eigenvalues and eigenvectors of a small symmetric matrix, the same bits everywhere. */
#ifndef DS_KERNEL_EIGEN_H
#define DS_KERNEL_EIGEN_H

#include <stdbool.h>
#include <stdint.h>

/* a [n, n], symmetric (both halves are filled in): afterwards row k is the eigenvector of value[k], of length 1 and with
 * its largest entry positive; values fall. work: 3 n + n^2 numbers. false: a is not finite. */
bool ds_symmetric_eigen(int64_t n, double *a, double *value, double *work);

#endif
