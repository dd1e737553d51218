/* fuzz_jsonl.c - one JSON object a line; the first byte chooses settings. */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const missing[] = { NULL, "mean", "drop", "-1" };
    ds_data_settings set = ds_data_defaults();
    uint8_t choice = size ? data[0] : 0;
    const char *files[] = { fuzz_file("rows.jsonl", size ? data + 1 : data, size ? size - 1 : 0) };
    set.format = "jsonl", set.train = files, set.train_count = 1;
    set.missing = missing[choice % 4], set.label = choice & 4 ? "a" : NULL;
    set.target = choice & 8 ? DS_TARGET_REAL : DS_TARGET_AUTO;
    fuzz_set(&set);
    return 0;
}
