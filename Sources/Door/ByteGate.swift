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

    /// The last byte that isn't a line's end goes to the decoder by itself: where a request ended before it, it is the
    /// next one's, whose clock starts then. Empty lines between requests are no part of either (RFC 9112 §2.2): they go
    /// no further, and start no clock.
    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        let view = bytes.readableBytesView
        if let last = view.lastIndex(where: { !Self.isLineEnd($0) }) {
            if connection.isBetweenRequests {
                let first = view.firstIndex { !Self.isLineEnd($0) } ?? last
                bytes.moveReaderIndex(to: first)
            }
            guard pass(bytes.readSlice(length: last - bytes.readerIndex), context),
                pass(bytes.readSlice(length: 1), context)
            else { return }
        }
        if !connection.isBetweenRequests, !pass(bytes, context) { return }
        connection.readEnded()
    }

    /// False: nothing more is wanted.
    private func pass(_ bytes: ByteBuffer?, _ context: ChannelHandlerContext) -> Bool {
        guard let bytes, bytes.readableBytes > 0 else { return true }
        guard connection.bytesArrived(bytes.readableBytes) else { return false }
        context.fireChannelRead(wrapInboundOut(bytes))
        return true
    }

    private static func isLineEnd(_ byte: UInt8) -> Bool { byte == 0x0D || byte == 0x0A }
}
