import NIOCore
import NIOHTTP1
import OutboxCore

/// Reading one request after the other.
extension DoorConnection {
    /// How long a connection whose last answer is out may take to close.
    static let lingerTime = TimeAmount.seconds(2)

    func headArrived(_ head: HTTPRequestHead) {
        switch phase {
        case .ending, .closed: return
        case .idle, .head, .body: break
        }
        // Came whole, behind another request's end in the same read.
        if case .idle = phase { deadline = loop.eventLoop.now + requestTimeout }
        let fields = RequestFields(head.headers)
        let now = loop.clock.now().wall
        let outcome: Result<WantedRequest, Refusal>
        do throws(Refusal) {
            outcome = .success(try wanted(head, fields, now))
        } catch {
            outcome = .failure(error)
        }
        var receiving = Receiving(
            outcome: outcome,
            reply: Reply(
                // The decoder stops behind a request for an upgrade, which isn't granted.
                closes: !head.isKeepAlive || fields.asksForUpgrade || head.method == .CONNECT || loop.isDraining,
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
        if let declared = receiving.declaredBytes, declared > bodyMax(outcome) {
            self.receiving = receiving
            let tooLarge = tooLarge("\(declared) byte payload", outcome)
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
        receiving.owesContinue = hasBody && fields.expectsContinue && head.version == .http1_1
        self.receiving = receiving
        sendContinueIfDue()
    }

    private func wanted(
        _ head: HTTPRequestHead,
        _ fields: RequestFields,
        _ now: WallTime
    ) throws(Refusal) -> WantedRequest {
        if head.method == .GET, loop.answersLookups, let id = RequestPath(head.uri).event {
            return .lookUp(try loop.rules.checkLookup(id: id, fields: fields, caller: caller))
        }
        let request = try loop.rules.check(method: head.method, fields: fields, caller: caller, now: now) {
            () throws(Refusal) in try loop.target(uri: head.uri)
        }
        return .accept(request)
    }

    func bodyArrived(_ bytes: ByteBuffer) {
        guard case .body = phase, receiving != nil else { return }
        receiving!.receivedBytes += bytes.readableBytes
        receiving!.owesContinue = false
        if receiving!.receivedBytes > bodyMax(receiving!.outcome) {
            if case .failure(let refusal) = receiving!.outcome { return endWith(refusal, lingers: true) }
            return endWith(tooLarge("A payload", receiving!.outcome), lingers: true)
        }
        // What comes with anything but an event is read and dropped.
        guard case .success(.accept) = receiving!.outcome else { return }
        if receiving!.body.isEmpty, let declared = receiving!.declaredBytes {
            // Room for what came, and for one more read of it; never for what was only announced.
            receiving!.body.reserveCapacity(min(declared, 2 * bytes.readableBytes))
        }
        bytes.withUnsafeReadableBytes { receiving!.body.append(contentsOf: $0) }
    }

    /// Called by the gate behind each read. A body that isn't whole by then has its memory counted.
    func readEnded() {
        guard case .body = phase, let received = receiving?.body.count, received > 0 else { return }
        receiving!.usesMemory = true
        switch loop.bodyArrived(self, received: received, declared: receiving!.declaredBytes) {
        case .readOn: memoryGranted()
        case .wait: receiving!.isWaitingForMemory = true
        case .refuse, .makeWay: giveWay()
        }
    }

    /// The body may have its memory, and be read on.
    func memoryGranted() {
        guard let received = receiving?.body.count else { return }
        receiving!.isWaitingForMemory = false
        let chunked =
            received < loop.limits.smallBodyBytesMax ? loop.limits.smallBodyBytesMax : loop.limits.payloadBytesMax
        receiving!.body.reserveCapacity(receiving!.declaredBytes ?? chunked)
        sendContinueIfDue()
        resumeReading()
    }

    /// There is no room for the bytes that have come of this body.
    func giveWay() {
        refuseRest(
            Refusal(
                .tooManyRequests,
                "Too many requests are being received at once (door.body_memory). Send it again.",
                retryAfter: .seconds(1)
            )
        )
    }

    func endArrived() {
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
            guard case .accept(let accept) = try request.outcome.get() else { return lookUp(request) }
            let event = try loop.rules.event(accept, body: exact(request.body))
            if accept.purpose == .event {
                return loop.submit(event, for: self, replies.append(request.reply))
            }
            request.reply.answer = .dryRun
        } catch {
            request.reply.answer = .refused(error)
        }
        appendAnswered(request.reply)
    }

    private func lookUp(_ request: Receiving) {
        guard case .success(.lookUp(let id)) = request.outcome else { return }
        let number = replies.append(request.reply)
        if loop.mayLookUp(onConnection: lookupsUnderWay) {
            lookupsUnderWay += 1
            return loop.lookUp(id, for: self, number)
        }
        loop.count(.tooManyLookups)
        replies.fill(number, with: .tooManyLookups)
        loop.endTurnSoon()
    }

    /// Gives back what the request being read holds.
    func dropReceiving() {
        guard let request = receiving else { return }
        receiving = nil
        if request.usesMemory { loop.bodyEnded(self) }
    }

    /// Refuses the request being read, and takes no further one. Where the rest of its body is still coming it is read
    /// and dropped, since closing at once could destroy the answer on its way.
    func endWith(_ refusal: Refusal, lingers: Bool = false) {
        var reply = receiving?.reply ?? Reply(closes: true)
        reply.closes = true
        reply.answer = .refused(refusal)
        dropReceiving()
        clockStoppedAt = nil
        phase = .ending(bytesLeft: loop.limits.discardBytesMax)
        deadline = loop.eventLoop.now + (lingers ? requestTimeout : Self.lingerTime)
        appendAnswered(reply)
    }

    private func appendAnswered(_ reply: Reply) {
        if let answer = reply.answer { loop.count(answer) }
        _ = replies.append(reply)
        loop.endTurnSoon()
    }

    /// The largest body of this request: smaller by the function's envelope.
    private func bodyMax(_ outcome: Result<WantedRequest, Refusal>) -> Int {
        max(0, loop.limits.payloadBytesMax - envelopeBytes(outcome))
    }

    private func envelopeBytes(_ outcome: Result<WantedRequest, Refusal>) -> Int {
        guard case .success(.accept(let request)) = outcome else { return 0 }
        return request.target.policy.wire.envelope.bytesMax
    }

    private func tooLarge(_ what: String, _ outcome: Result<WantedRequest, Refusal>) -> Refusal {
        let envelope = envelopeBytes(outcome)
        let more = envelope == 0 ? "" : ", of which \(envelope) are kept for its envelope"
        return Refusal(
            .requestEntityTooLarge,
            "\(what) is too large for the Event invocation type (limit \(loop.limits.payloadBytesMax) bytes\(more))."
        )
    }
}

/// Without the room that was set aside for a body in chunks and not used.
private func exact(_ body: [UInt8]) -> [UInt8] {
    body.capacity > 2 * body.count + 4096 ? body.withUnsafeBufferPointer { Array($0) } : body
}
