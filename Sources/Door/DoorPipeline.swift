import NIOCore
import NIOHTTP1
import OutboxCore

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

/// Answers a connection past `connectionsMax` and closes it, whatever it sends.
final class TurnAway: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let loop: DoorLoop

    init(loop: DoorLoop) {
        self.loop = loop
    }

    func channelActive(context: ChannelHandlerContext) {
        let answer = Answer.refused(
            Refusal(
                .serviceUnavailable,
                "Too many connections are open (door.max_connections). Close some, or try again.",
                retryAfter: .seconds(1)
            )
        )
        loop.count(answer)
        loop.endTurnSoon()
        var buffer = context.channel.allocator.buffer(capacity: 512)
        loop.write(answer, Reply(closes: true), to: &buffer, now: loop.clock.now().wall)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
}
