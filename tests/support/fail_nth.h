/* fail_nth.h - let the n-th call of a C library function fail: for sweeps "n = 1, 2, ... until all calls succeed".
 *
 * Counted are calls made by the program's own code (and what is linked into it), not those of shared libraries, on
 * files whose path contains FAIL_NTH_PATH where that is set. Two ways:
 *
 *   inside     link tests/support/fail_nth.c into the test; arm, work, disarm
 *   preloaded  LD_PRELOAD=$DS_BUILD/libfail_nth.so FAIL_NTH=call:n[:how] program...
 *              how: once (as given when absent), on (this one and all later ones), kill (SIGKILL in place of the call)
 *              FAIL_NTH_COUNT=file: at its end the process writes how many calls it made, one number. A sweep is over
 *              when that is less than n (and the file is missing where the process was killed). n = 0 only counts.
 *   both       FAIL_NTH_TRACE=1 prints where the call that failed was made
 *
 * call: malloc, calloc, realloc, aligned_alloc, or memory for any of these; open, fopen, mkdir, read, write, fsync,
 * close, rename, unlink, opendir, or file for any of these. The errors are ENOMEM; ENOSPC (open, fopen, mkdir, write,
 * fsync, close, rename), EIO (read, unlink, opendir). A close that fails has closed. A realloc that shrinks its block is
 * not counted: nobody need fail for want of less. What names a file in an open folder (openat, mkdirat, renameat,
 * unlinkat) counts as open, mkdir, rename or unlink. */
#ifndef DS_TEST_FAIL_NTH_H
#define DS_TEST_FAIL_NTH_H

#include <stdbool.h>

void fail_nth_arm(const char *call, long n, bool on);
long fail_nth_disarm(void); /* calls counted since it was armed */
long fail_nth_live(void);   /* blocks that the whole process holds */

#endif
