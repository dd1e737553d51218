/* descent/version.h - what this build is and what it runs on. All text is static. */
#ifndef DESCENT_VERSION_H
#define DESCENT_VERSION_H

#include "descent/base.h"

#ifdef __cplusplus
extern "C" {
#endif

DS_API const char *ds_version(void);  /* "0.1.0" */
DS_API const char *ds_compiler(void); /* name and version */
DS_API const char *
ds_isa(void); /* instruction set in use: "v4", "v3", "neon", "plain"; NULL: DS_ISA asks for one that is not here */
DS_API const char *ds_isas_built(void); /* "plain v3 v4" */
DS_API const char *
ds_default_backend(void);              /* "cpu" unless DS_BACKEND says otherwise; NULL: there is none of that name */
DS_API const char *ds_libraries(void); /* the libraries linked, with versions */

#ifdef __cplusplus
}
#endif
#endif
