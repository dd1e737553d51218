/* fuzz_cifar10.c - one file of CIFAR-10 rows. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ds_data_settings set = ds_data_defaults();
    const char *files[] = { fuzz_file("batch.bin", data, size) };
    set.format = "cifar10", set.train = files, set.train_count = 1;
    fuzz_set(&set);
    return 0;
}
