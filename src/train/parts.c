/* parts.c - the parts of training in the order in which they see a step and an epoch. */
#include "train/parts.h"

const ds_loop_part *const ds_loop_parts[] = {
    &ds_averaging_part, /* before those that watch its numbers */
    &ds_best_part,      &ds_stopping_part, &ds_listening_part,
    &ds_curve_part,     &ds_caution_part, /* after all whose memory it copies */
};
const int ds_loop_part_count = (int)(sizeof ds_loop_parts / sizeof ds_loop_parts[0]);
_Static_assert(sizeof ds_loop_parts / sizeof ds_loop_parts[0] <= DS_LOOP_PARTS, "a part has no place in the loop");
