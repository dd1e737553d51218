/* digit.h - one drawn digit as a pure function of (seed, set, id, difficulty). */
#ifndef DS_DATA_SOURCE_DIGIT_H
#define DS_DATA_SOURCE_DIGIT_H

#include <stdbool.h>
#include <stdint.h>

enum { DS_DIGIT_SIDE = 28, DS_DIGIT_BYTES = DS_DIGIT_SIDE * DS_DIGIT_SIDE };

/* Control points of the strokes of a shape, in percent of its box, x to the right, y down.
 * x = DS_PEN_UP ends a stroke, x = DS_SHAPE_END the shape. */
enum { DS_PEN_UP = -1, DS_SHAPE_END = -2, DS_DIGIT_SHAPES = 4 };
typedef struct ds_pen {
    int8_t x, y;
} ds_pen;
extern const ds_pen *const ds_digit_shape[10][DS_DIGIT_SHAPES]; /* ways to write each digit; NULL: no more */

typedef struct ds_digit_key {
    uint64_t seed;
    uint32_t set; /* training, test, stream: never share a digit */
    int64_t id;
    float difficulty; /* 0..1 */
} ds_digit_key;

int ds_digit_label(ds_digit_key key);                    /* 0..9, equally likely */
void ds_digit_render(ds_digit_key key, uint8_t *pixels); /* [28, 28], ink 255 on 0 */

#endif
