/* fuzz_shards.c - index and one shard. What the bytes lack is a right hash, which would end every try at once, so the
 * hashes of head and index are made right first. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <xxhash.h>

#include "fuzz.h"

static json_t *hash_json(uint64_t h)
{
    char text[17];
    snprintf(text, sizeof text, "%016llx", (unsigned long long)h);
    return json_string(text);
}

/* The index with the hash of the shard's head, as far as it says how long that is, and its own. */
static char *mend(const uint8_t *data, size_t size, const uint8_t *shard, size_t n)
{
    json_t *root = json_loadb((const char *)data, size, 0, NULL), *train = json_object_get(root, "train");
    int64_t rows = json_integer_value(json_object_get(train, "rows")),
            block = json_integer_value(json_object_get(root, "block"));
    if (train && block > 0 && rows > 0) {
        uint64_t head = 32 + 8 * ((uint64_t)(rows - 1) / (uint64_t)block + 1);
        json_t *list = json_array();
        json_array_append_new(list, hash_json(head <= n ? XXH64(shard + 32, head - 32, XXH64(shard, 32, 0)) : 0));
        json_object_set_new(train, "shards", list);
    }
    json_object_del(root, "xxh64");
    char *text = root ? json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (text) json_object_set_new(root, "xxh64", hash_json(XXH64(text, strlen(text), 0)));
    free(text);
    text = root ? json_dumps(root, 0) : NULL;
    json_decref(root);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *shard;
    size_t n;
    fuzz_split(&data, &size, &shard, &n);
    mkdir(fuzz_path("set"), 0777);
    char *index = mend(data, size, shard, n);
    if (index)
        fuzz_file("set/index.json", (uint8_t *)index, strlen(index));
    else
        fuzz_file("set/index.json", data, size);
    free(index);
    fuzz_file("set/train-00000.shard", shard, n);
    ds_data_settings set = ds_data_defaults();
    set.format = "shards", set.path = fuzz_path("set");
    fuzz_set(&set);
    return 0;
}
