import CCurl
package import OutboxCore

/// What libcurl says about a transfer that ended without a whole answer.
package struct TransferEnd: Hashable, Sendable {
    /// A CURLcode other than CURLE_OK.
    package var code: UInt32
    /// The request was given to the network.
    package var sent: Bool
    /// We stopped it: the answer was larger than we take.
    package var tooLarge = false
    /// We stopped it: libcurl was about to send the request a second time.
    package var repeated = false
    /// The name was resolved (or needed no look-up).
    package var resolved = true
    /// A proxy is configured. The host may still be one of its exceptions.
    package var usesProxy = false
    /// What a proxy answered to CONNECT; 0 for nothing.
    package var proxyStatus = 0
    /// OpenSSL's result of verifying the peer's certificate; 0 for good, or not reached.
    package var verifyResult = 0
    /// The operating system's error of a failed connect, in its words.
    package var systemError: String?

    package init(code: UInt32, sent: Bool) {
        self.code = code
        self.sent = sent
    }
}

extension TransportFailure {
    /// Sorts a CURLcode. Once the request was given to the network every failure is one that may have reached Lambda,
    /// whatever its code; before that, no failure is.
    package init(_ end: TransferEnd) {
        if end.sent {
            self = TransportFailure(kind: end.kindAfterSending, sent: true, message: end.messageAfterSending)
        } else if end.code == CURLE_PEER_FAILED_VERIFICATION.rawValue, isDateProblem(end.verifyResult) {
            self = .certificateDate
        } else {
            self = TransportFailure(kind: end.kindBeforeSending, sent: false, message: end.messageBeforeSending)
        }
    }
}

extension TransferEnd {
    fileprivate var kindAfterSending: TransportFailure.Kind {
        if tooLarge { return .garbled }
        if repeated { return .cut }
        return switch CURLcode(rawValue: code) {
        case CURLE_OPERATION_TIMEDOUT: .timeout
        // libcurl's answer to something that isn't HTTP/1 at all is "unsupported protocol": it takes it for HTTP/0.9.
        case CURLE_UNSUPPORTED_PROTOCOL, CURLE_WEIRD_SERVER_REPLY, CURLE_BAD_CONTENT_ENCODING, CURLE_FILESIZE_EXCEEDED:
            .garbled
        default: .cut
        }
    }

    fileprivate var messageAfterSending: String {
        if tooLarge { return "the answer was larger than lambda-outbox takes" }
        if repeated { return "the connection was cut after the request was sent; libcurl's own repeat was refused" }
        return switch kindAfterSending {
        case .timeout: "no answer in time (libcurl error \(code))"
        case .garbled: "the answer was not HTTP (libcurl error \(code))"
        default: "\(words), after the request was sent"
        }
    }

    fileprivate var kindBeforeSending: TransportFailure.Kind {
        switch CURLcode(rawValue: code) {
        case CURLE_COULDNT_RESOLVE_HOST: .dns
        case CURLE_OPERATION_TIMEDOUT: resolved ? .connect : .dns
        case CURLE_COULDNT_RESOLVE_PROXY, CURLE_PROXY: .proxy
        case CURLE_SSL_CONNECT_ERROR, CURLE_SSL_ENGINE_NOTFOUND, CURLE_SSL_ENGINE_SETFAILED, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_CACERT_BADFILE,
            CURLE_SSL_SHUTDOWN_FAILED, CURLE_SSL_CRL_BADFILE, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH,
            CURLE_SSL_INVALIDCERTSTATUS, CURLE_SSL_CLIENTCERT:
            .tls
        case CURLE_COULDNT_CONNECT, CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR:
            isProxyRefusal || isCutByProxy ? .proxy : .connect
        default: .local
        }
    }

    fileprivate var messageBeforeSending: String {
        if proxyStatus == 407 { return "the proxy answered 407 to CONNECT: it demands a user and password" }
        if isProxyRefusal { return "the proxy answered \(proxyStatus) to CONNECT" }
        switch kindBeforeSending {
        case .dns where code == CURLE_OPERATION_TIMEDOUT.rawValue: return "the name look-up took too long"
        case .connect where code == CURLE_OPERATION_TIMEDOUT.rawValue: return "connecting took too long"
        case .tls: return verifyWords.map { "\($0) (libcurl error \(code))" } ?? words
        case .proxy where isCutByProxy:
            return "the proxy closed the connection before it led anywhere (libcurl error \(code))"
        default: return systemError.map { "\(words): \($0)" } ?? words
        }
    }

    private var isProxyRefusal: Bool { proxyStatus != 0 && proxyStatus != 200 }

    /// Connected, and closed before a request: without a proxy that is TLS's failure, which has codes of its own.
    private var isCutByProxy: Bool {
        guard usesProxy, !isProxyRefusal else { return false }
        return switch CURLcode(rawValue: code) {
        case CURLE_GOT_NOTHING, CURLE_SEND_ERROR, CURLE_RECV_ERROR: true
        default: false
        }
    }

    /// libcurl's own words for the code. Never its error buffer, which may quote the peer.
    private var words: String {
        "\(String(cString: curl_easy_strerror(CURLcode(rawValue: code)))) (libcurl error \(code))"
    }

    /// The most frequent results of X509_verify_cert, in our words.
    private var verifyWords: String? {
        switch verifyResult {
        case 0: nil
        // libcurl's own check of the name comes before it asks OpenSSL, and finds the value that it began with.
        case 1: "the certificate is for another host"
        case 2, 19, 20, 21, 27: "the certificate's authority isn't trusted here"
        case 18: "a self-signed certificate"
        case 23: "the certificate is revoked"
        case 62, 64: "the certificate is for another host"
        default: "OpenSSL verify error \(verifyResult)"
        }
    }
}

/// X509_V_ERR_CERT_NOT_YET_VALID, X509_V_ERR_CERT_HAS_EXPIRED, and the same two of a revocation list.
private func isDateProblem(_ verifyResult: Int) -> Bool {
    (9...12).contains(verifyResult)
}
