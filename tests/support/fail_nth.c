/* fail_nth.c - see fail_nth.h. The functions stand before those of the C library and pass on to them (RTLD_NEXT). */
#define _GNU_SOURCE
#include "fail_nth.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN __attribute__((visibility("default")))
/* The C library's function of the same name. Reading the address is a race that every thread wins alike. */
#define NEXT(name)                                                                                                     \
    static __typeof__(&name) next;                                                                                     \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
/* The same for memory, which a sanitizer gives out from its first moment on, when dlsym itself still needs some. */
#define NEXT_MEMORY(name)                                                                                              \
    extern __typeof__(name) __interceptor_##name __attribute__((weak));                                                \
    static __typeof__(&name) next;                                                                                     \
    if (!next) next = &__interceptor_##name ? &__interceptor_##name : (__typeof__(&name))dlsym(RTLD_NEXT, #name)

enum { FILES = 1, MEMORY = 2 };

static struct {
    char call[32];
    atomic_long n, count, live;
    atomic_bool armed;
    bool on, kill;
    uintptr_t from, to; /* the program's own code */
    const char *path;
    bool trace;
} plan;

static int own_code(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size, (void)arg;
    for (int k = 0; k < info->dlpi_phnum; k++) {
        const ElfW(Phdr) *h = &info->dlpi_phdr[k];
        if (h->p_type != PT_LOAD || !(h->p_flags & PF_X)) continue;
        plan.from = info->dlpi_addr + h->p_vaddr;
        plan.to = plan.from + h->p_memsz;
    }
    return 1; /* the program comes first: look no further */
}

void fail_nth_arm(const char *call, long n, bool on)
{
    dl_iterate_phdr(own_code, NULL);
    snprintf(plan.call, sizeof plan.call, "%s", call);
    plan.on = on;
    atomic_store(&plan.n, n);
    atomic_store(&plan.count, 0);
    atomic_store(&plan.armed, true);
}

long fail_nth_disarm(void)
{
    atomic_store(&plan.armed, false);
    return atomic_load(&plan.count);
}

long fail_nth_live(void) { return atomic_load(&plan.live); }

__attribute__((constructor)) static void begin(void)
{
    void *first[1];
    plan.trace = getenv("FAIL_NTH_TRACE") && backtrace(first, 1); /* takes its own memory at its first call */
    const char *want = getenv("FAIL_NTH"), *colon = want ? strchr(want, ':') : NULL;
    if (!colon) return;
    char call[32];
    char *rest;
    snprintf(call, sizeof call, "%.*s", (int)(colon - want), want);
    long n = strtol(colon + 1, &rest, 10);
    plan.kill = strcmp(rest, ":kill") == 0;
    plan.path = getenv("FAIL_NTH_PATH");
    fail_nth_arm(call, n, strcmp(rest, ":on") == 0);
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("FAIL_NTH_COUNT");
    if (!path) return;
    char text[32];
    int length = snprintf(text, sizeof text, "%ld\n", fail_nth_disarm());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
    if (fd < 0 || write(fd, text, (size_t)length) != length || close(fd)) _exit(99);
}

static bool path_counts(const char *path) { return !plan.path || (path && strstr(path, plan.path)); }
/* A name in a folder that is held open. */
static bool at_counts(int folder, const char *name)
{
    if (!plan.path || folder == AT_FDCWD) return path_counts(name);
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
    ssize_t n = readlink(link, path, sizeof path / 2);
    if (n < 0) return false;
    snprintf(path + n, sizeof path - (size_t)n, "/%s", name);
    return path_counts(path);
}
static bool fd_counts(int fd) { return at_counts(fd, ""); }

/* Whether this call is of the kind that is counted. */
static bool meant(const char *name, int kind, void *caller)
{
    if (!atomic_load(&plan.armed) || (uintptr_t)caller < plan.from || (uintptr_t)caller >= plan.to) return false;
    return strcmp(plan.call, kind == MEMORY ? "memory" : "file") == 0 || strcmp(plan.call, name) == 0;
}

/* Count a call; true: it fails. */
static bool falls(int error)
{
    long k = atomic_fetch_add(&plan.count, 1) + 1, n = atomic_load(&plan.n);
    if (n <= 0 || (plan.on ? k < n : k != n)) return false;
    if (plan.kill) raise(SIGKILL);
    if (plan.trace) {
        void *frame[24];
        backtrace_symbols_fd(frame, backtrace(frame, 24), 2);
    }
    errno = error;
    return true;
}

