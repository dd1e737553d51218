/* lab_dense.h - dense linear algebra for experiments with few parameters: Hessian, eigenvalues, linear systems. */
#ifndef DS_LAB_DENSE_H
#define DS_LAB_DENSE_H

#include "descent/solve.h"

/* h[n * n] = the Hessian of f at x, by a product with each unit vector; made symmetric. */
ds_status lab_hessian(const ds_function *f, const double *x, double *h);
/* Eigenvalues of a symmetric matrix, ascending, by Jacobi's rotations (Golub and Van Loan, section 8.5); a is used up. */
void lab_eigenvalues(int n, double *a, double *w);
/* Solve a x = b by elimination with row pivots; b becomes x, a is used up. False: singular. */
bool lab_linear(int n, double *a, double *b);

#endif
