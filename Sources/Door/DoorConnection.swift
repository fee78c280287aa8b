import NIOCore
import NIOHTTP1
import OutboxCore

/// One connection: puts requests together, hands events over, and writes the answers in request order. Stands behind
/// NIO's request decoder and a `ByteGate`, with no encoder in front; confined to its event loop.
final class DoorConnection: ChannelInboundHandler, ChannelOutboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Phase {
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
    private struct Receiving {
        var outcome: Result<AcceptRequest, Refusal>
        var reply: Reply
        /// Nil for a chunked body.
        var declaredBytes: Int?
        var receivedBytes = 0
        var body: [UInt8] = []
        var memoryTaken = 0
        var isWaitingForMemory = false
        var owesContinue = false
    }

    private let loop: DoorLoop
    private let caller: Caller
    private var context: ChannelHandlerContext?
    private var phase = Phase.idle
    private var receiving: Receiving?
    private var replies = ReplyQueue()
    /// When the present phase has lasted too long.
    private var deadline = NIODeadline.distantFuture
    private var isReadHeld = false
    /// The decoder failed, or stopped in the middle: it gets nothing more.
    private var isDecoderDone = false
    /// The producer sends nothing more that matters: the connection may be closed as soon as the last reply is out.
    private var isInputDone = false
    private var isClosingReplyWritten = false
    /// Marked by a result of the present batch; each connection is written to once a batch.
    private var isTouched = false