#define FALLS(name, kind, error, counts) (meant(#name, kind, __builtin_return_address(0)) && (counts) && falls(error))
static void *held(void *p)
{
    if (p) atomic_fetch_add(&plan.live, 1);
    return p;
}

SHOWN void *malloc(size_t bytes)
{
    NEXT_MEMORY(malloc);
    return FALLS(malloc, MEMORY, ENOMEM, true) ? NULL : held(next(bytes));
}
SHOWN void *calloc(size_t n, size_t bytes)
{
    NEXT_MEMORY(calloc);
    return FALLS(calloc, MEMORY, ENOMEM, true) ? NULL : held(next(n, bytes));
}
SHOWN void *aligned_alloc(size_t alignment, size_t bytes)
{
    NEXT_MEMORY(aligned_alloc);
    return FALLS(aligned_alloc, MEMORY, ENOMEM, true) ? NULL : held(next(alignment, bytes));
}
SHOWN void *realloc(void *p, size_t bytes)
{
    NEXT_MEMORY(realloc);
    if (FALLS(realloc, MEMORY, ENOMEM, bytes > (p ? malloc_usable_size(p) : 0))) return NULL;
    bool had = p != NULL;
    void *q = next(p, bytes);
    if (!had && q) held(q);
    if (had && !q && bytes == 0) atomic_fetch_sub(&plan.live, 1);
    return q;
}
SHOWN void free(void *p)
{
    NEXT_MEMORY(free);
    if (p) atomic_fetch_sub(&plan.live, 1);
    next(p);
}

SHOWN int open(const char *path, int flags, ...)
{
    NEXT(open);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return FALLS(open, FILES, ENOSPC, path_counts(path)) ? -1 : next(path, flags, mode);
}
SHOWN int openat(int folder, const char *path, int flags, ...)
{
    NEXT(openat);
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return FALLS(open, FILES, ENOSPC, at_counts(folder, path)) ? -1 : next(folder, path, flags, mode);
}
SHOWN FILE *fopen(const char *path, const char *mode)
{
    NEXT(fopen);
    return FALLS(fopen, FILES, ENOSPC, path_counts(path)) ? NULL : next(path, mode);
}
SHOWN int mkdir(const char *path, mode_t mode)
{
    NEXT(mkdir);
    return FALLS(mkdir, FILES, ENOSPC, path_counts(path)) ? -1 : next(path, mode);
}
SHOWN int mkdirat(int folder, const char *path, mode_t mode)
{
    NEXT(mkdirat);
    return FALLS(mkdir, FILES, ENOSPC, at_counts(folder, path)) ? -1 : next(folder, path, mode);
}
SHOWN ssize_t read(int fd, void *data, size_t bytes)
{
    NEXT(read);
    return FALLS(read, FILES, EIO, fd_counts(fd)) ? -1 : next(fd, data, bytes);
}
SHOWN ssize_t write(int fd, const void *data, size_t bytes)
{
    NEXT(write);
    return FALLS(write, FILES, ENOSPC, fd_counts(fd)) ? -1 : next(fd, data, bytes);
}
SHOWN int fsync(int fd)
{
    NEXT(fsync);
    return FALLS(fsync, FILES, ENOSPC, fd_counts(fd)) ? -1 : next(fd);
}
SHOWN int close(int fd)
{
    NEXT(close);
    bool fails = FALLS(close, FILES, ENOSPC, fd_counts(fd));
    if (!fails) return next(fd);
    next(fd);
    errno = ENOSPC;
    return -1;
}
SHOWN int rename(const char *from, const char *to)
{
    NEXT(rename);
    return FALLS(rename, FILES, ENOSPC, path_counts(to)) ? -1 : next(from, to);
}
SHOWN int renameat(int old, const char *from, int folder, const char *to)
{
    NEXT(renameat);
    return FALLS(rename, FILES, ENOSPC, at_counts(folder, to)) ? -1 : next(old, from, folder, to);
}
SHOWN int unlink(const char *path)
{
    NEXT(unlink);
    return FALLS(unlink, FILES, EIO, path_counts(path)) ? -1 : next(path);
}
SHOWN int unlinkat(int folder, const char *path, int flags)
{
    NEXT(unlinkat);
    return FALLS(unlink, FILES, EIO, at_counts(folder, path)) ? -1 : next(folder, path, flags);
}
SHOWN DIR *opendir(const char *path)
{
    NEXT(opendir);
    return FALLS(opendir, FILES, EIO, path_counts(path)) ? NULL : next(path);
}
