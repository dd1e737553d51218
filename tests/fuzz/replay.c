/* replay.c - feed the kept corpus of a target through it: replay FOLDER...
 * Memory is capped at what a file of the corpus may need at most, so that a header that promises more than there is
 * shows as an allocation that fails. Under the sanitizers, whose shadow is huge, there is no cap. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "fuzz.h"

enum { MOST_BYTES = 1 << 20 };
#define CAP (192ul << 20)

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

static int feed(const char *folder, const char *name)
{
    static uint8_t data[MOST_BYTES];
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = fopen(path, "rb");
    if (!f) return 0;
    size_t n = fread(data, 1, sizeof data, f);
    fclose(f);
    uint8_t *copy = malloc(n + 1); /* of its exact size, so that reading beyond it can be seen */
    if (!copy) return 0;
    memcpy(copy, data, n);
    fprintf(stderr, "%s\n", path); /* the last line names the file of a crash */
    LLVMFuzzerTestOneInput(copy, n);
    free(copy);
    return 1;
}

int main(int argc, char **argv)
{
    int fed = 0;
    fuzz_ctx();
#ifndef SANITIZED
    struct rlimit limit = { CAP, CAP };
    setrlimit(RLIMIT_AS, &limit);
#endif
    for (int k = 1; k < argc; k++) {
        DIR *dir = opendir(argv[k]);
        if (!dir) {
            fprintf(stderr, "replay: no folder %s\n", argv[k]);
            return 1;
        }
        for (struct dirent *e; (e = readdir(dir));)
            if (*e->d_name != '.') fed += feed(argv[k], e->d_name);
        closedir(dir);
    }
    printf("replayed %d files\n", fed);
    return fed ? 0 : 1;
}
