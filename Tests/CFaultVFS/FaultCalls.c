#define _GNU_SOURCE
#include "CFaultVFS.h"
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

// Calls of the kernel's that the program makes itself, of which one can be made to fail. The names below stand before the C
// library's for all of the test program. SQLite calls most of these by other names (open64, pread64), and has a VFS of its
// own for its faults. Counted by thread: tests run beside each other.
static _Thread_local uint64_t calls, fails_at;
static _Thread_local uint32_t kinds;
static _Thread_local int reason;
static _Thread_local bool stays_so, has_struck;

static bool fails(uint32_t kind) {
    if (!(kinds & kind)) return false;
    calls++;
    if (!fails_at || calls < fails_at || (calls > fails_at && !stays_so)) return false;
    has_struck = true;
    errno = reason;
    return true;
}

void fault_calls_arm(uint32_t which, uint64_t at, int error, bool stays) {
    calls = 0;
    fails_at = at;
    kinds = which;
    reason = error;
    stays_so = stays;
    has_struck = false;
}

bool fault_calls_disarm(void) {
    bool had_struck = has_struck;
    kinds = 0;
    has_struck = false;
    return had_struck;
}

uint64_t fault_calls_count(void) { return calls; }

/// The C library's own function of this name.
#define REAL(name)                                                                                                    \
    static __typeof__(&name) real;                                                                                    \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

#define STAND_BEFORE(kind, result, failed, name, parameters, arguments)                                               \
    result name parameters {                                                                                          \
        REAL(name);                                                                                                   \
        return fails(kind) ? failed : real arguments;                                                                 \
    }

int open(const char *path, int flags, ...) {
    REAL(open);
    va_list more;
    va_start(more, flags);
    mode_t mode = flags & (O_CREAT | __O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return fails(FAULT_CALL_OPEN) ? -1 : real(path, flags, mode);
}

STAND_BEFORE(FAULT_CALL_OPEN, DIR *, NULL, opendir, (const char *path), (path))
STAND_BEFORE(FAULT_CALL_READ, ssize_t, -1, read, (int file, void *bytes, size_t count), (file, bytes, count))
STAND_BEFORE(FAULT_CALL_READ, ssize_t, -1, pread, (int file, void *bytes, size_t count, off_t at), (file, bytes, count, at))
STAND_BEFORE(FAULT_CALL_WRITE, ssize_t, -1, write, (int file, const void *bytes, size_t count), (file, bytes, count))
STAND_BEFORE(
    FAULT_CALL_WRITE, ssize_t, -1, pwrite, (int file, const void *bytes, size_t count, off_t at), (file, bytes, count, at)
)
STAND_BEFORE(FAULT_CALL_WRITE, int, -1, ftruncate, (int file, off_t size), (file, size))
STAND_BEFORE(FAULT_CALL_SYNC, int, -1, fsync, (int file), (file))
STAND_BEFORE(FAULT_CALL_NAME, int, -1, rename, (const char *path, const char *target), (path, target))
STAND_BEFORE(FAULT_CALL_NAME, int, -1, link, (const char *path, const char *target), (path, target))
STAND_BEFORE(FAULT_CALL_NAME, int, -1, unlink, (const char *path), (path))
STAND_BEFORE(FAULT_CALL_LOOK, int, -1, access, (const char *path, int how), (path, how))
STAND_BEFORE(FAULT_CALL_LOOK, int, -1, stat, (const char *path, struct stat *facts), (path, facts))
STAND_BEFORE(FAULT_CALL_LOOK, int, -1, fstat, (int file, struct stat *facts), (file, facts))
STAND_BEFORE(FAULT_CALL_LOOK, off_t, -1, lseek, (int file, off_t at, int from), (file, at, from))
STAND_BEFORE(FAULT_CALL_LOOK, int, -1, statvfs, (const char *path, struct statvfs *facts), (path, facts))
STAND_BEFORE(FAULT_CALL_LOOK, int, -1, fstatvfs, (int file, struct statvfs *facts), (file, facts))
STAND_BEFORE(FAULT_CALL_LOCK, int, -1, flock, (int file, int how), (file, how))
STAND_BEFORE(FAULT_CALL_MAP, int, reason, posix_fallocate, (int file, off_t at, off_t count), (file, at, count))
STAND_BEFORE(
    FAULT_CALL_MAP, void *, MAP_FAILED, mmap, (void *place, size_t size, int access, int flags, int file, off_t at),
    (place, size, access, flags, file, at)
)
