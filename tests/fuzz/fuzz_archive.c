/* fuzz_archive.c - a table or pictures inside an archive; the first byte chooses its ending and what is sought. */
#include <stdio.h>
#include <unistd.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const endings[] = { "set.zip", "set.tar", "set.tar.gz", "set.tar.zst" };
    ds_data_settings set = ds_data_defaults();
    uint8_t choice = size ? data[0] : 0;
    const char *path = fuzz_file(endings[choice % 4], size ? data + 1 : data, size ? size - 1 : 0);
    set.path = path, set.format = choice & 16 ? "images" : "csv", set.image_size = choice & 16 ? 8 : 0;
    fuzz_set(&set);
    unlink(path);
    return 0;
}
