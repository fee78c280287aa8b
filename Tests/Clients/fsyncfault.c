// Preloaded into the daemon: fsync and fdatasync fail with EIO while the file named by OUTBOX_FSYNC_FAULT exists.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int synced(const char *name, int fd) {
    const char *marker = getenv("OUTBOX_FSYNC_FAULT");
    if (marker && access(marker, F_OK) == 0) {
        errno = EIO;
        return -1;
    }
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    return real(fd);
}

int fsync(int fd) { return synced("fsync", fd); }
int fdatasync(int fd) { return synced("fdatasync", fd); }
