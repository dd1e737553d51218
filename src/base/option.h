/* option.h - the public option tables, under the name that the layers include. */
#include "descent/option.h"
