/* fuzz_csv.c - a table; the first byte chooses settings. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = { NULL, "0", "-2", "label" };
    ds_data_settings set = ds_data_defaults();
    uint8_t choice = size ? data[0] : 0;
    const char *files[] = { fuzz_file("table.csv", size ? data + 1 : data, size ? size - 1 : 0) };
    set.format = "csv", set.train = files, set.train_count = 1;
    set.header = (ds_csv_header)(choice % 3), set.label = labels[choice / 4 % 4];
    set.missing = choice & 16 ? "mean" : choice & 32 ? "drop" : NULL;
    set.target = choice & 64 ? DS_TARGET_REAL : DS_TARGET_AUTO, set.skip = choice >> 7;
    fuzz_set(&set);
    return 0;
}
