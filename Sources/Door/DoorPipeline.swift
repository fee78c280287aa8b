import NIOCore
import NIOHTTP1

/// Builds the pipeline of one connection: gate, NIO's request decoder, connection.
enum DoorPipeline {
    static func configure(_ channel: any Channel, loop: DoorLoop, caller: Caller) throws {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = loop.limits.headerBytesMax
        limits.maxHeaderListSize = loop.limits.headerBytesMax
        limits.maxHeaderFieldCount = loop.limits.headerCountMax
        let connection = DoorConnection(loop: loop, caller: caller)
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(ByteGate(connection))
        try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
        try pipeline.addHandler(connection)
    }
}

/// Answers a connection past `connectionsMax` and closes it.
final class TurnAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    static let message =
        "{\"Type\":\"Service\",\"message\":\"Too many connections are open. Close some, or try again.\"}"
    static let bytes = Array(
        """
        HTTP/1.1 503 Service Unavailable\r
        Content-Length: \(message.utf8.count)\r
        Content-Type: application/json\r
        x-amzn-ErrorType: ServiceUnavailableException\r
        Retry-After: 1\r
        Connection: close\r
        \r
        \(message)
        """.utf8
    )

    func channelActive(context: ChannelHandlerContext) {
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: Self.bytes)), promise: written)
    }
}
