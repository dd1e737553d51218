/* random.h - the public random numbers, under the name that the layers include. */
#ifndef DS_BASE_RANDOM_H
#define DS_BASE_RANDOM_H
#include "descent/random.h"
#endif
