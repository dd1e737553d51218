/* digits.c - rendered digits at three difficulties. */
#include "hashes.h"

#include <stdio.h>

#include "data/source/digit.h"

void hash_digits(void)
{
    static const float difficulty[] = { 0, 0.5f, 1 };
    for (int d = 0; d < 3; d++) {
        static uint8_t pixels[20 * DS_DIGIT_BYTES];
        char name[32];
        for (int i = 0; i < 20; i++) {
            ds_digit_key key = { .seed = 3, .set = 0, .id = 100 * i + d, .difficulty = difficulty[d] };
            ds_digit_render(key, pixels + i * DS_DIGIT_BYTES);
        }
        snprintf(name, sizeof name, "digits.difficulty-%g", (double)difficulty[d]);
        hash_bytes(name, pixels, sizeof pixels);
    }
}
