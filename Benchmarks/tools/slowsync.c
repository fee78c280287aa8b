// A slow disk, for LD_PRELOAD: every fsync, fdatasync and msync(MS_SYNC) of the process waits OUTBOX_SYNC_DELAY_US
// microseconds before the real call. OUTBOX_SYNC_COUNT names a file of one 64-bit number in which the calls of all
// processes are counted, so that whoever measures can tell that they were met.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static int (*realFsync)(int), (*realFdatasync)(int), (*realMsync)(void *, size_t, int);
static long delayMicroseconds;
static _Atomic uint64_t *calls;
static __thread int isPrecise;

__attribute__((constructor)) static void prepare(void) {
    realFsync = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    realFdatasync = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    realMsync = (int (*)(void *, size_t, int))dlsym(RTLD_NEXT, "msync");
    const char *delay = getenv("OUTBOX_SYNC_DELAY_US"), *count = getenv("OUTBOX_SYNC_COUNT");
    if (delay) delayMicroseconds = atol(delay);
    int file = count ? open(count, O_RDWR | O_CLOEXEC) : -1;
    if (file < 0) return;
    void *page = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (page != MAP_FAILED) calls = page;
    close(file);
}

static void delay(void) {
    if (calls) atomic_fetch_add(calls, 1);
    if (delayMicroseconds <= 0) return;
    int saved = errno;
    if (!isPrecise) {
        // Else the kernel adds 50 µs and more to the wait.
        prctl(PR_SET_TIMERSLACK, 1);
        isPrecise = 1;
    }
    struct timespec left = {delayMicroseconds / 1000000, delayMicroseconds % 1000000 * 1000};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &left, &left) == EINTR) {}
    errno = saved;
}

int fsync(int fd) {
    delay();
    return realFsync(fd);
}

int fdatasync(int fd) {
    delay();
    return realFdatasync(fd);
}

int msync(void *start, size_t bytes, int flags) {
    if (flags & MS_SYNC) delay();
    return realMsync(start, bytes, flags);
}
