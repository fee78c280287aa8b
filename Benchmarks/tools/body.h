/// The event bodies that the load generator sends and the references post: made from a number alone, so that whoever
/// reads them back can tell what they must be. Spaces and the line end are there to show a body that was re-written.
#pragma once
#include <stdio.h>
#include <string.h>

/// Bytes of body `n` for sizes from `least` to `most`.
static inline size_t body_bytes(long n, size_t least, size_t most) {
    return least + (size_t)((unsigned long)n * 7919ul % (most - least + 1));
}

/// Writes body `n` of `bytes` bytes (at least 48) into `out`, which has room for `bytes + 1`.
static inline size_t body_write(char *out, long n, size_t bytes) {
    size_t at = (size_t)sprintf(out, "{ \"n\":%ld,  \"pad\":\"", n);
    for (size_t i = 0; at + 4 < bytes; i++) out[at++] = (char)('a' + (i + (size_t)n) % 26);
    memcpy(out + at, "\" }\n", 5);
    return at + 4;
}
