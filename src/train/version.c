/* version.c - see descent/version.h. */
#include "descent/version.h"

#include "backend/seam.h"
#include "kernel/vec.h"

#include <jansson.h>
#include <zlib.h>

const char *ds_version(void) { return DS_VERSION; }
const char *ds_compiler(void)
{
#if defined(__clang__)
    return "clang " __clang_version__;
#else
    return "gcc " __VERSION__;
#endif
}
const char *ds_isa(void)
{
    const ds_vec *v = ds_vec_get();
    return v ? v->name : NULL;
}
const char *ds_isas_built(void) { return ds_vec_built(); }
const char *ds_default_backend(void)
{
    const ds_backend *b = ds_backend_get(NULL);
    return b ? b->head.name : NULL;
}
const char *ds_libraries(void) { return "jansson " JANSSON_VERSION ", zlib " ZLIB_VERSION ", libfyaml"; }
