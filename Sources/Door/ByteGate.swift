import NIOCore

/// Stands in front of the decoder: tells the connection that bytes have come, before any request is whole, and keeps
/// them from a decoder that has failed.
final class ByteGate: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let connection: DoorConnection

    init(_ connection: DoorConnection) {
        self.connection = connection
    }

    /// The last byte goes to the decoder by itself: where a request ended before it, it is the next one's, whose clock
    /// starts then.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        if let front = bytes.readSlice(length: bytes.readableBytes - 1), front.readableBytes > 0 {
            guard connection.bytesArrived(front.readableBytes) else { return }
            context.fireChannelRead(wrapInboundOut(front))
        }
        guard connection.bytesArrived(bytes.readableBytes) else { return }
        context.fireChannelRead(wrapInboundOut(bytes))
        connection.readEnded()
    }
}
