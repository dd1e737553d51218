/* fuzz_idx.c - images and labels, plain or gzip. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *labels;
    size_t n;
    fuzz_split(&data, &size, &labels, &n);
    ds_data_settings set = ds_data_defaults();
    const char *files[] = { fuzz_file("images", data, size), fuzz_file("labels", labels, n) };
    set.format = "idx", set.train = files, set.train_count = 2;
    fuzz_set(&set);
    return 0;
}
