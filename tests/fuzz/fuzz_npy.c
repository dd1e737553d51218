/* fuzz_npy.c - rows and labels as NumPy arrays. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *labels;
    size_t n;
    fuzz_split(&data, &size, &labels, &n);
    ds_data_settings set = ds_data_defaults();
    const char *files[] = { fuzz_file("x.npy", data, size), fuzz_file("y.npy", labels, n) };
    set.format = "npy", set.train = files, set.train_count = 2;
    fuzz_set(&set);
    return 0;
}
