/* Counts what a program does to files, and ends the program, or fails, at one of these operations.
 *
 * KILL_AT=N     the operation, from 1; nothing happens without it
 * KILL_DO=      kill: the process dies before the operation, in the middle of one that writes
 *               after: it dies when the operation is done
 *               full: the operation fails as on a full disk
 * KILL_COUNT=F  the number of operations is written into this file when the program ends
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum deed { NOTHING, KILL, AFTER, FULL };

static atomic_long operations;
static long kill_at;
static enum deed deed;

__attribute__((constructor)) static void begin(void) {
    const char *at = getenv("KILL_AT"), *what = getenv("KILL_DO");
    kill_at = at ? atol(at) : 0;
    deed = !what ? NOTHING : !strcmp(what, "kill") ? KILL : !strcmp(what, "after") ? AFTER : FULL;
}

__attribute__((destructor)) static void end(void) {
    const char *file = getenv("KILL_COUNT");
    char text[32];
    if (!file)
        return;
    int length = snprintf(text, sizeof text, "%ld\n", atomic_load(&operations));
    long descriptor = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    syscall(SYS_write, descriptor, text, (long)length);
    syscall(SYS_close, descriptor);
}

static void die(void) {
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* What is to be done with the operation that begins now. */
static enum deed next(void) {
    return atomic_fetch_add(&operations, 1) + 1 == kill_at ? deed : NOTHING;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* One operation: before it, itself, after it. */
#define OPERATION(call)                  \
    do {                                 \
        enum deed now = next();          \
        if (now == KILL)                 \
            die();                       \
        if (now == FULL) {               \
            errno = ENOSPC;              \
            return -1;                   \
        }                                \
        __typeof__(call) answer = call;  \
        if (now == AFTER)                \
            die();                       \
        return answer;                   \
    } while (0)

static int is_file(int descriptor) {
    struct stat found;
    return descriptor > 2 && fstat(descriptor, &found) == 0 && S_ISREG(found.st_mode);
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    if (!is_file(descriptor))
        return REAL(write)(descriptor, bytes, length);
    enum deed now = next();
    if (now == KILL) {
        if (length > 1)
            REAL(write)(descriptor, bytes, length / 2);
        die();
    }
    if (now == FULL) {
        errno = ENOSPC;
        return -1;
    }
    ssize_t answer = REAL(write)(descriptor, bytes, length);
    if (now == AFTER)
        die();
    return answer;
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (!is_file(descriptor))
        return REAL(writev)(descriptor, parts, count);
    OPERATION(REAL(writev)(descriptor, parts, count));
}

static int is_for_writing(int flags) {
    return (flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT);
}

#define OPEN(name)                                                     \
    int name(const char *path, int flags, ...) {                       \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                  \
        if (!is_for_writing(flags) || !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev/", 5)) \
            return REAL(name)(path, flags, mode);                      \
        OPERATION(REAL(name)(path, flags, mode));                      \
    }
OPEN(open)
OPEN(open64)

#define OPEN_AT(name)                                                  \
    int name(int folder, const char *path, int flags, ...) {           \
        va_list rest;                                                  \
        va_start(rest, flags);                                         \
        mode_t mode = flags & O_CREAT ? va_arg(rest, mode_t) : 0;      \
        va_end(rest);                                                  \
        if (!is_for_writing(flags))                                    \
            return REAL(name)(folder, path, flags, mode);              \
        OPERATION(REAL(name)(folder, path, flags, mode));              \
    }
OPEN_AT(openat)
OPEN_AT(openat64)

int rename(const char *from, const char *to) { OPERATION(REAL(rename)(from, to)); }
int renameat2(int a, const char *from, int b, const char *to, unsigned flags) {
    OPERATION(REAL(renameat2)(a, from, b, to, flags));
}
int unlink(const char *path) { OPERATION(REAL(unlink)(path)); }
int unlinkat(int folder, const char *path, int flags) { OPERATION(REAL(unlinkat)(folder, path, flags)); }
int mkdir(const char *path, mode_t mode) { OPERATION(REAL(mkdir)(path, mode)); }
int rmdir(const char *path) { OPERATION(REAL(rmdir)(path)); }
int linkat(int a, const char *from, int b, const char *to, int flags) { OPERATION(REAL(linkat)(a, from, b, to, flags)); }
int fsync(int descriptor) { OPERATION(REAL(fsync)(descriptor)); }
int fdatasync(int descriptor) { OPERATION(REAL(fdatasync)(descriptor)); }
int ftruncate64(int descriptor, off64_t length) { OPERATION(REAL(ftruncate64)(descriptor, length)); }
int chmod(const char *path, mode_t mode) { OPERATION(REAL(chmod)(path, mode)); }
