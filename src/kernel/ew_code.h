/* ew_code.h - codes of the elementwise instructions, in the order of elementwise.def. */
#ifndef DS_KERNEL_EW_CODE_H
#define DS_KERNEL_EW_CODE_H

typedef enum ds_ew_code {
#define EW(name, operands) DS_EW_##name,
#include "kernel/elementwise.def"
#undef EW
    DS_EW_CODES
} ds_ew_code;

#endif
