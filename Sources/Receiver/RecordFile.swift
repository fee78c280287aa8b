import Glibc

/// The file that a receiver appends a line to for each request. Owned by one thread; closes itself.
struct RecordFile: ~Copyable {
    private let descriptor: Int32

    private init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Opens for appending; a new file is readable for its owner only.
    static func open(_ path: String) throws(ReceiverError) -> RecordFile {
        let descriptor = Glibc.open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .recordFile(path: path, reason: String(cString: strerror(errno))) }
        return RecordFile(descriptor: descriptor)
    }

    /// The whole line, or the reason why not.
    func append(_ line: String) -> String? {
        let bytes = Array((line + "\n").utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress! + written, bytes.count - written) }
            if count < 0 {
                if errno == EINTR { continue }
                return String(cString: strerror(errno))
            }
            written += count
        }
        return nil
    }
}
