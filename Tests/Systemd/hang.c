// Preloaded into the daemon: the thread that is named in the file OUTBOX_HANG stops for good at its next poll or sync.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void hang_if_named(void) {
    const char *path = getenv("OUTBOX_HANG");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0) return;
    char wanted[17] = "", name[17] = "";
    ssize_t count = read(file, wanted, sizeof wanted - 1);
    close(file);
    if (count <= 0 || prctl(PR_GET_NAME, name) != 0 || strcmp(wanted, name) != 0) return;
    for (;;) pause();
}

int poll(struct pollfd *set, nfds_t count, int timeout) {
    hang_if_named();
    int (*real)(struct pollfd *, nfds_t, int) = (int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll");
    return real(set, count, timeout);
}

// What programs call that were built with _FORTIFY_SOURCE.
int __poll_chk(struct pollfd *set, nfds_t count, int timeout, size_t size) {
    (void)size;
    return poll(set, count, timeout);
}
