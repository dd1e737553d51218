/* digit_shapes.c - skeletons of hand-written digits: the points a pen passes, smoothly within a stroke. */
#include <stddef.h>

#include "data/source/digit.h"

#define UP                                                                                                             \
    {                                                                                                                  \
        DS_PEN_UP, 0                                                                                                   \
    }
#define END                                                                                                            \
    {                                                                                                                  \
        DS_SHAPE_END, 0                                                                                                \
    }
#define SHAPE(name) static const ds_pen name[]

SHAPE(zero_round) = { { 50, 2 },  { 25, 13 }, { 15, 48 }, { 24, 86 }, { 50, 98 },
                      { 77, 85 }, { 85, 48 }, { 75, 13 }, { 50, 2 },  END };
SHAPE(zero_open) = { { 62, 8 },  { 38, 5 },  { 18, 30 }, { 16, 68 }, { 38, 97 }, { 68, 90 },
                     { 83, 60 }, { 78, 22 }, { 55, 3 },  { 42, 12 }, END };

SHAPE(one_line) = { { 50, 2 }, { 50, 50 }, { 50, 98 }, END };
SHAPE(one_flag) = { { 30, 22 }, { 52, 3 }, UP, { 52, 3 }, { 51, 50 }, { 50, 98 }, END };
SHAPE(one_foot) = { { 32, 20 }, { 52, 3 }, UP, { 52, 3 }, { 52, 97 }, UP, { 28, 97 }, { 76, 97 }, END };

SHAPE(two_plain) = { { 19, 26 }, { 29, 8 }, { 52, 2 },  { 74, 12 }, { 76, 33 }, { 60, 56 }, { 38, 78 },
                     { 17, 96 }, UP,        { 17, 96 }, { 50, 95 }, { 84, 94 }, END };
SHAPE(two_loop) = { { 20, 20 }, { 42, 3 },  { 68, 8 },  { 74, 30 }, { 58, 58 }, { 34, 86 },
                    { 18, 95 }, { 14, 84 }, { 30, 78 }, { 54, 92 }, { 86, 90 }, END };

SHAPE(three_round) = { { 20, 12 }, { 46, 2 },  { 72, 12 }, { 70, 34 }, { 42, 47 }, UP,
                       { 42, 47 }, { 74, 58 }, { 80, 80 }, { 54, 97 }, { 18, 88 }, END };
SHAPE(three_flat) = { { 20, 5 },  { 76, 4 },  UP,         { 76, 4 },  { 44, 42 }, UP,
                      { 44, 42 }, { 72, 52 }, { 80, 74 }, { 56, 97 }, { 19, 90 }, END };

SHAPE(four_open) = { { 25, 3 },  { 21, 30 }, { 17, 56 }, UP,         { 17, 56 }, { 50, 57 },
                     { 86, 53 }, UP,         { 72, 5 },  { 69, 50 }, { 67, 98 }, END };
SHAPE(four_closed) = { { 62, 3 }, { 38, 34 }, { 14, 64 }, UP,         { 14, 64 }, { 88, 61 },
                       UP,        { 63, 3 },  { 64, 50 }, { 63, 98 }, END };

SHAPE(five_bar) = { { 77, 4 },  { 28, 5 },  UP,         { 28, 5 },  { 24, 42 }, UP, { 24, 42 },
                    { 50, 36 }, { 76, 50 }, { 77, 76 }, { 52, 96 }, { 18, 90 }, END };
SHAPE(five_sweep) = { { 82, 4 },  { 52, 6 },  { 33, 14 }, { 27, 36 }, { 48, 46 },
                      { 72, 60 }, { 72, 82 }, { 48, 97 }, { 20, 92 }, END };

SHAPE(six_round) = { { 68, 3 },  { 42, 20 }, { 24, 50 }, { 22, 78 }, { 42, 97 }, { 68, 92 },
                     { 77, 72 }, { 62, 55 }, { 38, 61 }, { 25, 80 }, END };
SHAPE(six_steep) = { { 52, 2 },  { 32, 34 }, { 21, 70 }, { 36, 96 }, { 65, 95 },
                     { 77, 76 }, { 60, 59 }, { 34, 66 }, { 22, 80 }, END };

SHAPE(seven_plain) = { { 17, 8 }, { 48, 7 }, { 81, 5 }, UP, { 81, 5 }, { 58, 46 }, { 42, 98 }, END };
SHAPE(seven_bar) = { { 17, 8 }, { 81, 5 }, UP, { 81, 5 }, { 58, 46 }, { 44, 98 }, UP, { 34, 52 }, { 76, 48 }, END };
SHAPE(seven_serif) = { { 17, 24 }, { 19, 7 }, UP, { 19, 7 }, { 80, 7 }, UP, { 80, 7 }, { 54, 50 }, { 38, 97 }, END };

SHAPE(eight_round) = { { 50, 48 }, { 27, 32 }, { 29, 10 }, { 50, 2 },  { 71, 10 }, { 73, 32 }, { 50, 48 },
                       { 23, 66 }, { 21, 88 }, { 50, 98 }, { 79, 88 }, { 77, 66 }, { 50, 48 }, END };
SHAPE(eight_cross) = { { 73, 14 }, { 52, 2 },  { 29, 12 }, { 31, 33 }, { 58, 52 }, { 78, 76 }, { 62, 96 },
                       { 36, 96 }, { 22, 76 }, { 42, 52 }, { 68, 34 }, { 74, 14 }, END };

SHAPE(nine_straight) = { { 75, 24 }, { 59, 5 }, { 34, 6 }, { 21, 26 }, { 31, 46 }, { 56, 46 },
                         { 73, 26 }, UP,        { 75, 8 }, { 73, 52 }, { 68, 98 }, END };
SHAPE(nine_hook) = { { 74, 22 }, { 57, 4 },  { 33, 6 },  { 22, 26 }, { 33, 45 }, { 57, 44 }, { 74, 22 },
                     UP,         { 74, 22 }, { 78, 56 }, { 65, 88 }, { 32, 97 }, END };

const ds_pen *const ds_digit_shape[10][DS_DIGIT_SHAPES] = {
    { zero_round, zero_open },    { one_line, one_flag, one_foot },
    { two_plain, two_loop },      { three_round, three_flat },
    { four_open, four_closed },   { five_bar, five_sweep },
    { six_round, six_steep },     { seven_plain, seven_bar, seven_serif },
    { eight_round, eight_cross }, { nine_straight, nine_hook },
};
