import NIOCore
import NIOHTTP1
import OutboxCore

/// One connection: puts requests together, hands events over, and writes the answers in request order. Stands behind
/// NIO's request decoder and a `ByteGate`, with no encoder in front; confined to its event loop.
final class DoorConnection: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Between requests.
        case idle
        /// Bytes of a request have come; its head isn't whole.
        case head
        case body
        /// No further request is taken. What still comes is dropped, up to so many bytes.
        case ending(bytesLeft: Int)
        case closed
    }

    /// The request that is being read.
    struct Receiving {
        var outcome: Result<WantedRequest, Refusal>
        var reply: Reply
        /// Nil for a chunked body.
        var declaredBytes: Int?
        var receivedBytes = 0
        var body: [UInt8] = []
        /// Known to the loop's body memory.
        var usesMemory = false
        var isWaitingForMemory = false
        var owesContinue = false
    }

    let loop: DoorLoop
    let caller: Caller
    var context: ChannelHandlerContext?
    var phase = Phase.idle
    var receiving: Receiving?
    var replies = ReplyQueue()
    /// When the present phase has lasted too long.
    var deadline = NIODeadline.distantFuture
    var isReadHeld = false
    /// Since when the door itself has kept the request being read from coming; its clock stands still meanwhile.
    var clockStoppedAt: NIODeadline?
    /// The decoder failed, or stopped in the middle: it gets nothing more.
    var isDecoderDone = false
    /// The producer sends nothing more that matters: the connection may be closed as soon as the last reply is out.
    var isInputDone = false
    var isClosingReplyWritten = false
    var lookupsUnderWay = 0
    /// Marked by a result of the present batch; each connection is written to once a batch.
    private var isTouched = false

    init(loop: DoorLoop, caller: Caller) {
        self.loop = loop
        self.caller = caller
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }
    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        deadline = loop.eventLoop.now + idleTimeout
        loop.opened(self)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        if case .closed = phase { return }
        dropReceiving()
        phase = .closed
        loop.closed(self)
        context.fireChannelInactive()
    }

    /// Called by the gate with bytes that are about to be decoded; false has them dropped.
    func bytesArrived(_ count: Int) -> Bool {
        switch phase {
        case .idle:
            phase = .head
            deadline = loop.eventLoop.now + requestTimeout
        case .head, .body: break
        case .ending(let bytesLeft):
            phase = .ending(bytesLeft: bytesLeft - count)
            if bytesLeft < count, isClosingReplyWritten { cut() }
        case .closed: return false
        }
        return !isDecoderDone
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): headArrived(head)
        case .body(let bytes): bodyArrived(bytes)
        case .end: endArrived()
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        writeReady()
        context.fireChannelReadComplete()
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        resumeReading()
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let fault = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        isDecoderDone = true
        switch phase {
        case .idle, .head, .body:
            let refusal =
                fault == .headerOverflow
                ? Refusal(.headersTooLarge, "The request's headers are too many or too long.")
                : Refusal(.badRequest, "The request is not HTTP/1.1 as it should be. The connection is closed.")
            endWith(refusal)
            writeReady()
        case .ending, .closed: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            isInputDone = true
            dropReceiving()
            if replies.isEmpty { return context.close(promise: nil) }
            // Half closed, as by `nc -N`: the answers are still wanted.
            replies.closeBehindLast()
            phase = .ending(bytesLeft: 0)
            writeReady()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    // MARK: Answering

    /// Takes the answer of one request. True where the connection wasn't yet among those to be written to.
    func fulfil(_ number: UInt64, _ answer: Answer) -> Bool {
        if case .closed = phase { return false }
        replies.fill(number, with: answer)
        defer { isTouched = true }
        return !isTouched
    }

    /// Writes all answers whose turn it is, in one piece.
    func writeReady() {
        isTouched = false
        if case .closed = phase { return }
        guard let context, let first = replies.popReady() else { return sendContinueIfDue() }
        let now = loop.clock.now().wall
        var buffer = context.channel.allocator.buffer(capacity: 192 * (1 + min(replies.count, 64)))
        var next: (answer: Answer, reply: Reply)? = first
        while let (answer, reply) = next {
            loop.write(answer, reply, to: &buffer, now: now)
            isClosingReplyWritten = reply.closes
            next = reply.closes ? nil : replies.popReady()
        }
        if isClosingReplyWritten, isInputDone {
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenComplete { _ in context.close(promise: nil) }
            context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
            return
        }
        if isClosingReplyWritten {
            deadline = max(deadline, loop.eventLoop.now + Self.lingerTime)
            // The producer sees the end at once, while what it still sends is read and dropped.
            let written = context.eventLoop.makePromise(of: Void.self)
            written.futureResult.assumeIsolated().whenSuccess { _ in context.close(mode: .output, promise: nil) }
            context.writeAndFlush(wrapOutboundOut(buffer), promise: written)
            return resumeReading()
        }
        if case .idle = phase { deadline = loop.eventLoop.now + idleTimeout }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        sendContinueIfDue()
        resumeReading()
    }

    /// `100 Continue` goes out once all earlier requests are answered and there is room for the body.
    func sendContinueIfDue() {
        guard let request = receiving, request.owesContinue, !request.isWaitingForMemory, replies.isEmpty, let context
        else { return }
        receiving!.owesContinue = false
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: ReplyWriter.continueBytes)), promise: nil)
    }
}
