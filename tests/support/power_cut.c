/* power_cut.c - preloaded into a program, it lets the power fail at the n-th call that changes files: what was not flushed
 * is taken back from the disk, and the process is killed. POWER_CUT="n:way" with a way from 0 to 5:
 *   way % 3   unflushed bytes of files are 0: lost, 1: there by half, 2: garbage
 *   way / 3   names that were made, changed or removed since their folder was flushed are 0: as before, 1: as they are now
 * POWER_CUT_PATH: counts only what lies below. POWER_CUT_LOG: gets the number of folders ".../checkpoints/NAME" that were
 * renamed and flushed, or nothing when the n-th call was not reached. POWER_CUT_SPARE: an empty folder on the same disk.
 * Files are followed by descriptors of our own, so that renaming them does not matter. Pillai et al., OSDI 2014. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SHOWN      __attribute__((visibility("default")))
#define NEXT(name) __typeof__(&name) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

enum { MOST = 4096, PATH = 1024 };
typedef enum op_kind { MADE, MADE_FOLDER, RENAMED, REMOVED, REMOVED_FOLDER } op_kind;

/* A file that was opened for writing: what of it is on disk. */
static struct {
    int fd;
    dev_t dev;
    ino_t ino;
    off_t safe;
} files[MOST];
/* A change of names, until its folder is flushed. Names are held by their folders' descriptors, which may be renamed. */
static struct {
    op_kind kind;
    bool commits;
    dev_t dev;
    ino_t folder;
    char path[PATH], from[PATH],
        spare[PATH]; /* spare: another name of what was removed or replaced; "": there was none */
} ops[MOST];
static int file_count, op_count, spares, committed;
static long left;
static int way;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void)
{
    const char *plan = getenv("POWER_CUT");
    if (plan) sscanf(plan, "%ld:%d", &left, &way);
}

/* The whole path of a name in a folder; false: it does not count. */
static bool place(int folder, const char *name, char path[PATH])
{
    const char *below = getenv("POWER_CUT_PATH");
    char link[64], base[PATH / 2] = "";
    if (folder != AT_FDCWD && *name != '/') {
        snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0) return false;
        base[n] = 0;
    }
    int n = snprintf(path, PATH, "%s%s%s", base, *base ? "/" : "", name);
    return below && n < PATH && strncmp(path, below, strlen(below)) == 0;
}

/* The path by the descriptor of its folder. */
static void hold(const char *path, char held[PATH], struct stat *folder)
{
    char parent[PATH];
    const char *slash = strrchr(path, '/');
    snprintf(parent, sizeof parent, "%.*s", (int)(slash - path), path);
    int fd = ((__typeof__(&open))dlsym(RTLD_NEXT, "open"))(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, folder)) abort();
    snprintf(held, PATH, "/proc/self/fd/%d%.*s", fd, PATH / 2, slash);
}

static void add_op(op_kind kind, const char *path, const char *from, const char *spare)
{
    struct stat st;
    if (op_count == MOST) abort();
    ops[op_count].kind = kind;
    ops[op_count].commits = kind == RENAMED && strstr(path, "/checkpoints/");
    if (*from) hold(from, ops[op_count].from, &st);
    hold(path, ops[op_count].path, &st);
    ops[op_count].dev = st.st_dev, ops[op_count].folder = st.st_ino;
    snprintf(ops[op_count].spare, PATH, "%s", spare);
    op_count++;
}

/* Another name for a file that is about to go; "": there is none. */
static void keep_spare(const char *path, char spare[PATH])
{
    snprintf(spare, PATH, "%s/%d", getenv("POWER_CUT_SPARE"), spares++);
    if (link(path, spare)) *spare = 0;
}

static void follow(int fd, bool emptied)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode)) return;
    for (int k = 0; k < file_count; k++)
        if (files[k].dev == st.st_dev && files[k].ino == st.st_ino) return;
    if (file_count == MOST) abort();
    files[file_count].fd = fcntl(fd, F_DUPFD_CLOEXEC, 200);
    files[file_count].dev = st.st_dev, files[file_count].ino = st.st_ino;
    files[file_count++].safe = emptied ? 0 : st.st_size;
}

static void flushed(int fd)
{
    struct stat st;
    if (fstat(fd, &st)) return;
    for (int k = 0; k < file_count; k++)
        if (files[k].dev == st.st_dev && files[k].ino == st.st_ino) files[k].safe = st.st_size;
    int kept = 0;
    for (int k = 0; k < op_count; k++) {
        bool here = S_ISDIR(st.st_mode) && ops[k].dev == st.st_dev && ops[k].folder == st.st_ino;
        committed += here && ops[k].commits;
        if (!here) ops[kept++] = ops[k];
    }
    op_count = kept;
}

