/*
 * Loaded before the program as it is shipped (LD_PRELOAD), this ends it at a step that the test has chosen.
 *
 * DIES_AT=N       abort() at the N-th step. A step lies before each call that changes a file, the store or a server,
 *                 and after each call that changes or reads one. Children are left alone.
 * DIES_COUNT=FILE the number of steps is written there when the program ends by itself.
 * CHOKES=1        the thread that reads messages chokes on one that makes it ask for a certain amount of memory:
 *                 300,000 and some octets: abort(); 310,000: the stack overflows; 320,000: the memory is used up;
 *                 330,000: SIGKILL, as from outside. Whoever reads DEADLY from a file: abort(). Children choke too.
 * CLOCK_SHIFT=N   the clock is N seconds ahead.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static atomic_long steps;
static long dies_at = -1;
static int chokes;
static long clock_shift;
static char count_file[4096];

__attribute__((constructor)) static void begin(void) {
    struct rlimit none = {0, 0};
    const char *at = getenv("DIES_AT"), *count = getenv("DIES_COUNT");
    setrlimit(RLIMIT_CORE, &none);
    chokes = getenv("CHOKES") != NULL;
    if (getenv("CLOCK_SHIFT")) clock_shift = atol(getenv("CLOCK_SHIFT"));
    if (at) {
        dies_at = atol(at);
        unsetenv("LD_PRELOAD");
    }
    if (count) snprintf(count_file, sizeof count_file, "%s", count);
}

__attribute__((destructor)) static void end(void) {
    char text[32];
    if (!count_file[0]) return;
    int length = snprintf(text, sizeof text, "%ld", atomic_load(&steps));
    int fd = syscall(SYS_openat, AT_FDCWD, count_file, O_CREAT | O_WRONLY | O_TRUNC, 0600);
    syscall(SYS_write, fd, text, length);
    syscall(SYS_close, fd);
}

/* Standard output and error are nobody's state. */
static void step(int fd) {
    if (dies_at < 0 || fd == 1 || fd == 2) return;
    if (atomic_fetch_add(&steps, 1) + 1 == dies_at) abort();
}

#define NEXT(name) \
    static __typeof__(name) *next; \
    if (!next) next = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

/* A call that changes something: a step before it and one after. */
#define CHANGES(type, name, fd, parameters, arguments) \
    type name parameters { \
        NEXT(name); \
        step(fd); \
        type result = next arguments; \
        step(fd); \
        return result; \
    }

/* A call that only learns something: what it learned is known after it. */
#define READS(type, name, fd, parameters, arguments) \
    type name parameters { \
        NEXT(name); \
        type result = next arguments; \
        step(fd); \
        return result; \
    }

CHANGES(ssize_t, write, fd, (int fd, const void *data, size_t size), (fd, data, size))
CHANGES(ssize_t, pwrite, fd, (int fd, const void *data, size_t size, off_t at), (fd, data, size, at))
CHANGES(ssize_t, pwrite64, fd, (int fd, const void *data, size_t size, off64_t at), (fd, data, size, at))
CHANGES(ssize_t, writev, fd, (int fd, const struct iovec *parts, int count), (fd, parts, count))
CHANGES(ssize_t, send, fd, (int fd, const void *data, size_t size, int flags), (fd, data, size, flags))
CHANGES(int, connect, fd, (int fd, const struct sockaddr *to, socklen_t size), (fd, to, size))
CHANGES(int, fsync, fd, (int fd), (fd))
CHANGES(int, fdatasync, fd, (int fd), (fd))
CHANGES(int, ftruncate, fd, (int fd, off_t size), (fd, size))
CHANGES(int, ftruncate64, fd, (int fd, off64_t size), (fd, size))
CHANGES(int, rename, 0, (const char *from, const char *to), (from, to))
CHANGES(int, link, 0, (const char *from, const char *to), (from, to))
CHANGES(int, linkat, 0, (int a, const char *from, int b, const char *to, int flags), (a, from, b, to, flags))
CHANGES(int, unlink, 0, (const char *path), (path))
CHANGES(int, unlinkat, 0, (int at, const char *path, int flags), (at, path, flags))
CHANGES(int, mkdir, 0, (const char *path, mode_t mode), (path, mode))
CHANGES(int, rmdir, 0, (const char *path), (path))
READS(ssize_t, pread64, fd, (int fd, void *data, size_t size, off64_t at), (fd, data, size, at))
READS(ssize_t, recv, fd, (int fd, void *data, size_t size, int flags), (fd, data, size, flags))

#define DEADLY "Whoever fetches this letter reads no other."

ssize_t read(int fd, void *data, size_t size) {
    NEXT(read);
    ssize_t result = next(fd, data, size);
    step(fd);
    if (chokes && result > 0 && memmem(data, result, DEADLY, sizeof DEADLY - 1)) abort();
    return result;
}

/* Opening makes a file or empties it. */
#define OPENS(name, parameters, arguments) \
    int name parameters { \
        mode_t mode = 0; \
        if (flags & (O_CREAT | O_TMPFILE)) { \
            va_list list; \
            va_start(list, flags); \
            mode = va_arg(list, mode_t); \
            va_end(list); \
        } \
        NEXT(name); \
        if (flags & (O_CREAT | O_TRUNC)) step(0); \
        int result = next arguments; \
        if (flags & (O_CREAT | O_TRUNC)) step(0); \
        return result; \
    }

OPENS(open, (const char *path, int flags, ...), (path, flags, mode))
OPENS(open64, (const char *path, int flags, ...), (path, flags, mode))
OPENS(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode))
OPENS(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode))

int clock_gettime(clockid_t which, struct timespec *now) {
    NEXT(clock_gettime);
    int result = next(which, now);
    if (which == CLOCK_REALTIME) now->tv_sec += clock_shift;
    return result;
}

extern void *__libc_malloc(size_t);

__attribute__((noinline)) static int deeper(int level) {
    volatile char frame[4096];
    memset((void *)frame, level, sizeof frame);
    if (level < 0) return 0;
    return deeper(level + 1) + frame[level % 4096];
}

static void choke(size_t kind) {
    char name[16] = "";
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (strcmp(name, "parse") != 0) return;
    if (kind == 0) abort();
    if (kind == 1) deeper(0);
    if (kind == 2) {
        while (__libc_malloc(16 << 20)) {}
        abort();
    }
    if (kind == 3) raise(SIGKILL);
}

void *malloc(size_t size) {
    if (chokes && size >= 300000 && size < 340000 && size % 10000 < 3000) choke((size - 300000) / 10000);
    return __libc_malloc(size);
}
