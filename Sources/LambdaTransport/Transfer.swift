import CCurl
import Glibc
import OutboxCore

/// One easy handle with everything its transfer points into. libcurl keeps none of it alive, so whoever owns the
/// transfer keeps it until the handle has left the multi handle. Used again and again: the handle keeps its options,
/// only URL, headers, body and time limit change. Confined to the transport's thread, like the callbacks.
final class Transfer {
    let handle: UnsafeMutableRawPointer
    let network: RouteNetwork
    /// The attempt it is busy with.
    private(set) var sequence: Int64 = -1
    /// How many times libcurl was about to send the request.
    private var sendings = 0
    private var headerBytes = 0
    /// The empty line behind the headers of the last answer came in.
    private var headIsWhole = false
    private var tooLarge = false
    private var answer: [UInt8] = []
    private var body: UnsafeMutableRawBufferPointer
    private var headers: UnsafeMutablePointer<curl_slist>?
    private var url = ""

    /// Bounds of an answer. What is larger is no answer of Lambda's.
    private static let headerBytesMax = 64 * 1024
    private static let answerBytesMax = 64 * 1024
    /// A buffer of at most this size is kept between attempts.
    private static let bodyBytesKept = 16 * 1024

    init(_ options: TransportOptions, _ network: RouteNetwork) throws(TransportError) {
        guard let handle = curl_easy_init() else { throw TransportError(description: "libcurl can't make a handle") }
        self.handle = handle
        self.network = network
        body = .allocate(byteCount: Self.bodyBytesKept, alignment: 1)
        try setUp(options)
    }

    deinit {
        curl_easy_cleanup(handle)
        curl_slist_free_all(headers)
        body.deallocate()
    }
}

// MARK: - An attempt's life

extension Transfer {
    /// Loads a request. False where libcurl is out of memory or finds the URL unusable.
    func prepare(_ request: InvokeRequest, sequence: Int64, timeout: Span) -> Bool {
        self.sequence = sequence
        sendings = 0
        headerBytes = 0
        headIsWhole = false
        tooLarge = false
        answer.removeAll(keepingCapacity: true)
        if body.count < request.body.count {
            body.deallocate()
            body = .allocate(byteCount: request.body.count, alignment: 1)
        }
        body.copyBytes(from: request.body)

        var ok = setHeaders(request.headers)
        if request.url != url {
            ok = ok && ccurl_set_string(handle, CURLOPT_URL, request.url) == CURLE_OK
            url = ok ? request.url : ""
        }
        ok = ok && ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress) == CURLE_OK
        ok = ok && ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(request.body.count)) == CURLE_OK
        return ok && ccurl_set_long(handle, CURLOPT_TIMEOUT_MS, timeout.curlMilliseconds) == CURLE_OK
    }

    /// What came of it. The handle has left the multi handle, or is about to.
    func outcome(_ code: CURLcode) -> AttemptOutcome {
        guard code == CURLE_OK else { return .failed(TransportFailure(end(code))) }
        // libcurl takes a connection that ends among the headers for the end of a good answer.
        guard headIsWhole else { return .failed(TransportFailure(end(CURLE_PARTIAL_FILE))) }
        let found = AnswerHeaders(
            errorType: header("x-amzn-errortype"),
            requestID: header("x-amzn-requestid"),
            retryAfter: header("retry-after"),
            date: header("date")
        )
        return .answered(parseAnswer(status: long(CURLINFO_RESPONSE_CODE), headers: found, body: answer))
    }

    /// The outcome of an attempt that is given up while it runs.
    func abandoned(_ message: String) -> AttemptOutcome {
        .failed(TransportFailure(kind: sendings > 0 ? .cut : .local, sent: sendings > 0, message: message))
    }

    /// Frees what was the attempt's own. The handle must have left the multi handle.
    func release() {
        ccurl_set_list(handle, CURLOPT_HTTPHEADER, nil)
        curl_slist_free_all(headers)
        headers = nil
        ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, nil)
        if body.count > Self.bodyBytesKept {
            body.deallocate()
            body = .allocate(byteCount: Self.bodyBytesKept, alignment: 1)
        }
        if answer.capacity > Self.bodyBytesKept { answer = [] }
        sequence = -1
    }

    /// From start to end.
    var duration: Span {
        var microseconds: curl_off_t = 0
        ccurl_get_offset(handle, CURLINFO_TOTAL_TIME_T, &microseconds)
        return .milliseconds(Int64(microseconds) / 1000)
    }

    private func setHeaders(_ fields: [(name: String, value: String)]) -> Bool {
        // A name with nothing behind the colon takes away what libcurl would send by itself.
        guard addHeader("Expect:"), addHeader("Accept:") else { return false }
        for field in fields {
            var line = field.name
            line += ": "
            line += field.value
            guard addHeader(line) else { return false }
        }
        return ccurl_set_list(handle, CURLOPT_HTTPHEADER, headers) == CURLE_OK
    }

    private func addHeader(_ line: String) -> Bool {
        guard let longer = curl_slist_append(headers, line) else { return false }
        headers = longer
        return true
    }

    private func end(_ code: CURLcode) -> TransferEnd {
        var end = TransferEnd(code: code.rawValue, sent: sendings > 0)
        end.tooLarge = tooLarge
        end.repeated = sendings > 1
        end.usesProxy = !network.proxy.isEmpty
        end.proxyStatus = long(CURLINFO_HTTP_CONNECTCODE)
        end.verifyResult = long(CURLINFO_SSL_VERIFYRESULT)
        var lookedUp: curl_off_t = 0
        ccurl_get_offset(handle, CURLINFO_NAMELOOKUP_TIME_T, &lookedUp)
        end.resolved = lookedUp > 0
        let errno = long(CURLINFO_OS_ERRNO)
        if code == CURLE_COULDNT_CONNECT, errno != 0 { end.systemError = systemErrorText(Int32(errno)) }
        return end
    }

    private func long(_ info: CURLINFO) -> Int {
        var value = 0
        ccurl_get_long(handle, info, &value)
        return value
    }

    /// A header of the last answer; not of an interim one, a proxy's CONNECT, or a trailer.
    private func header(_ name: String) -> String? {
        var found: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(handle, name, 0, UInt32(CURLH_HEADER), -1, &found) == CURLHE_OK,
            let value = found?.pointee.value
        else { return nil }
        return String(cString: value)
    }
}

