// Feeds syslog-ng: writes bodies, a line each, into a Unix stream socket as fast as they are taken, and ends once the last
// is written. Prints one JSON object.
//
//   feedlines SOCKET CONNECTIONS LINES BYTES
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "body.h"

enum { chunkLines = 16 };

struct feeder {
    char *chunk;
    size_t bytes, written;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "feedlines SOCKET CONNECTIONS LINES BYTES\n");
        return 2;
    }
    long connections = atol(argv[2]), lines = atol(argv[3]), begun = 0;
    size_t bytes = strtoul(argv[4], NULL, 10);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (connections < 1 || lines < 1 || bytes < 48 || strlen(argv[1]) >= sizeof address.sun_path) return 2;
    strcpy(address.sun_path, argv[1]);
    struct pollfd *polls = calloc((size_t)connections, sizeof *polls);
    struct feeder *feeders = calloc((size_t)connections, sizeof *feeders);
    for (long i = 0; i < connections; i++) {
        polls[i] = (struct pollfd){.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), .events = POLLOUT};
        if (connect(polls[i].fd, (struct sockaddr *)&address, sizeof address)) die("connect");
        feeders[i].chunk = malloc(chunkLines * (bytes + 1));
    }
    double started = now();
    for (long open = connections; open > 0;) {
        if (poll(polls, (nfds_t)connections, -1) < 0 && errno != EINTR) die("poll");
        for (long i = 0; i < connections; i++) {
            struct feeder *f = &feeders[i];
            if (polls[i].fd < 0 || !polls[i].revents) continue;
            if (f->written == f->bytes) {
                f->written = f->bytes = 0;
                for (int n = 0; n < chunkLines && begun < lines; n++) {
                    f->bytes += body_write(f->chunk + f->bytes, begun++, bytes);
                }
            }
            if (f->bytes == 0) {
                close(polls[i].fd);
                polls[i].fd = -1;
                open--;
                continue;
            }
            ssize_t n = send(polls[i].fd, f->chunk + f->written, f->bytes - f->written, MSG_NOSIGNAL | MSG_DONTWAIT);
            if (n < 0 && errno != EAGAIN) die("send");
            if (n > 0) f->written += (size_t)n;
        }
    }
    printf("{\"lines\":%ld,\"seconds\":%.6f}\n", begun, now() - started);
    return 0;
}
