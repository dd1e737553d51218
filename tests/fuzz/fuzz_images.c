/* fuzz_images.c - a folder with two classes of one picture each: PNG or JPEG, told apart by content. */
#include <sys/stat.h>

#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *other;
    size_t n;
    fuzz_split(&data, &size, &other, &n);
    const char *folders[] = { "images", "images/a", "images/b" };
    for (int k = 0; k < 3; k++) mkdir(fuzz_path(folders[k]), 0777);
    ds_data_settings set = ds_data_defaults();
    fuzz_file("images/a/1.png", data, size);
    fuzz_file("images/b/2.jpg", other, n);
    set.format = "images", set.path = fuzz_path("images"), set.image_size = 8;
    fuzz_set(&set);
    return 0;
}
