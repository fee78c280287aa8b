// Closed-loop load over a Unix socket or loopback TCP: N kept-alive connections, each with one request on the way. Prints
// one JSON object; optionally a line for each answered request. One thread, epoll.
//
//   loadgen (--unix PATH | --port PORT) [--connections 64] [--requests 100000] [--seconds S] [--warm-up 0]
//           [--function orders] [--functions 0] [--bytes 300 | --bytes 60-1200] [--first 0] [--rate PER_SECOND]
//           [--header 'Name: value']… [--key-prefix P] [--same-body] [--retry SECONDS] [--record FILE]
//           [--protocol invoke | ndjson | redis] [--lines 500]
//
// --functions: so many functions in turn, named orders0, orders1 …
// --protocol: an Event invocation each; or a request of so many --lines, each an event (rates are of requests); or XADD
// to a stream of Redis.
// --retry: a request whose connection broke, or that was refused with 429 or 503, is sent again, the same bytes and the
// same Idempotency-Key, until it is answered otherwise or SECONDS have passed since it was first sent.
// SIGTERM ends it in order: nothing new is begun, what is on the way is answered first.
// A line of --record: number, status (0: given up), x-amzn-RequestId, 1 for a repeat, tries, first sent and answered in
// nanoseconds since 1970.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "protocols.h"

enum { inputMax = 16384, statusMax = 600 };
static const int64_t second = 1000000000, reconnectPause = 20000000;

enum phase { idle, pausing, connecting, sending, receiving };

struct connection {
    int fd;
    enum phase phase;
    bool inUse;  // holds a request that has no answer yet
    long n;
    int tries;
    int64_t firstSent, firstSentWall, sent, wakeAt;
    char *request;
    size_t requestBytes, written, received;
    char input[inputMax];
};

static struct {
    struct sockaddr_storage address;
    socklen_t addressBytes;
    long connections, requests, first, functions, lines;
    double seconds, warmUp, rate, retry;
    const char *function, *keyPrefix, *record;
    size_t bytesLeast, bytesMost;
    bool sameBody;
    char headers[4096];
    const struct protocol *protocol;
} options = {.connections = 64, .requests = 100000, .function = "orders", .bytesLeast = 300, .bytesMost = 300,
             .lines = 500, .protocol = protocols};

static int poller;
static FILE *record;
static long begun, answered, connectionErrors, refused, retries, repeats, givenUp, statuses[statusMax];
static volatile sig_atomic_t ending;
static double *latencies;
static long latencyCount, latencyRoom;
static int64_t startedAt, measuredFrom, lastAnswer;

static int64_t now(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return t.tv_sec * second + t.tv_nsec;
}

static void die(const char *what) {
    fprintf(stderr, "loadgen: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void keepLatency(double microseconds) {
    if (latencyCount == latencyRoom) {
        latencyRoom = latencyRoom ? latencyRoom * 2 : 65536;
        latencies = realloc(latencies, (size_t)latencyRoom * sizeof *latencies);
        if (!latencies) die("memory");
    }
    latencies[latencyCount++] = microseconds;
}

static void makeRequest(struct connection *c) {
    char function[420];
    snprintf(function, sizeof function, "%s", options.function);
    if (options.functions) snprintf(function, sizeof function, "%s%ld", options.function, c->n % options.functions);
    struct wanted wanted = {
        .function = function, .headers = options.headers, .keyPrefix = options.keyPrefix, .lines = options.lines,
        .number = c->n, .bodyNumber = options.sameBody ? options.first : c->n,
        .bytesLeast = options.bytesLeast, .bytesMost = options.bytesMost};
    c->requestBytes = options.protocol->request(c->request, &wanted);
}

static void watch(struct connection *c, uint32_t events, int operation) {
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(poller, operation, c->fd, &e)) die("epoll_ctl");
}

static void write1(struct connection *c, int64_t t);

static void disconnect(struct connection *c) {
    if (c->fd >= 0) close(c->fd);
    c->fd = -1;
    c->received = 0;
}

static void finish(struct connection *c, int64_t t, int status, const char *id, size_t idBytes, bool repeat) {
    answered++;
    statuses[status]++;
    lastAnswer = t;
    if (repeat) repeats++;
    if (!status) givenUp++;
    if (t >= measuredFrom) keepLatency((double)(t - c->firstSent) / 1000);
    if (record) {
        fprintf(record, "%ld %d %.*s %d %d %lld %lld\n", c->n, status, idBytes ? (int)idBytes : 1, idBytes ? id : "-",
                repeat, c->tries, (long long)c->firstSentWall, (long long)now(CLOCK_REALTIME));
    }
    c->inUse = false;
    c->phase = idle;
}

