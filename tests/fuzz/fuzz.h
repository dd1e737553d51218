/* fuzz.h - what the fuzz targets share. A target takes any bytes as the content of a file and must end with success or
 * with a message about the content: another status, a crash, or memory beyond what the bytes justify is a fault.
 * Built twice: by clang with libFuzzer (`make fuzz`), and with replay.c, which feeds the kept corpus in every suite. */
#ifndef TEST_FUZZ_H
#define TEST_FUZZ_H

#include "descent/data.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

ds_ctx *fuzz_ctx(void);
/* Path of a file of this process, and the same with content. */
const char *fuzz_path(const char *name);
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);
/* Two files from one input: its first two bytes (little-endian) are the first one's length. */
void fuzz_split(const uint8_t **data, size_t *size, const uint8_t **second, size_t *second_size);
/* Abort unless the status is success or a complaint about content, with a text. */
void fuzz_check(ds_status status);
/* Open a set, read rows of every split, and run all of them through the writer of shards. */
void fuzz_set(const ds_data_settings *set);

#endif
