/* fuzz_libsvm.c - sparse rows; the first byte chooses settings. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_data_settings set = ds_data_defaults();
    uint8_t choice = size ? data[0] : 0;
    const char *files[] = { fuzz_file("rows.svm", size ? data + 1 : data, size ? size - 1 : 0) };
    set.format = "libsvm", set.train = files, set.train_count = 1;
    set.features = choice & 1 ? 100 : 0;
    set.target = choice & 2 ? DS_TARGET_REAL : DS_TARGET_AUTO;
    fuzz_set(&set);
    return 0;
}