/// The request has no answer that counts: send it again after a pause, or give it up.
static void again(struct connection *c, int64_t t) {
    if (options.retry == 0 || t - c->firstSent > (int64_t)(options.retry * (double)second)) {
        finish(c, t, 0, NULL, 0, false);
        return;
    }
    retries++;
    c->phase = pausing;
    c->wakeAt = t + reconnectPause;
}

static void broken(struct connection *c, int64_t t) {
    connectionErrors++;
    disconnect(c);
    if (c->inUse) again(c, t);
    else c->phase = idle;
}

static void begin(struct connection *c, int64_t t) {
    if (c->fd < 0) {
        c->fd = socket(options.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (c->fd < 0) die("socket");
        int on = 1;
        if (options.address.ss_family == AF_INET) setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        int result = connect(c->fd, (struct sockaddr *)&options.address, options.addressBytes);
        if (result && errno != EINPROGRESS) {
            refused++;
            broken(c, t);
            return;
        }
        watch(c, EPOLLIN | EPOLLOUT | EPOLLET, EPOLL_CTL_ADD);
    }
    c->written = c->received = 0;
    c->tries++;
    c->sent = t;
    c->phase = sending;
    write1(c, t);
}

static void write1(struct connection *c, int64_t t) {
    while (c->written < c->requestBytes) {
        ssize_t n = send(c->fd, c->request + c->written, c->requestBytes - c->written, MSG_NOSIGNAL);
        if (n < 0 && (errno == EAGAIN || errno == ENOTCONN)) return;
        if (n < 0) {
            broken(c, t);
            return;
        }
        c->written += (size_t)n;
    }
    c->phase = receiving;
}

/// Looks at what has been received; true if it held the whole answer.
static bool answer(struct connection *c, int64_t t) {
    c->input[c->received] = 0;
    struct reply reply = {0};
    if (!options.protocol->reply(c->input, c->received, &reply)) return false;
    int status = reply.status < 100 || reply.status >= statusMax ? 599 : reply.status;
    if (reply.closes) disconnect(c);
    c->received = 0;
    if (options.retry > 0 && (status == 429 || status == 503)) {
        statuses[status]++;
        again(c, t);
    } else {
        finish(c, t, status, reply.id, reply.idBytes, reply.isRepeat);
    }
    return true;
}

static void read1(struct connection *c, int64_t t) {
    while (c->fd >= 0) {
        ssize_t n = recv(c->fd, c->input + c->received, inputMax - 1 - c->received, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0 || c->phase != receiving || c->received + (size_t)n >= inputMax - 1) {
            broken(c, t);
            return;
        }
        c->received += (size_t)n;
        if (answer(c, t)) return;
    }
}

static int byValue(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

static double percentile(double p) {
    if (!latencyCount) return 0;
    long at = (long)(p / 100 * (double)(latencyCount - 1) + 0.5);
    return latencies[at];
}

/// Nothing new is to be begun any more.
static bool isOver(int64_t t) {
    return ending || begun >= options.requests
           || (options.seconds > 0 && t - measuredFrom > (int64_t)(options.seconds * (double)second));
}

static bool mayBegin(int64_t t) {
    if (isOver(t)) return false;
    return options.rate == 0 || (double)(t - startedAt) / (double)second * options.rate >= (double)begun;
}

static void run(struct connection *all) {
    struct epoll_event events[256];
    for (;;) {
        int64_t t = now(CLOCK_MONOTONIC);
        long busy = 0, pauses = 0;
        for (long i = 0; i < options.connections; i++) {
            struct connection *c = &all[i];
            if (c->phase == pausing && t >= c->wakeAt) begin(c, t);
            if (c->phase == idle && mayBegin(t)) {
                c->n = options.first + begun++;
                c->tries = 0;
                c->inUse = true;
                c->firstSent = t;
                c->firstSentWall = now(CLOCK_REALTIME);
                makeRequest(c);
                begin(c, t);
            }
            if (c->phase != idle) busy++;
            if (c->phase == pausing) pauses++;
        }
        if (!busy && isOver(t)) return;
        int count = epoll_wait(poller, events, 256, pauses || options.rate > 0 ? 1 : 1000);
        if (count < 0 && errno != EINTR) die("epoll_wait");
        t = now(CLOCK_MONOTONIC);
        for (int i = 0; i < count; i++) {
            struct connection *c = events[i].data.ptr;
            if (c->fd < 0) continue;
            if (c->phase == sending && (events[i].events & EPOLLOUT)) write1(c, t);
            if (c->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))) read1(c, t);
        }
    }
}

static void end(int number) {
    (void)number;
    ending = 1;
}

