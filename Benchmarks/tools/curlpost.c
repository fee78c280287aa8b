// The reference for delivery: posts bodies with libcurl's multi interface, unsigned, so many in flight on kept-alive
// connections, and prints one JSON object.
//
//   curlpost URL IN_FLIGHT REQUESTS BYTES
#include <curl/curl.h>
#include <stdlib.h>
#include <time.h>

#include "body.h"

struct slot {
    CURL *easy;
    char *body;
};

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t discard(char *data, size_t size, size_t count, void *user) {
    (void)data, (void)user;
    return size * count;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "curlpost URL IN_FLIGHT REQUESTS BYTES\n");
        return 2;
    }
    long inFlight = atol(argv[2]), requests = atol(argv[3]), begun = 0, accepted = 0, other = 0;
    size_t bytes = strtoul(argv[4], NULL, 10);
    if (inFlight < 1 || requests < 1 || bytes < 48) return 2;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURLM *multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, inFlight);
    struct curl_slist *headers = NULL;
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "X-Amz-Invocation-Type: Event");
    headers = curl_slist_append(headers, "Expect:");
    struct slot *slots = calloc((size_t)inFlight, sizeof *slots);
    for (long i = 0; i < inFlight; i++) {
        slots[i].easy = curl_easy_init();
        slots[i].body = malloc(bytes + 1);
        curl_easy_setopt(slots[i].easy, CURLOPT_URL, argv[1]);
        curl_easy_setopt(slots[i].easy, CURLOPT_HTTPHEADER, headers);
        curl_easy_setopt(slots[i].easy, CURLOPT_WRITEFUNCTION, discard);
        curl_easy_setopt(slots[i].easy, CURLOPT_PRIVATE, &slots[i]);
        curl_easy_setopt(slots[i].easy, CURLOPT_POSTFIELDS, slots[i].body);
    }
    double started = now();
    for (long i = 0; i < inFlight && begun < requests; i++) {
        curl_easy_setopt(slots[i].easy, CURLOPT_POSTFIELDSIZE, (long)body_write(slots[i].body, begun++, bytes));
        curl_multi_add_handle(multi, slots[i].easy);
    }
    while (accepted + other < requests) {
        int running;
        curl_multi_perform(multi, &running);
        CURLMsg *message;
        int left;
        while ((message = curl_multi_info_read(multi, &left))) {
            if (message->msg != CURLMSG_DONE) continue;
            struct slot *slot;
            long status = 0;
            CURL *easy = message->easy_handle;
            curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&slot);
            curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
            if (message->data.result == CURLE_OK && status == 202) accepted++;
            else other++;
            curl_multi_remove_handle(multi, easy);
            if (begun < requests) {
                curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)body_write(slot->body, begun++, bytes));
                curl_multi_add_handle(multi, easy);
            }
        }
        if (accepted + other < requests) curl_multi_poll(multi, NULL, 0, 1000, NULL);
    }
    double took = now() - started;
    printf("{\"accepted\":%ld,\"other\":%ld,\"seconds\":%.6f,\"rate\":%.1f}\n", accepted, other, took,
           (double)accepted / took);
    return other ? 1 : 0;
}
