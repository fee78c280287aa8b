import NIOPosix
import Testing

#if canImport(Glibc)
    import Glibc
#endif

/// A plain blocking socket: what a producer without any library does. Gives up after ten seconds without an answer.
final class RawClient: Sendable {
    let descriptor: Int32

    struct Failed: Error {
        var call: String
        var number: Int32
    }

    init(unix path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = unixAddress(path)
        try connect(&address)
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = InternetAddress(port: UInt16(port).bigEndian)
        try connect(&address)
    }

    deinit { close(descriptor) }

    private func connect<Address>(_ address: inout Address) throws {
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        let result = withSocketAddress(&address) { Glibc.connect(descriptor, $0, $1) }
        guard result == 0 else { throw Failed(call: "connect", number: errno) }
    }

    func send(_ text: String) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failed(call: "send", number: errno) }
            bytes = bytes.dropFirst(count)
        }
    }

    /// Says that nothing more will be sent.
    func finishSending() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// Reads until so many answers are whole.
    func responses(_ count: Int) throws -> [Response] {
        var bytes: [UInt8] = []
        while true {
            let text = String(decoding: bytes, as: UTF8.self)
            let responses = Response.parse(text)
            if responses.count >= count, let last = responses.last,
                text.contains("\r\n\r\n"), last.body.utf8.count == Int(last.headers["content-length"] ?? "0")
            {
                return responses
            }
            let more = try read()
            guard !more.isEmpty else { return responses }
            bytes += more
        }
    }

    /// The same, without blocking a thread that tasks run on: for answers that a task has to make.
    func responsesAside(_ count: Int) async throws -> [Response] {
        try await NIOThreadPool.singleton.runIfActive { try self.responses(count) }
    }

    /// True once the other side has closed and everything was read.
    func isAtEnd() throws -> Bool { try read().isEmpty }

    private func read() throws -> [UInt8] {
        var chunk = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count >= 0 else { throw Failed(call: "recv", number: errno) }
        return Array(chunk[..<count])
    }
}

/// Laid out as `sockaddr_in`; which module owns that one's members depends on what else was imported.
private struct InternetAddress {
    var family = UInt16(AF_INET)
    var port: UInt16
    var address = UInt32(0x7F00_0001).bigEndian
    var padding: UInt64 = 0
}

func unixAddress(_ path: String) -> sockaddr_un {
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    return address
}

func withSocketAddress<Address>(
    _ address: inout Address,
    _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32
) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, socklen_t(MemoryLayout<Address>.size)) }
    }
}

/// A fresh folder, gone with its contents at the end of the test.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/door-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw RawClient.Failed(call: "mkdtemp", number: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit {
        guard let stream = opendir(path) else { return }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            unlink(path + "/" + name)
        }
        closedir(stream)
        rmdir(path)
    }

    func file(_ name: String) -> String { path + "/" + name }

    /// A socket that listens at a path, as a service manager would hand it in.
    static func listen(at path: String) throws -> Int32 {
        let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = unixAddress(path)
        guard withSocketAddress(&address, { bind(descriptor, $0, $1) }) == 0, Glibc.listen(descriptor, 16) == 0 else {
            throw RawClient.Failed(call: "listen", number: errno)
        }
        return descriptor
    }

    func mode(_ name: String) -> UInt32? {
        var status = stat()
        return lstat(file(name), &status) == 0 ? status.st_mode & 0o7777 : nil
    }
}
