/* parts.h - the parts of training, one a file. */
#ifndef DS_TRAIN_PARTS_H
#define DS_TRAIN_PARTS_H

#include "train/loop.h"

extern const ds_loop_part ds_best_part;

#endif
