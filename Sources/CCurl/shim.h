// libcurl for Swift. Swift can't call C variadics, so each option setter is wrapped once per argument type. The
// parentheses around the function's name keep curl's type-checking macro from expanding: it exists only for C callers.
// All of these return what libcurl returns, and copy or keep what libcurl copies or keeps: strings are copied,
// pointers are kept.
#ifndef CCURL_SHIM_H
#define CCURL_SHIM_H

#include <curl/curl.h>

/// The signature of CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION and (with `data` written to) CURLOPT_READFUNCTION.
typedef size_t (*ccurl_data_function)(char *data, size_t size, size_t count, void *context);

/// The signature of CURLOPT_PREREQFUNCTION: the connection is ready, the request is about to be sent.
typedef int (*ccurl_prereq_function)(
    void *context, char *remote_ip, char *local_ip, int remote_port, int local_port);

/// The signature of CURLOPT_SOCKOPTFUNCTION: a socket was made and isn't connected yet.
typedef int (*ccurl_sockopt_function)(void *context, curl_socket_t socket, curlsocktype purpose);

/// Options that take a `long`.
static inline CURLcode ccurl_set_long(CURL *handle, CURLoption option, long value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// Options that take a `curl_off_t` (their names end in `_LARGE`).
static inline CURLcode ccurl_set_offset(CURL *handle, CURLoption option, curl_off_t value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// Options that take a string; libcurl copies it (all but CURLOPT_POSTFIELDS, which is a pointer). NULL resets.
static inline CURLcode ccurl_set_string(CURL *handle, CURLoption option, const char *value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// Options that take a pointer that libcurl keeps and doesn't own.
static inline CURLcode ccurl_set_pointer(CURL *handle, CURLoption option, const void *value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// Options that take a list; it must live until it is replaced or the handle is cleaned up.
static inline CURLcode ccurl_set_list(CURL *handle, CURLoption option, struct curl_slist *value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// CURLOPT_WRITEFUNCTION, CURLOPT_HEADERFUNCTION, CURLOPT_READFUNCTION.
static inline CURLcode ccurl_set_data_function(CURL *handle, CURLoption option, ccurl_data_function value) {
    return (curl_easy_setopt)(handle, option, value);
}

/// CURLOPT_PREREQFUNCTION.
static inline CURLcode ccurl_set_prereq_function(CURL *handle, ccurl_prereq_function value) {
    return (curl_easy_setopt)(handle, CURLOPT_PREREQFUNCTION, value);
}

/// CURLOPT_SOCKOPTFUNCTION.
static inline CURLcode ccurl_set_sockopt_function(CURL *handle, ccurl_sockopt_function value) {
    return (curl_easy_setopt)(handle, CURLOPT_SOCKOPTFUNCTION, value);
}

/// Facts that are a `long`.
static inline CURLcode ccurl_get_long(CURL *handle, CURLINFO info, long *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

/// Facts that are a `curl_off_t` (their names end in `_T`).
static inline CURLcode ccurl_get_offset(CURL *handle, CURLINFO info, curl_off_t *value) {
    return (curl_easy_getinfo)(handle, info, value);
}

/// Facts that are a pointer that was given with an option, such as CURLINFO_PRIVATE.
static inline CURLcode ccurl_get_pointer(CURL *handle, CURLINFO info, void **value) {
    return (curl_easy_getinfo)(handle, info, value);
}

/// Options of a multi handle that take a `long`.
static inline CURLMcode ccurl_multi_set_long(CURLM *multi, CURLMoption option, long value) {
    return (curl_multi_setopt)(multi, option, value);
}

#endif
