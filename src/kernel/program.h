/* program.h - fused elementwise programs: what the graph plans and the kernels run.
 * A program is a straight line of elementwise instructions over a rectangle [rows, cols] (outer dims, if any, are
 * looped around it). Registers are tiles in the L1 cache. Fused and unfused results are equal bit for bit because each
 * instruction is the same function of the same operands.
 * A store may lie exactly over a load (same address, same strides: updates in place): the result must be as if all
 * loads of a tile came before all its stores. No other overlap occurs. Shapes: a plain "elementwise" call (call->post
 * is the program, out its first store) has rank 1..5, dims collapsed. An epilogue (post of another kernel) has rank 2:
 * [rows, last dim of out]. A prologue (pre of a reduction) has rank 2: [R, C], cut where the reduced axes begin
 * (trailing reduction: C reduced) or end (leading reduction: R reduced); reducing everything is R = 1.
 * Sums go with epilogues alone: of a value over all rows, one number for each column. */
#ifndef DS_KERNEL_PROGRAM_H
#define DS_KERNEL_PROGRAM_H

#include "descent/base.h"

#define DS_EW_MAX_OPERANDS 16
#define DS_EW_MAX_INSTRS   48
#define DS_EW_MAX_DIMS     5
#define DS_EW_MAX_SUMS     4

typedef struct ds_ew_operand {
    void *data;                     /* patched when buffers are bound */
    int64_t stride[DS_EW_MAX_DIMS]; /* in elements, per program dim; 0 broadcasts */
    ds_dtype dtype;
} ds_ew_operand;

typedef struct ds_ew_instr {
    uint16_t code;  /* kernel/elementwise.def */
    int16_t dst;    /* register */
    int16_t src[3]; /* >= 0: register; -1-k: load operand k; unused: INT16_MIN */
    double imm[2];  /* constants of the instruction (attr.f) */
} ds_ew_instr;

typedef struct ds_ew_sum {
    void *data;  /* one number for each column */
    int16_t reg; /* what is summed: register (>= 0) or -1-k for load k */
} ds_ew_sum;

typedef struct ds_ew_program {
    ds_dtype dtype; /* of every register: F32 or F64 */
    int rank;       /* 1..DS_EW_MAX_DIMS; the last two dims are the rectangle (rank 1: one row) */
    int64_t dim[DS_EW_MAX_DIMS];
    int nload, nstore, ninstr, nreg, nsum;
    ds_ew_operand load[DS_EW_MAX_OPERANDS];
    ds_ew_operand store[DS_EW_MAX_OPERANDS]; /* full: never broadcast */
    int16_t store_reg[DS_EW_MAX_OPERANDS];   /* register (>= 0) or -1-k for a plain copy of load k */
    ds_ew_instr instr[DS_EW_MAX_INSTRS];
    ds_ew_sum sum[DS_EW_MAX_SUMS];
} ds_ew_program;

#endif