// MARK: - Called by libcurl

extension Transfer {
    /// libcurl repeats a POST by itself when a kept-alive connection dies before the answer begins. The second sending
    /// of one attempt is refused: whether there is a duplicate isn't libcurl's to decide (P3).
    fileprivate func aboutToSend() -> Int32 {
        sendings += 1
        return sendings == 1 ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT
    }

    /// Called for each line of a head, the status line and the empty one too, and for trailers.
    fileprivate func headerArrived(_ line: UnsafeRawBufferPointer) -> Int {
        headerBytes += line.count
        if headerBytes > Self.headerBytesMax { tooLarge = true }
        if line.starts(with: "HTTP/".utf8) { headIsWhole = false }
        if line.count <= 2 { headIsWhole = true }
        return tooLarge ? 0 : line.count
    }

    fileprivate func bodyArrived(_ bytes: UnsafeRawBufferPointer) -> Int {
        if answer.count + bytes.count > Self.answerBytesMax { tooLarge = true }
        if tooLarge { return 0 }
        answer.append(contentsOf: bytes)
        return bytes.count
    }
}

private func transfer(_ context: UnsafeMutableRawPointer?) -> Transfer {
    guard let context else { preconditionFailure("libcurl lost the context of a transfer") }
    return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
}

private let onSending: ccurl_prereq_function = { context, _, _, _, _ in transfer(context).aboutToSend() }

private let onHeader: ccurl_data_function = { data, size, count, context in
    transfer(context).headerArrived(UnsafeRawBufferPointer(start: data, count: size * count))
}

private let onBody: ccurl_data_function = { data, size, count, context in
    transfer(context).bodyArrived(UnsafeRawBufferPointer(start: data, count: size * count))
}

/// Firewalls drop idle flows in silence: data that isn't acknowledged for this long means a dead connection. The
/// context is the time in milliseconds itself, not a pointer.
private let onSocket: ccurl_sockopt_function = { context, socket, _ in
    var milliseconds = Int32(clamping: Int(bitPattern: context))
    // Only a better diagnosis is lost where the socket is no TCP socket.
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, &milliseconds, socklen_t(MemoryLayout<Int32>.size))
    return CURL_SOCKOPT_OK
}

// MARK: - Options that never change

extension Transfer {
    private func setUp(_ options: TransportOptions) throws(TransportError) {
        try check(ccurl_set_pointer(handle, CURLOPT_PRIVATE, Unmanaged.passUnretained(self).toOpaque()), "private")
        try setUpCallbacks(options)
        try setUpProtocol(options)
        try setUpConnections(options)
        try setUpNetwork()
    }