/* ---- the cut ----------------------------------------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    NEXT(remove);
    return next(path);
}

static void take_back_names(void)
{
    __typeof__(&rename) move = (__typeof__(&rename))dlsym(RTLD_NEXT, "rename");
    __typeof__(&mkdirat) make = (__typeof__(&mkdirat))dlsym(RTLD_NEXT, "mkdirat");
    for (int k = op_count - 1; k >= 0; k--) {
        const char *path = ops[k].path, *spare = ops[k].spare;
        bool good = true;
        if (ops[k].kind == MADE || ops[k].kind == MADE_FOLDER)
            nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        else if (ops[k].kind == REMOVED_FOLDER)
            good = make(AT_FDCWD, path, 0777) == 0;
        else if (ops[k].kind == RENAMED)
            good = move(path, ops[k].from) == 0;
        if (good && *spare) move(spare, path);
    }
}

static void take_back_bytes(void)
{
    static const char garbage[4096] = { [0 ... 4095] = (char)0xA5 };
    for (int k = 0; k < file_count; k++) {
        struct stat st;
        off_t safe = files[k].safe;
        if (fstat(files[k].fd, &st) || st.st_size <= safe) continue;
        if (way % 3 == 0 && ftruncate(files[k].fd, safe)) abort();
        if (way % 3 == 1 && ftruncate(files[k].fd, safe + (st.st_size - safe) / 2)) abort();
        for (off_t at = safe; way % 3 == 2 && at < st.st_size; at += (off_t)sizeof garbage) {
            size_t n = st.st_size - at < (off_t)sizeof garbage ? (size_t)(st.st_size - at) : sizeof garbage;
            char path[64]; /* a descriptor that appends would write at the end */
            snprintf(path, sizeof path, "/proc/self/fd/%d", files[k].fd);
            int fd = ((__typeof__(&open))dlsym(RTLD_NEXT, "open"))(path, O_WRONLY);
            if (fd < 0 || pwrite(fd, garbage, n, at) < 0 || close(fd)) abort();
        }
    }
}

/* One more call that changes files; the lock is held from here to leave(). */
static void enter(bool counts)
{
    pthread_mutex_lock(&mutex);
    if (!counts || left <= 0 || --left > 0) return;
    take_back_bytes();
    if (way / 3 == 0) take_back_names();
    FILE *f = ((__typeof__(&fopen))dlsym(RTLD_NEXT, "fopen"))(getenv("POWER_CUT_LOG"), "w");
    if (!f || fprintf(f, "%d\n", committed) < 0 || fclose(f)) abort();
    raise(SIGKILL);
}
static void leave(void) { pthread_mutex_unlock(&mutex); }

/* ---- the calls --------------------------------------------------------------------------------------------------- */

SHOWN int openat(int folder, const char *name, int flags, ...)
{
    NEXT(openat);
    char path[PATH];
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    bool counts = (flags & O_ACCMODE) != O_RDONLY && place(folder, name, path);
    if (!counts) return next(folder, name, flags, mode);
    enter(true);
    bool there = faccessat(folder, name, F_OK, 0) == 0;
    int fd = next(folder, name, flags, mode);
    if (fd >= 0 && !there) add_op(MADE, path, "", "");
    follow(fd, flags & O_TRUNC);
    leave();
    return fd;
}
SHOWN int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    return openat(AT_FDCWD, path, flags, mode);
}
SHOWN int fsync(int fd)
{
    NEXT(fsync);
    char path[PATH];
    bool counts = place(fd, "", path);
    enter(counts);
    int code = next(fd);
    if (code == 0) flushed(fd);
    leave();
    return code;
}
SHOWN int mkdirat(int folder, const char *name, mode_t mode)
{
    NEXT(mkdirat);
    char path[PATH];
    bool counts = place(folder, name, path);
    enter(counts);
    int code = next(folder, name, mode);
    if (counts && code == 0) add_op(MADE_FOLDER, path, "", "");
    leave();
    return code;
}
SHOWN int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }
SHOWN int renameat(int old, const char *from, int folder, const char *to)
{
    NEXT(renameat);
    char path[PATH], before[PATH], spare[PATH] = "";
    bool counts = place(folder, to, path) && place(old, from, before);
    enter(counts);
    if (counts && access(path, F_OK) == 0) keep_spare(path, spare);
    int code = next(old, from, folder, to);
    if (counts && code == 0) add_op(RENAMED, path, before, spare);
    leave();
    return code;
}
SHOWN int rename(const char *from, const char *to) { return renameat(AT_FDCWD, from, AT_FDCWD, to); }
SHOWN int unlinkat(int folder, const char *name, int flags)
{
    NEXT(unlinkat);
    char path[PATH], spare[PATH] = "";
    bool counts = place(folder, name, path), is_folder = flags & AT_REMOVEDIR;
    enter(counts);
    if (counts && !is_folder) keep_spare(path, spare);
    int code = next(folder, name, flags);
    if (counts && code == 0) add_op(is_folder ? REMOVED_FOLDER : REMOVED, path, "", spare);
    leave();
    return code;
}
SHOWN int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
SHOWN int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
