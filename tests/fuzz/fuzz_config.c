/* fuzz_config.c - a config from memory: read it, or say what is wrong, in words; write what was read and read it again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "descent/config.h"
#include "fuzz.h"

/* fy_node_get_scalar of libfyaml 0.7 leaks its list of pieces when a scalar has many of them, such as doubled quotes. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libfyaml.so\n"; }

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_config *c, *again;
    ds_diagnostics *d;
    ds_status status = ds_config_parse(&c, fuzz_ctx(), "fuzz.yaml", (const char *)data, size, 0, NULL, &d);
    if (status != DS_OK && status != DS_ECONFIG) abort();
    if ((status == DS_ECONFIG) != (d != NULL)) abort();
    if (d) {
        char *text = ds_diagnostics_text(d, false);
        if (!text || !*text || ds_diagnostics_count(d) < 1) abort();
        free(text);
        ds_diagnostics_free(d);
    }
    if (status != DS_OK) return 0;
    char *text = ds_config_write(c);
    if (!text) abort();
    status = ds_config_parse(&again, fuzz_ctx(), "written.yaml", text, strlen(text), 0, NULL, &d);
    if (status != DS_OK || ds_config_hash(c) != ds_config_hash(again)) {
        fprintf(stderr, "fuzz: what was written does not read back:\n%s\n", text);
        abort();
    }
    free(text);
    ds_config_free(again);
    ds_config_free(c);
    return 0;
}
