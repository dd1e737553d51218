/* parts.h - the parts of training, one a file. */
#ifndef DS_TRAIN_PARTS_H
#define DS_TRAIN_PARTS_H

#include "train/loop.h"

extern const ds_loop_part ds_averaging_part, ds_best_part, ds_stopping_part, ds_caution_part, ds_listening_part,
    ds_curve_part;

/* What the settings ask and the session cannot give: DS_ECONFIG. */
ds_status ds_stop_check(const ds_session *s);
ds_status ds_schedule_watch_check(const ds_session *s);
/* Settings of an average over n elements. */
ds_average_settings ds_session_average(const ds_session *s, int64_t n);

#endif