    private func setUpCallbacks(_ options: TransportOptions) throws(TransportError) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        try check(ccurl_set_prereq_function(handle, onSending), "prereqfunction")
        try check(ccurl_set_pointer(handle, CURLOPT_PREREQDATA, context), "prereqdata")
        try check(ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION, onHeader), "headerfunction")
        try check(ccurl_set_pointer(handle, CURLOPT_HEADERDATA, context), "headerdata")
        try check(ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION, onBody), "writefunction")
        try check(ccurl_set_pointer(handle, CURLOPT_WRITEDATA, context), "writedata")
        try check(ccurl_set_sockopt_function(handle, onSocket), "sockoptfunction")
        let unacknowledged = UnsafeRawPointer(bitPattern: max(1, options.stallTimeout.curlMilliseconds))
        try check(ccurl_set_pointer(handle, CURLOPT_SOCKOPTDATA, unacknowledged), "sockoptdata")
    }

    private func setUpProtocol(_ options: TransportOptions) throws(TransportError) {
        try set(CURLOPT_POST, 1)
        try set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        try set(CURLOPT_HTTP09_ALLOWED, 0)
        try set(CURLOPT_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_REDIR_PROTOCOLS_STR, "http,https")
        try set(CURLOPT_FOLLOWLOCATION, 0)
        try set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        try set(CURLOPT_DISALLOW_USERNAME_IN_URL, 1)
        try set(CURLOPT_PATH_AS_IS, 1)
        try set(CURLOPT_ACCEPT_ENCODING, nil)
        try set(CURLOPT_HTTP_CONTENT_DECODING, 0)
        try set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        try set(CURLOPT_USERAGENT, options.userAgent)
        try set(CURLOPT_SSL_VERIFYPEER, 1)
        try set(CURLOPT_SSL_VERIFYHOST, 2)
        try set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    }

    private func setUpConnections(_ options: TransportOptions) throws(TransportError) {
        try set(CURLOPT_NOSIGNAL, 1)
        // Without it, giving up on a slow name server waits for that name server, and with it the whole thread.
        try set(CURLOPT_QUICK_EXIT, 1)
        try set(CURLOPT_CONNECTTIMEOUT_MS, options.connectTimeout.curlMilliseconds)
        try set(CURLOPT_LOW_SPEED_LIMIT, 1)
        try set(CURLOPT_LOW_SPEED_TIME, options.stallTimeout.curlSeconds)
        try set(CURLOPT_MAXAGE_CONN, options.idleConnectionAge.curlSeconds)
        try set(CURLOPT_TCP_KEEPALIVE, 1)
        try set(CURLOPT_TCP_KEEPIDLE, 30)
        try set(CURLOPT_TCP_KEEPINTVL, 10)
    }

    /// An empty text keeps libcurl from asking the environment.
    private func setUpNetwork() throws(TransportError) {
        try set(CURLOPT_PROXY, network.proxy)
        try set(CURLOPT_NOPROXY, network.noProxy)
        try set(CURLOPT_PROXY_SSL_VERIFYPEER, 1)
        try set(CURLOPT_PROXY_SSL_VERIFYHOST, 2)
        try set(CURLOPT_PROXY_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
        guard let bundle = network.caBundle else { return }
        try set(CURLOPT_CAINFO, bundle)
        try set(CURLOPT_PROXY_CAINFO, bundle)
        // Instead of the system's authorities, not beside them.
        try set(CURLOPT_CAPATH, nil)
        try set(CURLOPT_PROXY_CAPATH, nil)
    }

    private func set(_ option: CURLoption, _ value: Int) throws(TransportError) {
        try check(ccurl_set_long(handle, option, value), "\(option.rawValue)")
    }

    private func set(_ option: CURLoption, _ value: String?) throws(TransportError) {
        try check(ccurl_set_string(handle, option, value), "\(option.rawValue)")
    }

    private func check(_ code: CURLcode, _ option: String) throws(TransportError) {
        guard code == CURLE_OK else {
            let words = String(cString: curl_easy_strerror(code))
            throw TransportError(description: "libcurl \(LIBCURL_VERSION) refuses its option \(option): \(words)")
        }
    }
}

extension Span {
    fileprivate var curlMilliseconds: Int { Int(clamping: max(1, milliseconds)) }
    fileprivate var curlSeconds: Int { Int(clamping: max(1, (milliseconds + 999) / 1000)) }
}

private func systemErrorText(_ code: Int32) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
        strerror_r(code, buffer.baseAddress!, buffer.count) == 0
            ? String(cString: buffer.baseAddress!) : "error \(code)"
    }
}
