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

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if connection.bytesArrived(unwrapInboundIn(data).readableBytes) { context.fireChannelRead(data) }
    }
}
