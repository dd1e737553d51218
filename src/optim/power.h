/* power.h - b^t for whole t in f64, the same bits everywhere: bias corrections, stairs of a rate. */
#ifndef DS_OPTIM_POWER_H
#define DS_OPTIM_POWER_H

#include <stdint.h>

/* b^t, t >= 0, by binary powering with squares from the lowest bit up. Every product is rounded once, so the relative
 * error stays below t 2^-53: for a moment's decay that is t b^t 2^-53 absolute, at most 2^-53 / (e (1 - b)). */
static inline double ds_whole_power(double b, int64_t t)
{
    double p = 1;
    for (; t > 0; t >>= 1) {
        if (t & 1) p *= b;
        b *= b;
    }
    return p;
}

#endif
