#ifndef COPENSSL_SHIM_H
#define COPENSSL_SHIM_H

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stddef.h>

// SHA-256 and HMAC-SHA-256 of OpenSSL 3 with everything slow done once: the algorithms are fetched at the first use,
// each thread keeps its digest context, each key its MAC context. Written in C because the context per thread needs
// pthread keys, and OSSL_PARAM arrays are awkward from Swift.

/// What is fetched once for the process. Never freed.
struct outbox_crypto {
    EVP_MD *sha256;
    EVP_MAC *hmac;
    pthread_key_t digest_context;
    int usable;
};

static inline struct outbox_crypto *outbox_crypto_storage(void) {
    static struct outbox_crypto storage;
    return &storage;
}

static inline void outbox_digest_context_free(void *context) {
    EVP_MD_CTX_free((EVP_MD_CTX *)context);
}

static inline void outbox_crypto_fetch(void) {
    struct outbox_crypto *crypto = outbox_crypto_storage();
    crypto->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    crypto->hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    crypto->usable = crypto->sha256 != NULL && crypto->hmac != NULL
        && pthread_key_create(&crypto->digest_context, outbox_digest_context_free) == 0;
}

/// The fetched algorithms, or NULL where libcrypto has none (no provider). Any thread.
static inline struct outbox_crypto *outbox_crypto_get(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, outbox_crypto_fetch);
    return outbox_crypto_storage()->usable ? outbox_crypto_storage() : NULL;
}

/// SHA-256 of `count` bytes into `digest` (32 bytes). 1 on success. Any thread: the context belongs to the thread.
static inline int outbox_sha256(const void *bytes, size_t count, unsigned char *digest) {
    struct outbox_crypto *crypto = outbox_crypto_get();
    if (crypto == NULL) return 0;
    EVP_MD_CTX *context = (EVP_MD_CTX *)pthread_getspecific(crypto->digest_context);
    if (context == NULL) {
        context = EVP_MD_CTX_new();
        if (context == NULL) return 0;
        if (pthread_setspecific(crypto->digest_context, context) != 0) {
            EVP_MD_CTX_free(context);
            return 0;
        }
    }
    return EVP_DigestInit_ex2(context, crypto->sha256, NULL) == 1
        && EVP_DigestUpdate(context, bytes, count) == 1
        && EVP_DigestFinal_ex(context, digest, NULL) == 1;
}

/// A MAC context that holds `key`; NULL on failure. To be freed with EVP_MAC_CTX_free. One thread at a time.
static inline EVP_MAC_CTX *outbox_hmac_sha256_new(const void *key, size_t count) {
    struct outbox_crypto *crypto = outbox_crypto_get();
    if (crypto == NULL) return NULL;
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(crypto->hmac);
    if (context == NULL) return NULL;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)"SHA256", 0),
        OSSL_PARAM_construct_end(),
    };
    if (EVP_MAC_init(context, (const unsigned char *)key, count, parameters) != 1) {
        EVP_MAC_CTX_free(context);
        return NULL;
    }
    return context;
}

/// The code of `count` bytes into `code` (32 bytes), under the key the context was made with. 1 on success.
/// Starting again without a key keeps the padded key blocks: two compressions less than a fresh context.
static inline int outbox_hmac_sha256(EVP_MAC_CTX *context, const void *bytes, size_t count, unsigned char *code) {
    size_t length = 0;
    return EVP_MAC_init(context, NULL, 0, NULL) == 1
        && EVP_MAC_update(context, (const unsigned char *)bytes, count) == 1
        && EVP_MAC_final(context, code, &length, 32) == 1
        && length == 32;
}

#endif
