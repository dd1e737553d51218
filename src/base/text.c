/* text.c - a string that grows. */
#include "base/text.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Room for `more` bytes and a 0 after them. */
static bool reserve(ds_text *t, size_t more)
{
    if (t->failed || more > SIZE_MAX / 4 - t->bytes) t->failed = true;
    if (t->failed || t->bytes + more < t->capacity) return !t->failed;
    size_t capacity = 2 * (t->bytes + more) + 64;
    char *data = realloc(t->data, capacity);
    if (!data) {
        t->failed = true;
        return false;
    }
    t->data = data;
    t->capacity = capacity;
    return true;
}

void ds_text_put(ds_text *t, const char *data, size_t bytes)
{
    if (!reserve(t, bytes)) return;
    if (bytes) memcpy(t->data + t->bytes, data, bytes);
    t->bytes += bytes;
    t->data[t->bytes] = 0;
}

void ds_text_add_v(ds_text *t, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int bytes = vsnprintf(NULL, 0, fmt, args);
    if (bytes < 0)
        t->failed = true;
    else if (reserve(t, (size_t)bytes)) {
        vsnprintf(t->data + t->bytes, (size_t)bytes + 1, fmt, again);
        t->bytes += (size_t)bytes;
    }
    va_end(again);
}

void ds_text_add(ds_text *t, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    ds_text_add_v(t, fmt, args);
    va_end(args);
}

void ds_text_repeat(ds_text *t, char c, int count)
{
    for (int i = 0; i < count; i++) ds_text_put(t, &c, 1);
}

char *ds_text_take(ds_text *t)
{
    ds_text_put(t, "", 0);
    char *data = t->failed ? NULL : t->data;
    if (!data) free(t->data);
    *t = (ds_text){ 0 };
    return data;
}

void ds_text_free(ds_text *t)
{
    free(t->data);
    *t = (ds_text){ 0 };
}

char *ds_number_text(double x, char *buf, size_t bytes)
{
    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buf, bytes, "%.*g", digits, x);
        if (strtod(buf, NULL) == x) break;
    }
    /* 10 rather than 1e+01: all digits of whole numbers that are exact. */
    if (strchr(buf, 'e') && x == rint(x) && fabs(x) < 1e15) snprintf(buf, bytes, "%.0f", x);
    const char *point = localeconv()->decimal_point;
    char *comma = strstr(buf, point);
    if (comma && strlen(point) == 1) *comma = '.';
    return buf;
}
