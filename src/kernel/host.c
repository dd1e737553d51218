/* host.c - the vector functions with one lane, so that the bits are those of the kernels. */
#include "kernel/host.h"

#define DS_ISA_SCALAR
#define DS_REAL 64
#include "kernel/math_big.h"
#include "kernel/simd.h"
#include "kernel/vec/math.inc"

double ds_host_cos(double x) { return cos_f64(x); }
double ds_host_log(double x) { return log_f64(x); }
double ds_host_exp(double x) { return exp_f64(x); }
