import LambdaTransport
import OutboxCore
import Testing

@Suite("libcurl's codes")
struct FailureMapTests {
    private func failure(_ code: UInt32, sent: Bool, _ change: (inout TransferEnd) -> Void = { _ in })
        -> TransportFailure
    {
        var end = TransferEnd(code: code, sent: sent)
        change(&end)
        return TransportFailure(end)
    }

    @Test(
        arguments: [
            (1, TransportFailure.Kind.local), (2, .local), (3, .local), (27, .local), (43, .local), (5, .proxy),
            (97, .proxy), (6, .dns), (7, .connect), (28, .connect), (52, .connect), (55, .connect), (56, .connect),
            (35, .tls), (53, .tls), (54, .tls), (58, .tls), (59, .tls), (60, .tls), (66, .tls), (77, .tls), (80, .tls),
            (82, .tls), (83, .tls), (90, .tls), (91, .tls), (98, .tls),
        ] as [(UInt32, TransportFailure.Kind)]
    )
    func `before the request was sent`(code: UInt32, kind: TransportFailure.Kind) {
        let failure = failure(code, sent: false)
        #expect(failure.kind == kind)
        #expect(!failure.sent)
    }

    @Test(
        arguments: [
            (28, TransportFailure.Kind.timeout), (1, .garbled), (8, .garbled), (61, .garbled), (16, .cut), (18, .cut),
            (23, .cut), (35, .cut), (42, .cut), (52, .cut), (55, .cut), (56, .cut), (65, .cut), (27, .cut),
        ] as [(UInt32, TransportFailure.Kind)]
    )
    func `after the request was sent, whatever the code (P3)`(code: UInt32, kind: TransportFailure.Kind) {
        let failure = failure(code, sent: true)
        #expect(failure.kind == kind)
        #expect(failure.sent)
    }

    @Test func `a look-up that takes too long is a matter of DNS`() {
        #expect(failure(28, sent: false) { $0.resolved = false }.kind == .dns)
    }

    @Test func `a repeat that was refused is a cut, an answer too large is garbled`() {
        #expect(failure(42, sent: true) { $0.repeated = true }.kind == .cut)
        #expect(failure(23, sent: true) { $0.tooLarge = true }.kind == .garbled)
    }

    @Test(arguments: [407, 403, 502])
    func `a proxy that refuses CONNECT is named`(status: Int) {
        let failure = failure(56, sent: false) { $0.proxyStatus = status }
        #expect(failure.kind == .proxy)
        #expect(failure.message.hasPrefix("the proxy answered \(status) to CONNECT"))
        #expect(failure.message.hasSuffix("it demands a user and password") == (status == 407))
    }

    @Test(arguments: [52, 55, 56] as [UInt32])
    func `a proxy that closes before a request is named, a network that does so isn't`(code: UInt32) {
        let byProxy = failure(code, sent: false) { $0.usesProxy = true }
        #expect(byProxy.kind == .proxy && !byProxy.sent)
        #expect(byProxy.message.contains("the proxy closed the connection"))
        #expect(failure(code, sent: false).kind == .connect)
        #expect(failure(code, sent: true) { $0.usesProxy = true }.kind == .cut)
    }

    @Test(arguments: [9, 10])
    func `a certificate out of its dates says clock or certificate`(verifyResult: Int) {
        let failure = failure(60, sent: false) { $0.verifyResult = verifyResult }
        #expect(failure == .certificateDate)
        #expect(failure.message.hasPrefix("clock or certificate"))
    }

    @Test func `a certificate nobody vouches for says so`() {
        let failure = failure(60, sent: false) { $0.verifyResult = 18 }
        #expect(!failure.isCertificateDate)
        #expect(failure.message == "a self-signed certificate (libcurl error 60)")
    }

    @Test(arguments: [(1, "for another host"), (62, "for another host"), (19, "isn't trusted"), (20, "isn't trusted")])
    func `what is wrong with a certificate comes first`(verifyResult: Int, words: String) {
        let message = failure(60, sent: false) { $0.verifyResult = verifyResult }.message
        #expect(message.contains(words) && message.hasSuffix("(libcurl error 60)"))
    }
}
