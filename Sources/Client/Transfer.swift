import CCurl
import Glibc

/// One libcurl handle and everything it points to while a request runs. Confined to the thread that made it; lives
/// until the transfer is over, because libcurl keeps no Swift object alive.
final class Transfer {
    /// Answers are the daemon's own: a page of 1,000 events is well below this.
    static let replyBytesMax = 64 << 20

    let handle: OpaqueHandle
    private let socket: SocketAddress
    private var list: UnsafeMutablePointer<curl_slist>?
    private var body: UnsafeMutableBufferPointer<UInt8> = .init(start: nil, count: 0)
    private var headers: [String: String] = [:]
    private var received: [UInt8] = []
    private var tooLarge = false

    typealias OpaqueHandle = UnsafeMutableRawPointer

    init(socket: SocketAddress) {
        self.socket = socket
        guard let handle = curl_easy_init() else { preconditionFailure("libcurl has no memory") }
        self.handle = handle
    }

    deinit {
        curl_easy_cleanup(handle)
        release()
    }

    private func release() {
        curl_slist_free_all(list)
        list = nil
        body.deallocate()
        body = .init(start: nil, count: 0)
    }

    /// Makes the handle ready for a call. Connections that it has made before stay open.
    func prepare(_ call: HTTPCall) {
        curl_easy_reset(handle)
        release()
        headers = [:]
        received = []
        tooLarge = false
        let me = Unmanaged.passUnretained(self).toOpaque()
        set(CURLOPT_URL, "http://localhost\(call.target)")
        set(CURLOPT_UNIX_SOCKET_PATH, socket.path)
        set(CURLOPT_PROXY, "")
        set(CURLOPT_PROTOCOLS_STR, "http")
        set(CURLOPT_NOSIGNAL, 1)
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_CONNECTTIMEOUT, 10)
        if let seconds = call.timeoutSeconds { set(CURLOPT_TIMEOUT, seconds) }
        add("Expect:")
        for header in call.headers { add("\(header.name): \(header.value)") }
        if call.method == .post {
            body = .allocate(capacity: max(call.body.count, 1))
            _ = body.initialize(from: call.body)
            set(CURLOPT_POST, 1)
            _ = ccurl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, curl_off_t(call.body.count))
            _ = ccurl_set_pointer(handle, CURLOPT_POSTFIELDS, UnsafeRawPointer(body.baseAddress))
        }
        _ = ccurl_set_list(handle, CURLOPT_HTTPHEADER, list)
        _ = ccurl_set_pointer(handle, CURLOPT_PRIVATE, me)
        _ = ccurl_set_pointer(handle, CURLOPT_WRITEDATA, me)
        _ = ccurl_set_data_function(handle, CURLOPT_WRITEFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            return Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                .take(UnsafeRawBufferPointer(start: data, count: size * count))
        }
        _ = ccurl_set_pointer(handle, CURLOPT_HEADERDATA, me)
        _ = ccurl_set_data_function(handle, CURLOPT_HEADERFUNCTION) { data, size, count, context in
            guard let data, let context else { return 0 }
            Unmanaged<Transfer>.fromOpaque(context).takeUnretainedValue()
                .takeHeader(UnsafeRawBufferPointer(start: data, count: size * count))
            return size * count
        }
    }

    /// What a finished transfer brought.
    func result(_ code: CURLcode) -> Result<HTTPReply, ClientError> {
        guard code == CURLE_OK else { return .failure(error(code)) }
        var status = 0
        _ = ccurl_get_long(handle, CURLINFO_RESPONSE_CODE, &status)
        return .success(HTTPReply(status: status, headers: headers, body: received))
    }

    private func error(_ code: CURLcode) -> ClientError {
        let words = String(cString: curl_easy_strerror(code))
        switch code {
        case CURLE_COULDNT_CONNECT, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            var number = 0
            _ = ccurl_get_long(handle, CURLINFO_OS_ERRNO, &number)
            return .unreachable(
                SocketProblem(socket: socket, errno: Int32(truncatingIfNeeded: number), otherwise: words)
            )
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_PARTIAL_FILE, CURLE_OPERATION_TIMEDOUT:
            return .cut(words)
        case CURLE_WRITE_ERROR where tooLarge: return .garbled("an answer of more than \(Self.replyBytesMax) bytes")
        default: return .garbled(words)
        }
    }

    private func take(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard received.count + bytes.count <= Self.replyBytesMax else {
            tooLarge = true
            return 0
        }
        received.append(contentsOf: bytes)
        return bytes.count
    }

    private func takeHeader(_ bytes: UnsafeRawBufferPointer) {
        let line = String(decoding: bytes, as: UTF8.self)
        if line.hasPrefix("HTTP/") { headers = [:] }
        guard let colon = line.firstIndex(of: ":") else { return }
        let value = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
        let end = value.lastIndex { !$0.isWhitespace && !$0.isNewline }
        headers[line[..<colon].lowercased()] = end.map { String(value[...$0]) } ?? ""
    }

    private func set(_ option: CURLoption, _ value: Int) {
        let result = ccurl_set_long(handle, option, value)
        precondition(result == CURLE_OK, "libcurl refused option \(option.rawValue)")
    }

    private func set(_ option: CURLoption, _ value: String) {
        let result = ccurl_set_string(handle, option, value)
        precondition(result == CURLE_OK, "libcurl refused option \(option.rawValue)")
    }

    private func add(_ line: String) {
        list = curl_slist_append(list, line)
    }
}

/// One connection to a socket, one request at a time. Not for use by two threads at once.
struct Connection {
    private let transfer: Transfer

    init(_ socket: SocketAddress) {
        transfer = Transfer(socket: socket)
    }

    func perform(_ call: HTTPCall) throws(ClientError) -> HTTPReply {
        transfer.prepare(call)
        return try transfer.result(curl_easy_perform(transfer.handle)).get()
    }
}
