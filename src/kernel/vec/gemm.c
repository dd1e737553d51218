/* gemm.c - the micro-kernel (product.h): accumulators of m rows by nv vectors stay in registers through all of k. */
#include "kernel/product.h"

#define DS_REAL 32
#include "kernel/simd.h"
#include "kernel/vec/gemm.inc"
#undef DS_REAL
#define DS_REAL 64
#include "kernel/simd.h"
#include "kernel/vec/gemm.inc"
