// How long an event takes through an idle queue: hands one event after the other to a door, stands in for Lambda on a
// loopback port, and prints the time from writing the request to having its invocation whole. One JSON object.
//
//   arrival PORT EVENTS BYTES PAUSE_MS (door SOCKET | relay FILE)
//
// relay: the reference, a child process that does the least there is: it writes 4 KiB into FILE, syncs, and sends the
// request on over a kept-alive connection.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "protocols.h"

enum { connectionsMax = 64, inputMax = 65536, fileBytes = 4 << 20, timeoutMilliseconds = 30000 };

struct peer {
    int fd;
    size_t received;
    char input[inputMax];
};

static struct peer door, lambdas[connectionsMax];
static int listener, lambdaCount;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const char *what) {
    perror(what);
    exit(1);
}

static struct sockaddr_in loopback(const char *port) {
    return (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port)),
                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static void noDelay(int fd) {
    int on = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static void writeAll(int fd, const char *bytes, size_t count) {
    for (size_t done = 0; done < count;) {
        ssize_t n = send(fd, bytes + done, count - done, MSG_NOSIGNAL);
        if (n <= 0) die("send");
        done += (size_t)n;
    }
}

static void readMore(struct peer *p) {
    ssize_t n = recv(p->fd, p->input + p->received, inputMax - 1 - p->received, 0);
    if (n <= 0) {
        close(p->fd);
        p->fd = -1;
        p->received = 0;
        return;
    }
    p->received += (size_t)n;
    p->input[p->received] = 0;
}

/// Whether a message is whole; it is taken away then. Requests and answers are framed alike.
static bool whole(struct peer *p) {
    struct reply reply;
    if (p->fd < 0 || p->received == 0 || !http_reply(p->input, p->received, &reply)) return false;
    p->received = 0;
    return true;
}

static void relay(int producer, const char *path, const char *port, size_t bytes) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    static char page[4096], answer[4096];
    static const char accepted[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n";
    int file = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600), onward = socket(AF_INET, SOCK_STREAM, 0);
    // Written once before, as the log of a database is.
    for (long at = 0; at < fileBytes; at += (long)sizeof page) {
        if (pwrite(file, page, sizeof page, at) != (ssize_t)sizeof page) die(path);
    }
    if (fsync(file)) die(path);
    struct sockaddr_in address = loopback(port);
    if (connect(onward, (struct sockaddr *)&address, sizeof address)) die("connect");
    noDelay(onward);
    char *request = malloc(bytes);
    for (long at = 0;; at = (at + (long)sizeof page) % fileBytes) {
        for (size_t got = 0; got < bytes;) {
            ssize_t n = recv(producer, request + got, bytes - got, 0);
            if (n <= 0) _exit(0);
            got += (size_t)n;
        }
        memcpy(page, request, bytes < sizeof page ? bytes : sizeof page);
        if (pwrite(file, page, sizeof page, at) != (ssize_t)sizeof page || fdatasync(file)) die(path);
        writeAll(onward, request, bytes);
        writeAll(producer, accepted, sizeof accepted - 1);
        if (recv(onward, answer, sizeof answer, 0) <= 0) _exit(0);
    }
}

/// Waits until the request has arrived and the door has answered; gives the time of the arrival.
static double awaitBoth(void) {
    double arrived = 0;
    bool answered = false;
    while (!arrived || !answered) {
        struct pollfd polls[connectionsMax + 2] = {{.fd = door.fd, .events = POLLIN}, {.fd = listener, .events = POLLIN}};
        for (int i = 0; i < lambdaCount; i++) polls[i + 2] = (struct pollfd){.fd = lambdas[i].fd, .events = POLLIN};
        int known = lambdaCount;
        if (poll(polls, (nfds_t)known + 2, timeoutMilliseconds) <= 0) {
            fprintf(stderr, "arrival: an event did not arrive, or was not accepted\n");
            exit(1);
        }
        for (int i = 0; i < known; i++) {
            if (!polls[i + 2].revents) continue;
            readMore(&lambdas[i]);
            if (!whole(&lambdas[i])) continue;
            arrived = now();
            static const char answer[] = "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n"
                                         "x-amzn-RequestId: 0192f0c1-7e9a-7000-8000-000000000000\r\n\r\n";
            writeAll(lambdas[i].fd, answer, sizeof answer - 1);
        }
        if (polls[1].revents && lambdaCount < connectionsMax) {
            lambdas[lambdaCount].fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
            noDelay(lambdas[lambdaCount++].fd);
        }
        if (polls[0].revents) {
            readMore(&door);
            if (door.fd < 0 || (door.received > 12 && strncmp(door.input + 9, "202", 3))) {
                fprintf(stderr, "arrival: the door refused\n");
                exit(1);
            }
            if (whole(&door)) answered = true;
        }
    }
    return arrived;
}

static int byValue(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
    if (argc != 7 || (strcmp(argv[5], "door") && strcmp(argv[5], "relay"))) {
        fprintf(stderr, "arrival PORT EVENTS BYTES PAUSE_MS (door SOCKET | relay FILE)\n");
        return 2;
    }
    long events = atol(argv[2]);
    useconds_t pause = (useconds_t)atol(argv[4]) * 1000;
    struct wanted wanted = {.function = "orders", .headers = "", .bytesLeast = strtoul(argv[3], NULL, 10)};
    wanted.bytesMost = wanted.bytesLeast;
    if (events < 1 || wanted.bytesLeast < 48) return 2;
    signal(SIGPIPE, SIG_IGN);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int on = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    struct sockaddr_in address = loopback(argv[1]);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 64)) die("listen");
    char *request = malloc(wanted.bytesMost + 2000);
    if (!strcmp(argv[5], "relay")) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair)) die("socketpair");
        // Bodies are of one size, and so are the requests.
        size_t bytes = invoke_request(request, &wanted);
        if (fork() == 0) {
            close(pair[0]);
            relay(pair[1], argv[6], argv[1], bytes);
        }
        close(pair[1]);
        door.fd = pair[0];
    } else {
        struct sockaddr_un local = {.sun_family = AF_UNIX};
        if (strlen(argv[6]) >= sizeof local.sun_path) return 2;
        strcpy(local.sun_path, argv[6]);
        door.fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(door.fd, (struct sockaddr *)&local, sizeof local)) die(argv[6]);
    }
    // The first ones make connections and aren't counted.
    const long uncounted = 10;
    double *took = calloc((size_t)events, sizeof *took);
    for (long n = -uncounted; n < events; n++) {
        wanted.number = wanted.bodyNumber = n + uncounted;
        size_t bytes = invoke_request(request, &wanted);
        double started = now();
        writeAll(door.fd, request, bytes);
        double arrived = awaitBoth();
        if (n >= 0) took[n] = arrived - started;
        usleep(pause);
    }
    close(door.fd);
    if (!strcmp(argv[5], "relay")) wait(NULL);
    qsort(took, (size_t)events, sizeof *took, byValue);
    printf("{\"events\":%ld,\"p50_us\":%.1f,\"p99_us\":%.1f}\n", events, took[events / 2], took[events * 99 / 100]);
    return 0;
}
