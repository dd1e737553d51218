/* hash.h - a 64-bit hash of bytes, for telling contents apart (not for security). */
#ifndef DS_DATA_HASH_H
#define DS_DATA_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Hash of n bytes, continued from an earlier hash (or any number to start with). Little-endian machines agree. */
uint64_t ds_hash(uint64_t start, const void *bytes, size_t n);

#endif
