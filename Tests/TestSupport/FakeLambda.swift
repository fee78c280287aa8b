import Glibc

/// A Lambda endpoint for tests: raw sockets on 127.0.0.1, a script that says what to do with each request, and a record
/// of every request as it came off the wire. It misbehaves exactly as told, which no HTTP library would.
///
/// One thread accepts, and each connection has one. All of them end at `stop()`, or when the last reference goes.
package final class FakeLambda: Sendable {
    /// What to do with a connection before its first request.
    package enum Greeting: Sendable {
        case serve
        /// Closes at once.
        case close
        /// Neither reads nor answers; the connection stays open.
        case ignore
    }

    /// What to do with a request that was read whole.
    package indirect enum Step: Sendable {
        /// Answers, and keeps the connection alive.
        case answer(FakeLambdaAnswer)
        /// Sends bytes as they are and closes.
        case bytes([UInt8])
        /// Closes without a word.
        case cut
        /// Closes with a reset.
        case reset
        /// Sends bytes, then `chunk` again and again until the peer has enough.
        case endless([UInt8], chunk: [UInt8])
        /// Sends bytes one by one, so many milliseconds apart, and closes.
        case trickle([UInt8], milliseconds: Int)
        /// Says nothing more; the connection stays open.
        case silence
        /// Waits until the gate is opened.
        case hold(FakeLambdaGate, then: Step)
    }

    /// On 127.0.0.1, given by the system.
    package let port: Int
    private let listener: Int32
    private let shared: FakeLambdaMonitor<Shared>

    private struct Shared {
        var requests: [FakeLambdaRequest] = []
        var connections = 0
        /// Descriptors of open connections, which `stop` shuts down; their threads close them.
        var open: Set<Int32> = []
        var isStopped = false
        /// False once the listener is closed and its number may mean another file.
        var isListening = true
    }

    /// Listens at once.
    ///
    /// - Parameters:
    ///   - script: what to do with each request; called on the connection's thread. By default each is handed over.
    ///   - greeting: what to do with each new connection.
    package init(
        script: @escaping @Sendable (FakeLambdaRequest) -> Step = { .answer(.handedOver(for: $0)) },
        greeting: @escaping @Sendable (_ connection: Int) -> Greeting = { _ in .serve }
    ) throws {
        (listener, port) = try listenOnLoopback()
        let shared = FakeLambdaMonitor(Shared())
        self.shared = shared
        let listener = listener
        startThread {
            while true {
                let socket = accept(listener, nil, nil)
                if socket < 0 && (errno == EINTR || errno == ECONNABORTED) { continue }
                if socket < 0 { break }
                let number: Int? = shared.with { state in
                    if state.isStopped { return nil }
                    state.connections += 1
                    state.open.insert(socket)
                    return state.connections - 1
                }
                guard let number else {
                    close(socket)
                    break
                }
                startThread {
                    Self.serve(socket, connection: number, greeting: greeting(number), script: script, shared: shared)
                    shared.with { state in
                        state.open.remove(socket)
                        close(socket)
                    }
                }
            }
            shared.with { state in
                state.isListening = false
                close(listener)
            }
        }
    }

    deinit { stop() }

    /// Every request so far, in the order their last bytes came in.
    package var requests: [FakeLambdaRequest] { shared.with { $0.requests } }

    /// How many connections were accepted.
    package var connections: Int { shared.with { $0.connections } }

    /// Waits for a number of requests; false if there are fewer after so many seconds.
    @discardableResult
    package func waitForRequests(_ count: Int, seconds: Int = 20) -> Bool {
        shared.wait(seconds: seconds) { $0.requests.count >= count }
    }

    /// Closes the port and all connections.
    package func stop() {
        shared.with { state in
            guard !state.isStopped else { return }
            state.isStopped = true
            if state.isListening { shutdown(listener, Int32(SHUT_RDWR)) }
            for socket in state.open { shutdown(socket, Int32(SHUT_RDWR)) }
        }
    }
}

// MARK: - A connection's thread

extension FakeLambda {
    private static func serve(
        _ socket: Int32,
        connection: Int,
        greeting: Greeting,
        script: @Sendable (FakeLambdaRequest) -> Step,
        shared: FakeLambdaMonitor<Shared>
    ) {
        switch greeting {
        case .serve: break
        case .close: return
        case .ignore: return waitForEnd(socket)
        }
        var reader = FakeLambdaReader(socket: socket)
        var index = 0
        while var request = reader.next() {
            request.connection = connection
            request.index = index
            index += 1
            let recorded: FakeLambdaRequest = shared.with { state in
                request.number = state.requests.count
                state.requests.append(request)
                return request
            }
            guard perform(script(recorded), on: socket) else { return }
        }
    }

    /// True if the connection goes on.
    private static func perform(_ step: Step, on socket: Int32) -> Bool {
        switch step {
        case .answer(let answer):
            return sendAll(answer.bytes, to: socket)
        case .bytes(let bytes):
            sendAll(bytes, to: socket)
            return false
        case .cut:
            return false
        case .reset:
            var linger = linger(l_onoff: 1, l_linger: 0)
            setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
            return false
        case .endless(let bytes, let chunk):
            var alive = sendAll(bytes, to: socket)
            while alive { alive = sendAll(chunk, to: socket) }
            return false
        case .trickle(let bytes, let milliseconds):
            for byte in bytes {
                usleep(UInt32(milliseconds) * 1000)
                guard sendAll([byte], to: socket) else { return false }
            }
            return false
        case .silence:
            waitForEnd(socket)
            return false
        case .hold(let gate, let next):
            gate.wait()
            return perform(next, on: socket)
        }
    }
}

// MARK: - Sockets

private struct SocketError: Error { var call: String, code: Int32 }

private func listenOnLoopback() throws -> (socket: Int32, port: Int) {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard listener >= 0 else { throw SocketError(call: "socket", code: errno) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let failed: String? = withUnsafeMutablePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
            if bind(listener, generic, length) != 0 { return "bind" }
            if listen(listener, 1024) != 0 { return "listen" }
            return getsockname(listener, generic, &length) == 0 ? nil : "getsockname"
        }
    }
    if let failed {
        let code = errno
        close(listener)
        throw SocketError(call: failed, code: code)
    }
    return (listener, Int(UInt16(bigEndian: address.sin_port)))
}

@discardableResult
private func sendAll(_ bytes: [UInt8], to socket: Int32) -> Bool {
    var sent = 0
    while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
            send(socket, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
        }
        if count < 0 && errno == EINTR { continue }
        guard count > 0 else { return false }
        sent += count
    }
    return true
}

/// POLLRDHUP, which the Glibc module leaves out: the peer has closed its side.
private let pollReadHangUp: Int16 = 0x2000

/// Until the peer closes or `stop` does; what comes in meanwhile is left in the socket.
private func waitForEnd(_ socket: Int32) {
    var entry = pollfd(fd: socket, events: pollReadHangUp, revents: 0)
    while poll(&entry, 1, -1) < 0 && errno == EINTR {}
}

private final class ThreadBody {
    let run: @Sendable () -> Void
    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

private func startThread(_ run: @escaping @Sendable () -> Void) {
    var thread = pthread_t()
    let code = pthread_create(
        &thread,
        nil,
        { context in
            Unmanaged<ThreadBody>.fromOpaque(context!).takeRetainedValue().run()
            return nil
        },
        Unmanaged.passRetained(ThreadBody(run)).toOpaque()
    )
    precondition(code == 0, "no thread for a test server")
    pthread_detach(thread)
}
