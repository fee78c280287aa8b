import NIOCore
import NIOHTTP1

/// One client's connection: gathers requests, has them decided, writes the answers as bytes, in order.
///
/// Answers are written by hand and not by NIO's encoder, so that one can be cut in the middle. Requests that come while
/// an answer is held back (latency) wait behind it.
final class ReceiverConnection: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let reception: InvocationReception
    private let number: Int
    private var invocations = 0
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var bodyBytes = 0
    /// Whole requests behind the one whose answer is held back.
    private var waiting: [IncomingRequest] = []
    private var isHeldBack = false
    private var isClosing = false

    private var waitingBytes = 0

    /// Bodies of pipelined requests that may wait on one connection, and their number; past these it is closed.
    private static let waitingBytesMax = 16 * 1_048_576
    private static let waitingRequestsMax = 256

    init(reception: InvocationReception) {
        self.reception = reception
        number = reception.nextConnection()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isClosing { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            bodyBytes = 0
            if !isHeldBack, head.headers.first(name: "expect")?.lowercased() == "100-continue" {
                context.writeAndFlush(
                    wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")),
                    promise: nil
                )
            }
        case .body(let part):
            bodyBytes += part.readableBytes
            // One byte more than Lambda ever takes tells that it is too large; the rest is only counted.
            let room = InvocationReception.synchronousBytesMax + 1 - body.count
            body.append(contentsOf: part.readableBytesView.prefix(max(0, room)))
        case .end:
            guard let head else { return }
            let request = IncomingRequest(head: head, body: body, bodyBytes: bodyBytes)
            self.head = nil
            if isHeldBack {
                waiting.append(request)
                waitingBytes += request.body.count
                if waiting.count > Self.waitingRequestsMax || waitingBytes > Self.waitingBytesMax {
                    close(context: context)
                }
            } else {
                serve(request, context: context)
            }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        context.flush()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isClosing, error is HTTPParserError else { return close(context: context) }
        let response = Response(status: 400, contentType: "text/plain", body: "this is no HTTP/1.1 request\n")
        write(response, keepsAlive: false, context: context)
    }

    private func serve(_ request: IncomingRequest, context: ChannelHandlerContext) {
        let reply = reception.reply(to: request, connection: number, invocationsBefore: &invocations)
        let keepsAlive = request.head.isKeepAlive
        guard reply.latencyMilliseconds > 0 else { return perform(reply, keepsAlive: keepsAlive, context: context) }
        isHeldBack = true
        context.eventLoop.assumeIsolated().scheduleTask(in: .milliseconds(reply.latencyMilliseconds)) {
            guard context.channel.isActive else { return }
            self.isHeldBack = false
            self.perform(reply, keepsAlive: keepsAlive, context: context)
            self.serveWaiting(context: context)
            context.flush()
        }
    }

    private func serveWaiting(context: ChannelHandlerContext) {
        while !isHeldBack, !isClosing, !waiting.isEmpty {
            let request = waiting.removeFirst()
            waitingBytes -= request.body.count
            serve(request, context: context)
        }
    }

    private func perform(_ reply: Reply, keepsAlive: Bool, context: ChannelHandlerContext) {
        switch reply.manner {
        case .whole: write(reply.response, keepsAlive: keepsAlive, context: context)
        case .half:
            var bytes = buffer(reply.response, keepsAlive: true, context: context)
            bytes.moveWriterIndex(to: bytes.readableBytes / 2)
            writeAndClose(bytes, context: context)
        case .cut: close(context: context)
        case .hang: isHeldBack = true
        }
    }

    private func write(_ response: Response, keepsAlive: Bool, context: ChannelHandlerContext) {
        let bytes = buffer(response, keepsAlive: keepsAlive, context: context)
        if keepsAlive {
            context.write(wrapOutboundOut(bytes), promise: nil)
        } else {
            writeAndClose(bytes, context: context)
        }
    }

    private func buffer(_ response: Response, keepsAlive: Bool, context: ChannelHandlerContext) -> ByteBuffer {
        var buffer = context.channel.allocator.buffer(capacity: 512)
        response.write(into: &buffer, date: reception.date(), keepsAlive: keepsAlive)
        return buffer
    }

    private func writeAndClose(_ bytes: ByteBuffer, context: ChannelHandlerContext) {
        isClosing = true
        context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { _ in
            context.close(promise: nil)
        }
    }

    private func close(context: ChannelHandlerContext) {
        isClosing = true
        context.flush()
        context.close(promise: nil)
    }
}
