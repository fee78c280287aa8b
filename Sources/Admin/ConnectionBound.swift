import AdminAPI
import FoundationEssentials
import HTTPTypes
import Hummingbird
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTPTypes

/// How many connections of a listener are served at once. Those past it are told so and closed, whatever they send.
final class ConnectionCount: Sendable {
    private let max: Int
    private let open = NIOLockedValueBox(0)

    init(max: Int) {
        self.max = max
    }

    /// For one connection.
    func handler() -> any RemovableChannelHandler { ConnectionBound(self) }

    /// Whether there is room for one more; it counts, either way, until `left`.
    fileprivate func came() -> Bool {
        open.withLockedValue { open in
            open += 1
            return open <= max
        }
    }

    fileprivate func left() { open.withLockedValue { $0 -= 1 } }
}

/// Answers a connection past the bound with 503.
private final class ConnectionBound: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundOut = HTTPResponsePart

    private let count: ConnectionCount
    private var isServed = true

    init(_ count: ConnectionCount) {
        self.count = count
    }

    func channelActive(context: ChannelHandlerContext) {
        isServed = count.came()
        context.fireChannelActive()
        guard !isServed else { return }
        let refusal = AdminError(.unavailable, "too many connections are open here; try again")
        let body = (try? JSONEncoder().encode(refusal.body)).map { Array($0) } ?? []
        var head = HTTPResponse(status: .serviceUnavailable)
        head.headerFields = [
            .contentType: "application/json", .contentLength: "\(body.count)", .retryAfter: "1", .connection: "close",
        ]
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isServed { context.fireChannelRead(data) }
    }

    func channelInactive(context: ChannelHandlerContext) {
        count.left()
        context.fireChannelInactive()
    }
}
