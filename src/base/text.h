/* text.h - a string that grows. After a failed allocation it stays as it was and says so at the end (sticky). */
#ifndef DS_BASE_TEXT_H
#define DS_BASE_TEXT_H

#include <stdarg.h>

#include "descent/base.h"

/* {0} is an empty text. */
typedef struct ds_text {
    char *data; /* owned, free(); NULL while empty */
    size_t bytes, capacity;
    bool failed;
} ds_text;

void ds_text_put(ds_text *t, const char *data, size_t bytes);
void ds_text_add(ds_text *t, const char *fmt, ...) DS_PRINTF(2, 3);
void ds_text_add_v(ds_text *t, const char *fmt, va_list args);
void ds_text_repeat(ds_text *t, char c, int count);
/* The finished string, owned by the caller ("" when nothing was added); NULL when memory ran out. t is empty again. */
char *ds_text_take(ds_text *t);
void ds_text_free(ds_text *t);

/* x with the fewest digits that read back as the same double; returns buf (at least 32 bytes). */
char *ds_number_text(double x, char *buf, size_t bytes);

#endif
