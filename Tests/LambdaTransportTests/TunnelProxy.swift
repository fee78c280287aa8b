import Foundation
import Glibc
import TestSupport

/// A forward proxy that knows CONNECT: records each head, and carries bytes to a port of 127.0.0.1, whatever the name
/// that was asked for.
final class TunnelProxy: Sendable {
    let port: Int
    private let listener: Int32
    private let seen: FakeLambdaMonitor<[String]>

    struct Failed: Error {}

    init(to target: Int) throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = loopback(port: 0)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw Failed() }
        let seen = FakeLambdaMonitor<[String]>([])
        self.listener = listener
        self.seen = seen
        port = Int(UInt16(bigEndian: address.sin_port))
        Thread.detachNewThread {
            while case let client = accept(listener, nil, nil), client >= 0 {
                Thread.detachNewThread { serve(client, target, seen) }
            }
            close(listener)
        }
    }

    deinit { shutdown(listener, Int32(SHUT_RDWR)) }

    /// The heads of all requests so far.
    var heads: [String] { seen.with { $0 } }
}

private func loopback(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    return address
}

private func serve(_ client: Int32, _ target: Int, _ seen: FakeLambdaMonitor<[String]>) {
    defer { close(client) }
    var head: [UInt8] = []
    var byte: UInt8 = 0
    while !head.suffix(4).elementsEqual("\r\n\r\n".utf8) {
        guard head.count < 65_536, read(client, &byte, 1) == 1 else { return }
        head.append(byte)
    }
    seen.with { $0.append(String(decoding: head, as: UTF8.self)) }
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    defer { close(server) }
    var address = loopback(port: target)
    let code = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard code == 0, carry(Array("HTTP/1.1 200 Connection established\r\n\r\n".utf8), to: client) else { return }
    var entries = [pollfd(fd: client, events: Int16(POLLIN), revents: 0)]
    entries.append(pollfd(fd: server, events: Int16(POLLIN), revents: 0))
    while poll(&entries, 2, -1) > 0 {
        for (index, other) in [server, client].enumerated() where entries[index].revents != 0 {
            var chunk = [UInt8](repeating: 0, count: 65_536)
            let count = read(entries[index].fd, &chunk, chunk.count)
            guard count > 0, carry(Array(chunk[..<count]), to: other) else { return }
        }
    }
}

private func carry(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
            send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
        }
        guard count > 0 else { return false }
        sent += count
    }
    return true
}
