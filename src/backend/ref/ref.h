/* ref.h - the reference backend: products by the plainest loops, everything else by the scalar kernel table. It defines
 * the meaning. */
#ifndef DS_BACKEND_REF_REF_H
#define DS_BACKEND_REF_REF_H

#include "backend/seam.h"

void ds_ref_matmul(const ds_call *call);
void ds_ref_conv(const ds_call *call);
void ds_ref_conv_input(const ds_call *call);
void ds_ref_conv_weight(const ds_call *call);

#endif
