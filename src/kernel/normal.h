/* normal.h - draws by formula from blocks of random words, for code that counts its blocks itself. */
#ifndef DS_KERNEL_NORMAL_H
#define DS_KERNEL_NORMAL_H

#include "descent/random.h"

/* Two independent normal numbers, mean 0 and variance 1, of one block. */
void ds_normal_pair(ds_draw4 d, double z[2]);
/* A number of the Beta(a, b) distribution. a, b > 0, small: about (a + b)! / a! b! tries. */
double ds_rng_beta(ds_rng *r, double a, double b);

#endif
