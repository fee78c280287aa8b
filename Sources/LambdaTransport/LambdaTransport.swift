import CCurl
import Glibc
package import OutboxCore
import SigV4

/// Lambda over libcurl: one multi handle, kept-alive HTTP/1.1 connections, one easy handle per attempt in flight.
///
/// Belongs to the thread that opened it; nothing here locks, and nothing blocks but `poll`. Attempts that can't begin
/// (no credentials, a payload that doesn't match its checksum) complete at the next `poll` like all others. A request is
/// sent at most once per attempt; whatever ends it after that is marked as sent.
package struct LambdaTransport: ~Copyable, Transport {
    private let options: TransportOptions
    private var multi: UnsafeMutableRawPointer
    /// Owns what libcurl points into while a transfer runs, by sequence.
    private var active: [Int64: Transfer] = [:]
    /// Handles keep their options, so each serves one network only.
    private var idle: [RouteNetwork: [Transfer]] = [:]
    private var ready: [AttemptCompletion] = []
    private var signers: [String: RegionSigner] = [:]
    private var dropsConnections = false
    private var isShutDown = false

    /// Opens the transport and blocks SIGPIPE for this thread: OpenSSL writes to sockets without asking for its absence.
    /// A CA bundle or proxy that doesn't work is not noticed here: each attempt says so.
    package static func open(_ options: TransportOptions) throws(TransportError) -> LambdaTransport {
        guard globalInit == CURLE_OK else { throw TransportError(description: "libcurl can't be initialised") }
        blockBrokenPipeSignal()
        let network = RouteNetwork()
        let first = try Transfer(options, network)
        guard let multi = newMulti(options) else { throw TransportError(description: "libcurl is out of memory") }
        return LambdaTransport(options: options, multi: multi, idle: [network: [first]])
    }

    private init(options: TransportOptions, multi: UnsafeMutableRawPointer, idle: [RouteNetwork: [Transfer]]) {
        self.options = options
        self.multi = multi
        self.idle = idle
    }

    deinit {
        for transfer in active.values { curl_multi_remove_handle(multi, transfer.handle) }
        curl_multi_cleanup(multi)
    }

    /// Attempts that were started and have not come out of `poll` yet.
    package var activeCount: Int { active.count + ready.count }

    /// Never fails: what keeps the attempt from beginning comes out of the next `poll`.
    package mutating func start(_ attempt: AttemptRequest) {
        let sequence = attempt.event.sequence
        precondition(active[sequence] == nil, "an attempt of this event is running")
        do throws(TransportFailure) {
            guard !isShutDown else { throw local("the transport is shut down") }
            let request = try InvokeRequest.make(
                attempt,
                source: options.eventSource,
                signedBy: &signer(attempt.route.region).signer
            )
            try begin(request, over: attempt.route.network, sequence: sequence)
        } catch {
            ready.append(AttemptCompletion(sequence: sequence, outcome: .failed(error), duration: .zero))
        }
    }

    /// Moves all transfers on, and waits if none has ended; may return without completions before `wait` is over. The
    /// descriptor is only watched, its owner reads it; a negative one is none.
    package mutating func poll(wait: Span, wakeDescriptor: Int32) -> [AttemptCompletion] {
        advance()
        if ready.isEmpty {
            var extra = curl_waitfd(fd: wakeDescriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
            let milliseconds = Int32(clamping: max(0, wait.milliseconds))
            let code = curl_multi_poll(multi, &extra, wakeDescriptor < 0 ? 0 : 1, milliseconds, nil)
            if code == CURLM_OK { advance() } else { restart(code) }
        }
        if dropsConnections, active.isEmpty { dropIdleConnections() }
        defer { ready.removeAll(keepingCapacity: true) }
        return ready
    }

    /// Closes the connections that are kept alive, for a changed endpoint; those that attempts use now as soon as no
    /// attempt is running.
    package mutating func dropIdleConnections() {
        dropsConnections = !active.isEmpty
        guard !dropsConnections, let fresh = newMulti(options) else { return }
        curl_multi_cleanup(multi)
        multi = fresh
    }

    /// Gives up what is running, and closes every connection. Returns the outcomes that `poll` would have: those given
    /// up are uncertain if their request had been sent. Attempts started afterwards fail.
    package mutating func shutdown() -> [AttemptCompletion] {
        isShutDown = true
        abandonAll("given up at shutdown")
        dropIdleConnections()
        defer { ready = [] }
        return ready
    }
}

// MARK: - Transfers

extension LambdaTransport {
    private mutating func begin(
        _ request: InvokeRequest,
        over network: RouteNetwork,
        sequence: Int64
    ) throws(TransportFailure) {
        let transfer: Transfer
        if let last = idle[network]?.popLast() {
            transfer = last
        } else {
            do { transfer = try Transfer(options, network) } catch { throw local(error.description) }
        }
        let timeout = options.totalTimeout(bodyBytes: request.body.count)
        guard transfer.prepare(request, sequence: sequence, timeout: timeout),
            curl_multi_add_handle(multi, transfer.handle) == CURLM_OK
        else {
            transfer.release()
            idle[network, default: []].append(transfer)
            throw local("libcurl can't take the request: out of memory, or an endpoint that is no URL")
        }
        active[sequence] = transfer
    }

    /// Moves transfers on as far as they go without waiting.
    private mutating func advance() {
        var running: Int32 = 0
        let code = curl_multi_perform(multi, &running)
        guard code == CURLM_OK else { return restart(code) }
        var remaining: Int32 = 0
        while let message = curl_multi_info_read(multi, &remaining) {
            guard message.pointee.msg == CURLMSG_DONE else { continue }
            // The message is gone once its handle has left.
            let code = message.pointee.data.result
            finish(transferOf(message.pointee.easy_handle)) { $0.outcome(code) }
        }
    }

    private mutating func finish(_ transfer: Transfer, outcome: (Transfer) -> AttemptOutcome) {
        curl_multi_remove_handle(multi, transfer.handle)
        let sequence = transfer.sequence
        ready.append(
            AttemptCompletion(sequence: sequence, outcome: outcome(transfer), duration: transfer.duration)
        )
        transfer.release()
        idle[transfer.network, default: []].append(transfer)
        active[sequence] = nil
    }

    private mutating func abandonAll(_ message: String) {
        for transfer in Array(active.values) { finish(transfer) { $0.abandoned(message) } }
    }

    /// The multi handle failed, which only a lack of memory or of descriptors makes it do. What runs in it is given up,
    /// so that no attempt waits for ever.
    private mutating func restart(_ code: CURLMcode) {
        abandonAll("\(String(cString: curl_multi_strerror(code))) (libcurl multi error \(code.rawValue))")
        dropIdleConnections()
    }

    private mutating func signer(_ region: String) -> RegionSigner {
        if let signer = signers[region] { return signer }
        let signer = RegionSigner(region)
        signers[region] = signer
        return signer
    }
}

/// A signer is a value that can't be copied; a dictionary wants one that can.
private final class RegionSigner {
    var signer: Signer
    init(_ region: String) { signer = Signer(region: region, service: "lambda") }
}

private func local(_ message: String) -> TransportFailure {
    TransportFailure(kind: .local, sent: false, message: message)
}

/// Once a process; libcurl's own initialisation is thread-safe.
private let globalInit = curl_global_init(Int(CURL_GLOBAL_DEFAULT))

private func newMulti(_ options: TransportOptions) -> UnsafeMutableRawPointer? {
    guard let multi = curl_multi_init() else { return nil }
    guard ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, options.maxConnections) == CURLM_OK,
        ccurl_multi_set_long(multi, CURLMOPT_PIPELINING, Int(CURLPIPE_NOTHING)) == CURLM_OK
    else {
        curl_multi_cleanup(multi)
        return nil
    }
    return multi
}

private func transferOf(_ handle: UnsafeMutableRawPointer?) -> Transfer {
    var context: UnsafeMutableRawPointer?
    ccurl_get_pointer(handle, CURLINFO_PRIVATE, &context)
    guard let context else { preconditionFailure("libcurl lost the owner of a handle") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private func blockBrokenPipeSignal() {
    var signals = sigset_t()
    sigemptyset(&signals)
    sigaddset(&signals, SIGPIPE)
    pthread_sigmask(SIG_BLOCK, &signals, nil)
}
