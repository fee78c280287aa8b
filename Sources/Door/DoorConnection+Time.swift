import NIOCore
import OutboxCore

/// Back-pressure, time, and the end of a connection.
extension DoorConnection {
    func read(context: ChannelHandlerContext) {
        if mayRead { return context.read() }
        isReadHeld = true
        if isHeldByDoor, clockStoppedAt == nil { clockStoppedAt = loop.eventLoop.now }
    }

    private var mayRead: Bool {
        switch phase {
        // Past what may be dropped there is nothing to be done before the last reply is out.
        case .ending(let bytesLeft): bytesLeft > 0 || isClosingReplyWritten
        case .closed: true
        case .idle, .head, .body: !isHeldByDoor && context?.channel.isWritable != false
        }
    }

    /// It isn't the producer's doing that nothing is read.
    private var isHeldByDoor: Bool {
        receiving?.isWaitingForMemory == true || replies.count >= loop.limits.pipelinedRequestsMax
    }

    func resumeReading() {
        if let since = clockStoppedAt, !isHeldByDoor {
            deadline = deadline + (loop.eventLoop.now - since)
            clockStoppedAt = nil
            if receiving?.usesMemory == true { loop.bodyResumed(self) }
        }
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        context.read()
    }

    /// Nothing of a request has come since the last one was answered.
    var isBetweenRequests: Bool {
        if case .idle = phase { return true }
        return false
    }

    /// When the last answer was written, or the connection opened; nil while a request is under way, or answers are on
    /// their way.
    var idleSince: NIODeadline? {
        guard isBetweenRequests, replies.isEmpty, let channel = context?.channel,
            (try? channel.syncOptions?.getOption(.bufferedWritableBytes)) == 0
        else { return nil }
        return deadline - idleTimeout
    }

    func checkTimeout(_ now: NIODeadline) {
        guard now >= deadline else { return }
        switch phase {
        case .head, .body:
            guard clockStoppedAt == nil else { return }
            loop.counters.timeouts += 1
            refuseRest(Refusal(.requestTimeout, "The request did not arrive whole in time. Send it again."))
        case .idle:
            guard replies.isEmpty else { return }
            loop.counters.timeouts += 1
            cut()
        case .ending:
            if isClosingReplyWritten { cut() }
        case .closed: break
        }
    }

    /// Refuses the request being read, whose rest is not waited for.
    func refuseRest(_ refusal: Refusal) {
        isDecoderDone = true
        endWith(refusal)
        writeReady()
    }

    /// The daemon is stopping: what is being read may come whole, is answered, and then the connection ends.
    func beginDraining() {
        switch phase {
        case .idle:
            // A request may be on its way.
            if replies.isEmpty { return }
            replies.closeBehindLast()
            isInputDone = true
            phase = .ending(bytesLeft: 0)
            writeReady()
        // A head that comes now says so itself.
        case .body: receiving?.reply.closes = true
        case .head, .ending, .closed: return
        }
    }

    /// While draining: nothing came for a moment.
    func endIfIdle() {
        if case .idle = phase, replies.isEmpty { cut() }
    }

    /// While draining: what isn't whole by now is refused.
    func refuseUnfinished() {
        switch phase {
        case .head, .body:
            refuseRest(
                Refusal(.serviceUnavailable, "The daemon is shutting down. Send it again.", retryAfter: .seconds(1))
            )
        case .idle, .ending, .closed: return
        }
    }

    /// Closes without further ado.
    func cut() { context?.close(promise: nil) }

    var idleTimeout: TimeAmount { .milliseconds(loop.limits.idleTimeout.milliseconds) }
    var requestTimeout: TimeAmount { .milliseconds(loop.limits.requestTimeout.milliseconds) }
}