static void parse(int argc, char **argv) {
    static const struct option known[] = {
        {"unix", 1, 0, 'u'},     {"port", 1, 0, 'p'},    {"connections", 1, 0, 'c'}, {"requests", 1, 0, 'n'},
        {"seconds", 1, 0, 's'},  {"warm-up", 1, 0, 'w'}, {"function", 1, 0, 'f'},    {"bytes", 1, 0, 'b'},
        {"first", 1, 0, '1'},    {"rate", 1, 0, 'r'},    {"header", 1, 0, 'H'},      {"key-prefix", 1, 0, 'k'},
        {"same-body", 0, 0, 'S'}, {"retry", 1, 0, 'R'},  {"record", 1, 0, 'o'},
        {"functions", 1, 0, 'F'}, {"protocol", 1, 0, 'P'}, {"lines", 1, 0, 'l'}, {0, 0, 0, 0}};
    for (int o; (o = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        struct sockaddr_un *local = (struct sockaddr_un *)&options.address;
        struct sockaddr_in *loopback = (struct sockaddr_in *)&options.address;
        char *rest;
        switch (o) {
        case 'u':
            local->sun_family = AF_UNIX;
            if (strlen(optarg) >= sizeof local->sun_path) errno = ENAMETOOLONG, die(optarg);
            strcpy(local->sun_path, optarg);
            options.addressBytes = sizeof *local;
            break;
        case 'p':
            loopback->sin_family = AF_INET;
            loopback->sin_port = htons((uint16_t)atoi(optarg));
            loopback->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            options.addressBytes = sizeof *loopback;
            break;
        case 'c': options.connections = atol(optarg); break;
        case 'n': options.requests = atol(optarg); break;
        case 's': options.seconds = atof(optarg); options.requests = INT64_MAX / 2; break;
        case 'w': options.warmUp = atof(optarg); break;
        case 'f': options.function = optarg; break;
        case 'F': options.functions = atol(optarg); break;
        case 'b':
            options.bytesLeast = options.bytesMost = strtoul(optarg, &rest, 10);
            if (*rest == '-') options.bytesMost = strtoul(rest + 1, NULL, 10);
            break;
        case '1': options.first = atol(optarg); break;
        case 'r': options.rate = atof(optarg); break;
        case 'H':
            if (strlen(options.headers) + strlen(optarg) + 3 > sizeof options.headers) errno = E2BIG, die("--header");
            strcat(strcat(options.headers, optarg), "\r\n");
            break;
        case 'k': options.keyPrefix = optarg; break;
        case 'S': options.sameBody = true; break;
        case 'R': options.retry = atof(optarg); break;
        case 'o': options.record = optarg; break;
        case 'P': options.protocol = protocol_named(optarg); break;
        case 'l': options.lines = atol(optarg); break;
        default: exit(2);
        }
    }
    if (!options.addressBytes || options.connections < 1 || options.bytesLeast < 48
        || options.bytesMost < options.bytesLeast || strlen(options.function) > 390
        || options.functions < 0 || options.lines < 1 || !options.protocol || (options.keyPrefix && strlen(options.keyPrefix) > 200)) {
        fprintf(stderr, "loadgen: --unix PATH or --port PORT is needed; bodies have at least 48 bytes\n");
        exit(2);
    }
}

int main(int argc, char **argv) {
    parse(argc, argv);
    signal(SIGTERM, end);
    if (options.record && !(record = fopen(options.record, "w"))) die(options.record);
    if ((poller = epoll_create1(EPOLL_CLOEXEC)) < 0) die("epoll_create1");
    struct connection *all = calloc((size_t)options.connections, sizeof *all);
    for (long i = 0; i < options.connections; i++) {
        all[i].fd = -1;
        size_t lines = strcmp(options.protocol->name, "ndjson") ? 1 : (size_t)options.lines;
        if (!(all[i].request = malloc(lines * (options.bytesMost + 500) + 6000))) die("memory");
    }
    startedAt = now(CLOCK_MONOTONIC);
    measuredFrom = startedAt + (int64_t)(options.warmUp * (double)second);
    run(all);
    if (record && fclose(record)) die(options.record);
    double took = (double)(lastAnswer - measuredFrom) / (double)second;
    qsort(latencies, (size_t)latencyCount, sizeof *latencies, byValue);
    printf("{\"answered\":%ld,\"measured\":%ld,\"seconds\":%.6f,\"rate\":%.1f,\"p50_us\":%.1f,\"p90_us\":%.1f,"
           "\"p99_us\":%.1f,\"max_us\":%.1f,\"connection_errors\":%ld,\"refused\":%ld,\"retries\":%ld,"
           "\"repeats\":%ld,\"given_up\":%ld,\"statuses\":{",
           answered, latencyCount, took, took > 0 ? (double)latencyCount / took : 0, percentile(50), percentile(90),
           percentile(99), latencyCount ? latencies[latencyCount - 1] : 0, connectionErrors, refused, retries,
           repeats, givenUp);
    const char *comma = "";
    for (int s = 0; s < statusMax; s++) {
        if (statuses[s]) printf("%s\"%d\":%ld", comma, s, statuses[s]), comma = ",";
    }
    printf("}}\n");
    return 0;
}
