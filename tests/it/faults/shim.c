/* Lets calls that write to files of one folder fail, as a full or broken disk would. Preloaded into the program by tests.
 *
 * FAULT_FOLDER names the folder; FAULT_PLAN a file of five numbers of eight bytes, which the test writes and this reads
 * and counts in: calls seen; the first and the last that fail; the error (0: a write that comes to half, and ENOSPC from
 * then on); calls that failed. Where there is no room, what takes none works on behind the first. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

struct plan { _Atomic uint64_t seen, first, last, error, failed; };
static struct plan *plan;
static const char *folder;

#define REAL(name) static __typeof__(name) *real; if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    const char *file = getenv("FAULT_PLAN");
    folder = getenv("FAULT_FOLDER");
    int fd = file ? open(file, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0 || !folder) return;
    void *map = mmap(NULL, sizeof(struct plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map != MAP_FAILED) plan = map;
    close(fd);
}

static int is_inside(const char *path)
{
    size_t length = folder ? strlen(folder) : 0;
    return plan && length && !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

/* Names that are not whole are of the folder that the program runs in, which is the test's. */
static int is_named(const char *path) { return plan && (path[0] != '/' || is_inside(path)); }

static int is_open(int fd)
{
    char link[32], path[4096];
    if (!plan) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_inside(path);
}

enum call { OTHER, TAKES_ROOM, WRITES };

/* 0: go on; -1: half of it; else the error. */
static int fault(enum call call)
{
    uint64_t n = ++plan->seen, first = plan->first;
    if (n < first || n > plan->last) return 0;
    int error = (int)plan->error;
    if (n > first && error != EIO && call == OTHER) return 0;
    if (!error && call != WRITES) error = ENOSPC;
    plan->failed++;
    if (error) return error;
    return n == first ? -1 : ENOSPC;
}

#define FAIL_IF(is_ours, call) \
    if (is_ours) { int error = fault(call); if (error) { errno = error; return -1; } }
#define FAIL_WRITE_IF(is_ours, half) \
    if (is_ours) { int error = fault(WRITES); if (error > 0) { errno = error; return -1; } if (error < 0) { half; } }

ssize_t write(int fd, const void *bytes, size_t count)
{
    REAL(write);
    FAIL_WRITE_IF(is_open(fd), count = (count + 1) / 2)
    return real(fd, bytes, count);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    REAL(writev);
    FAIL_WRITE_IF(is_open(fd), count = (count + 1) / 2)
    return real(fd, parts, count);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at)
{
    REAL(pwrite64);
    FAIL_WRITE_IF(is_open(fd), count = (count + 1) / 2)
    return real(fd, bytes, count, at);
}

int fsync(int fd) { REAL(fsync); FAIL_IF(is_open(fd), OTHER) return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); FAIL_IF(is_open(fd), OTHER) return real(fd); }
int ftruncate64(int fd, off64_t length) { REAL(ftruncate64); FAIL_IF(is_open(fd), OTHER) return real(fd, length); }
int rename(const char *from, const char *to) { REAL(rename); FAIL_IF(is_named(to), OTHER) return real(from, to); }
int link(const char *from, const char *to) { REAL(link); FAIL_IF(is_named(to), TAKES_ROOM) return real(from, to); }
int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    REAL(linkat);
    FAIL_IF(is_named(to), TAKES_ROOM)
    return real(from_fd, from, to_fd, to, flags);
}
int unlink(const char *path) { REAL(unlink); FAIL_IF(is_named(path), OTHER) return real(path); }

/* Opening makes a file; what is only opened does not fail. */
#define OPEN(name) \
    int name(const char *path, int flags, ...) \
    { \
        REAL(name); \
        va_list more; \
        va_start(more, flags); \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(more, mode_t) : 0; \
        va_end(more); \
        FAIL_IF((flags & O_CREAT) && is_named(path), TAKES_ROOM) \
        return real(path, flags, mode); \
    }
OPEN(open)
OPEN(open64)
