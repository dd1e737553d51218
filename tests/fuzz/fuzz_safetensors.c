/* fuzz_safetensors.c - a weights file; every element of every tensor is touched. */
#include <string.h>

#include "descent/weights.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_tensor_file *f;
    const char *path = fuzz_file("w.safetensors", data, size);
    ds_status status = ds_tensors_open(&f, fuzz_ctx(), path);
    fuzz_check(status);
    if (status != DS_OK) return 0;
    volatile uint8_t sum = 0;
    for (int k = 0; k < ds_tensors_count(f); k++) {
        const ds_named_tensor *t = ds_tensors_at(f, k);
        size_t bytes = (size_t)ds_shape_count(t->shape) * ds_dtype_bytes(t->dtype);
        for (size_t i = 0; i < bytes; i++) sum = (uint8_t)(sum + ((const uint8_t *)t->data)[i]);
    }
    ds_tensors_close(f);
    return 0;
}