    private static let lingerTime = TimeAmount.seconds(2)

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

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadHeld = true }
    }

    // MARK: Reading a request

    private func headArrived(_ head: HTTPRequestHead) {
        if case .ending = phase { return }
        let fields = RequestFields(head.headers)
        let now = loop.clock.now().wall
        let outcome: Result<AcceptRequest, Refusal>
        do throws(Refusal) {
            let request = try loop.rules.check(method: head.method, fields: fields, caller: caller, now: now) {
                () throws(Refusal) in try loop.target(uri: head.uri)
            }
            outcome = .success(request)
        } catch {
            outcome = .failure(error)
        }
        var receiving = Receiving(
            outcome: outcome,
            reply: Reply(
                // The decoder stops behind a request for an upgrade, which isn't granted.
                closes: !head.isKeepAlive || fields.asksForUpgrade || head.method == .CONNECT,
                saysKeepAlive: head.version == .http1_0,
                omitsBody: head.method == .HEAD
            ),
            declaredBytes: fields.isChunked ? nil : fields.contentLength
        )
        phase = .body
        if fields.hasDoubtfulCoding || (fields.isChunked && head.version != .http1_1) {
            self.receiving = receiving
            return endWith(
                Refusal(
                    .badRequest,
                    "Transfer-Encoding must be chunked and nothing else, in HTTP/1.1. The connection is closed."
                )
            )
        }
        if let declared = receiving.declaredBytes, declared > loop.limits.payloadBytesMax {
            self.receiving = receiving
            let tooLarge = tooLarge("\(declared) byte payload")
            if case .failure(let refusal) = outcome {
                endWith(refusal, lingers: true)
            } else {
                endWith(tooLarge, lingers: true)
            }
            return
        }
        let hasBody = receiving.declaredBytes != 0
        if case .failure(let refusal) = outcome {
            self.receiving = receiving
            // Whether the body still comes is up to the producer, so nothing can follow on this connection.
            if hasBody, fields.expectsContinue { endWith(refusal) }
            return
        }
        if hasBody {
            let bytes = receiving.declaredBytes ?? loop.limits.payloadBytesMax
            receiving.isWaitingForMemory = !loop.takeBodyMemory(bytes, for: self)
            receiving.memoryTaken = receiving.isWaitingForMemory ? 0 : bytes
            receiving.owesContinue = fields.expectsContinue && head.version == .http1_1
        }
        self.receiving = receiving
        sendContinueIfDue()
    }

    private func bodyArrived(_ bytes: ByteBuffer) {
        guard case .body = phase, receiving != nil else { return }
        receiving!.receivedBytes += bytes.readableBytes
        receiving!.owesContinue = false
        if receiving!.receivedBytes > loop.limits.payloadBytesMax {
            if case .failure(let refusal) = receiving!.outcome { return endWith(refusal, lingers: true) }
            return endWith(tooLarge("A payload"), lingers: true)
        }
        guard case .success = receiving!.outcome else { return }
        if receiving!.body.isEmpty, let declared = receiving!.declaredBytes {
            receiving!.body.reserveCapacity(declared)
        }
        bytes.withUnsafeReadableBytes { receiving!.body.append(contentsOf: $0) }
    }

    private func endArrived() {
        guard case .body = phase, var request = receiving else {
            // The rest of a body that was refused has been read.
            isInputDone = true
            if isClosingReplyWritten { cut() }
            return
        }
        dropReceiving()
        if request.reply.closes {
            isInputDone = true
            phase = .ending(bytesLeft: loop.limits.discardBytesMax)
        } else {
            phase = .idle
        }
        deadline = loop.eventLoop.now + idleTimeout
        do throws(Refusal) {
            let accept = try request.outcome.get()
            let event = try loop.rules.event(accept, body: request.body)
            if accept.purpose == .event {
                return loop.submit(event, for: self, replies.append(request.reply))
            }
            request.reply.answer = .dryRun
        } catch {
            request.reply.answer = .refused(error)
        }
        appendAnswered(request.reply)
    }

    /// Gives back what the request being read holds.
    private func dropReceiving() {
        guard let request = receiving else { return }
        receiving = nil
        if request.isWaitingForMemory { loop.stopWaitingForMemory(self) }
        if request.memoryTaken > 0 { loop.giveBodyMemory(request.memoryTaken) }
    }

    /// Refuses the request being read, and takes no further one. Where the rest of its body is still coming it is read
    /// and dropped, since closing at once could destroy the answer on its way.
    private func endWith(_ refusal: Refusal, lingers: Bool = false) {
        var reply = receiving?.reply ?? Reply(closes: true)
        reply.closes = true
        reply.answer = .refused(refusal)
        dropReceiving()
        phase = .ending(bytesLeft: loop.limits.discardBytesMax)
        deadline = loop.eventLoop.now + (lingers ? requestTimeout : Self.lingerTime)
        appendAnswered(reply)
    }

    private func appendAnswered(_ reply: Reply) {
        if let answer = reply.answer { loop.count(answer) }
        _ = replies.append(reply)
        loop.endTurnSoon()
    }

    private func tooLarge(_ what: String) -> Refusal {
        Refusal(
            .requestEntityTooLarge,
            "\(what) is too large for the Event invocation type (limit \(loop.limits.payloadBytesMax) bytes)."
        )
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
        if case .idle = phase { deadline = loop.eventLoop.now + idleTimeout }
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        sendContinueIfDue()
        resumeReading()
    }

    /// `100 Continue` goes out once all earlier requests are answered and there is room for the body.
    private func sendContinueIfDue() {
        guard let request = receiving, request.owesContinue, !request.isWaitingForMemory, replies.isEmpty, let context
        else { return }
        receiving!.owesContinue = false
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: ReplyWriter.continueBytes)), promise: nil)
    }

    // MARK: Back-pressure, time and the end

    private var mayRead: Bool {
        switch phase {
        case .ending, .closed: return true
        case .idle, .head, .body: break
        }
        return receiving?.isWaitingForMemory != true && replies.count < loop.limits.pipelinedRequestsMax
            && context?.channel.isWritable != false
    }

    private func resumeReading() {
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// There is room for the body that waits.
    func memoryGranted(_ bytes: Int) {
        guard receiving?.isWaitingForMemory == true else { return loop.giveBodyMemory(bytes) }
        receiving!.isWaitingForMemory = false
        receiving!.memoryTaken = bytes
        deadline = loop.eventLoop.now + requestTimeout
        sendContinueIfDue()
        resumeReading()
    }

    func checkTimeout(_ now: NIODeadline) {
        guard now >= deadline else { return }
        switch phase {
        case .head, .body:
            guard receiving?.isWaitingForMemory != true else { return }
            loop.counters.timeouts += 1
            isDecoderDone = true
            endWith(Refusal(.requestTimeout, "The request did not arrive whole in time. Send it again."))
            writeReady()
        case .idle:
            guard replies.isEmpty else { return }
            loop.counters.timeouts += 1
            cut()
        case .ending:
            if isClosingReplyWritten { cut() }
        case .closed: break
        }
    }

    /// The daemon is stopping: what was read whole is answered, what wasn't is refused, and then the connection ends.
    func beginDraining() {
        switch phase {
        case .idle:
            if replies.isEmpty { return cut() }
            replies.closeBehindLast()
            isInputDone = true
            phase = .ending(bytesLeft: 0)
        case .head, .body:
            isDecoderDone = true
            endWith(
                Refusal(.serviceUnavailable, "The daemon is shutting down. Send it again.", retryAfter: .seconds(1))
            )
        case .ending, .closed: return
        }
        writeReady()
    }

    /// Closes without further ado.
    func cut() { context?.close(promise: nil) }

    private var idleTimeout: TimeAmount { .milliseconds(loop.limits.idleTimeout.milliseconds) }
    private var requestTimeout: TimeAmount { .milliseconds(loop.limits.requestTimeout.milliseconds) }
}
