/// How the load generator writes a request and reads an answer in each protocol that it speaks.
#pragma once
#include <stdbool.h>
#include <stdlib.h>
#include <strings.h>

#include "body.h"

/// What is asked for. NDJSON: so many events, the first of number `number`; the others know one.
struct wanted {
    const char *function, *headers, *keyPrefix;
    long number, bodyNumber, lines;
    size_t bytesLeast, bytesMost;
};

/// What was answered; `status` in the words of HTTP.
struct reply {
    int status;
    const char *id;
    size_t idBytes;
    bool isRepeat, closes;
};

struct protocol {
    const char *name;
    /// Writes a request and gives its bytes.
    size_t (*request)(char *out, const struct wanted *w);
    /// Reads an answer that ends with a zero behind what was received; false if it isn't whole yet.
    bool (*reply)(const char *input, size_t received, struct reply *r);
};

static inline size_t invoke_request(char *out, const struct wanted *w) {
    size_t bytes = body_bytes(w->bodyNumber, w->bytesLeast, w->bytesMost);
    char key[300] = "";
    if (w->keyPrefix) snprintf(key, sizeof key, "Idempotency-Key: %s%ld\r\n", w->keyPrefix, w->number);
    int head = sprintf(out,
                       "POST /2015-03-31/functions/%s/invocations HTTP/1.1\r\nHost: localhost\r\n"
                       "X-Amz-Invocation-Type: Event\r\n%s%sContent-Length: %zu\r\n\r\n",
                       w->function, key, w->headers, bytes);
    return (size_t)head + body_write(out + head, w->bodyNumber, bytes);
}

/// The body's last byte, a line end, stays away: it would end the line.
static inline size_t ndjson_request(char *out, const struct wanted *w) {
    static const char before[] = "{\"function\":\"%s\",\"payload\":", after[] = "}\n";
    size_t around = strlen(before) - 2 + strlen(w->function) + strlen(after), length = 0;
    long first = w->number * w->lines;
    for (long n = first; n < first + w->lines; n++) length += around + body_bytes(n, w->bytesLeast, w->bytesMost) - 1;
    char *at = out + sprintf(out,
                             "POST /outbox/v1/events HTTP/1.1\r\nHost: localhost\r\n"
                             "Content-Type: application/x-ndjson\r\n%sContent-Length: %zu\r\n\r\n",
                             w->headers, length);
    for (long n = first; n < first + w->lines; n++) {
        at += sprintf(at, before, w->function);
        at += body_write(at, n, body_bytes(n, w->bytesLeast, w->bytesMost)) - 1;
        at += sprintf(at, after);
    }
    return (size_t)(at - out);
}

/// One entry of a stream that is named as the function.
static inline size_t xadd_request(char *out, const struct wanted *w) {
    size_t bytes = body_bytes(w->bodyNumber, w->bytesLeast, w->bytesMost);
    char *at = out + sprintf(out, "*5\r\n$4\r\nXADD\r\n$%zu\r\n%s\r\n$1\r\n*\r\n$4\r\nbody\r\n$%zu\r\n",
                             strlen(w->function), w->function, bytes);
    at += body_write(at, w->bodyNumber, bytes);
    memcpy(at, "\r\n", 2);
    return (size_t)(at + 2 - out);
}

static inline const char *header_value(const char *head, const char *name, size_t *bytes) {
    size_t nameBytes = strlen(name);
    for (const char *line = strstr(head, "\r\n"); line && line[2] != '\r'; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, nameBytes) || line[2 + nameBytes] != ':') continue;
        const char *value = line + 3 + nameBytes;
        while (*value == ' ') value++;
        *bytes = strcspn(value, "\r\n");
        return value;
    }
    *bytes = 0;
    return NULL;
}

static inline bool http_reply(const char *input, size_t received, struct reply *r) {
    const char *end = strstr(input, "\r\n\r\n");
    if (!end) return false;
    size_t bytes;
    const char *length = header_value(input, "content-length", &bytes);
    size_t total = (size_t)(end + 4 - input) + (length ? strtoul(length, NULL, 10) : 0);
    if (received < total) return false;
    r->status = atoi(input + 9);
    r->id = header_value(input, "x-amzn-requestid", &r->idBytes);
    r->isRepeat = header_value(input, "outbox-repeat", &bytes) != NULL;
    const char *closing = header_value(input, "connection", &bytes);
    r->closes = closing && !strncasecmp(closing, "close", 5);
    return true;
}

/// The new entry's id is 202, everything else an error.
static inline bool redis_reply(const char *input, size_t received, struct reply *r) {
    const char *line = strstr(input, "\r\n");
    if (!line) return false;
    if (*input != '$') {
        *r = (struct reply){.status = 500};
        return true;
    }
    size_t bytes = strtoul(input + 1, NULL, 10);
    if (received < (size_t)(line - input) + 2 + bytes + 2) return false;
    *r = (struct reply){.status = 202, .id = line + 2, .idBytes = bytes};
    return true;
}

static const struct protocol protocols[] = {
    {"invoke", invoke_request, http_reply},
    {"ndjson", ndjson_request, http_reply},
    {"redis", xadd_request, redis_reply},
};

/// NULL if there is none of this name.
static inline const struct protocol *protocol_named(const char *name) {
    for (size_t i = 0; i < sizeof protocols / sizeof *protocols; i++) {
        if (!strcmp(protocols[i].name, name)) return &protocols[i];
    }
    return NULL;
}
