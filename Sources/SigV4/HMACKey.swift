import COpenSSL

/// A key for HMAC-SHA-256 inside its own libcrypto context. One thread at a time.
final class HMACKey {
    private let context: OpaquePointer

    init(_ key: [UInt8]) {
        guard let context = outbox_hmac_sha256_new(key, key.count) else {
            preconditionFailure("libcrypto offers no HMAC-SHA-256")
        }
        self.context = context
    }

    deinit {
        EVP_MAC_CTX_free(context)
    }

    /// - Precondition: `result` has room for 32 bytes.
    func code(of bytes: UnsafeRawBufferPointer, into result: UnsafeMutablePointer<UInt8>) {
        let done = outbox_hmac_sha256(context, bytes.baseAddress, bytes.count, result)
        precondition(done == 1, "libcrypto failed to compute HMAC-SHA-256")
    }

    func code(of text: String) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: SHA256.byteCount) { buffer, count in
            Array(text.utf8).withUnsafeBytes { code(of: $0, into: buffer.baseAddress!) }
            count = SHA256.byteCount
        }
    }
}
