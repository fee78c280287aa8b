import Glibc

/// A client on a plain socket: sends bytes, reads answers. Blocks, but never longer than ten seconds.
final class RawClient {
    private let descriptor: Int32
    private var received: [UInt8] = []

    struct Failure: Error, CustomStringConvertible {
        var description: String
    }

    struct Answer {
        var status: Int
        var headers: [String: String]
        var body: String
    }

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw Failure(description: "connect: \(String(cString: strerror(errno)))") }
    }

    deinit {
        close(descriptor)
    }

    func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Failure(description: "send: \(String(cString: strerror(errno)))") }
            sent += count
        }
    }

    /// Sends an invocation.
    func invoke(
        _ label: String,
        query: String = "",
        type: String? = "Event",
        headers: [(String, String)] = [],
        body: [UInt8] = Array("{}".utf8)
    ) throws {
        var text = "POST /2015-03-31/functions/\(label)/invocations\(query) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if let type { text += "X-Amz-Invocation-Type: \(type)\r\n" }
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        try send(Array("\(text)Content-Length: \(body.count)\r\n\r\n".utf8) + body)
    }

    /// The next answer; its body by Content-Length.
    func answer() throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        var headEnd = position(of: end)
        while headEnd == nil {
            guard try readMore() else { throw Failure(description: "closed after \(received.count) bytes") }
            headEnd = position(of: end)
        }
        let head = String(decoding: received[..<headEnd!], as: UTF8.self)
        received.removeFirst(headEnd! + end.count)
        var lines = head.split(separator: "\r\n")
        let words = lines.removeFirst().split(separator: " ")
        var headers: [String: String] = [:]
        for line in lines {
            let parts = line.split(separator: ":", maxSplits: 1)
            headers[parts[0].lowercased()] = String(parts[1].drop { $0 == " " })
        }
        let length = Int(headers["content-length"] ?? "0") ?? 0
        while received.count < length {
            guard try readMore() else { throw Failure(description: "closed in the body") }
        }
        let body = String(decoding: received[..<length], as: UTF8.self)
        received.removeFirst(length)
        return Answer(status: Int(words[1]) ?? 0, headers: headers, body: body)
    }

    /// All that comes before the server closes.
    func rest() throws -> String {
        while try readMore() {}
        defer { received = [] }
        return String(decoding: received, as: UTF8.self)
    }

    /// Whether nothing has arrived, without waiting.
    var isSilent: Bool {
        var byte: UInt8 = 0
        return received.isEmpty && recv(descriptor, &byte, 1, Int32(MSG_DONTWAIT | MSG_PEEK)) < 0
            && errno == EAGAIN
    }

    /// False at the end.
    private func readMore() throws -> Bool {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        let count = recv(descriptor, &buffer, buffer.count, 0)
        if count < 0, errno == ECONNRESET { return false }
        guard count >= 0 else { throw Failure(description: "recv: \(String(cString: strerror(errno)))") }
        received += buffer[..<count]
        return count > 0
    }

    private func position(of pattern: [UInt8]) -> Int? {
        guard received.count >= pattern.count else { return nil }
        return (0...(received.count - pattern.count)).first {
            received[$0..<($0 + pattern.count)].elementsEqual(pattern)
        }
    }
}
