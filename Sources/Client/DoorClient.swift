package import AdminAPI
import FoundationEssentials

/// What a producer hands to the door: one event.
package struct OutgoingEvent: Hashable, Sendable {
    package var function: String
    package var qualifier: String?
    /// JSON text, delivered byte for byte; empty means `{}` to Lambda.
    package var payload: [UInt8]
    package var idempotencyKey: String?
    /// As the door reads it: digits and one of `ms s m h d`.
    package var delay: String?
    package var expiresIn: String?
    package var durableExecutionName: String?
    package var tenantID: String?

    package init(
        function: String,
        qualifier: String? = nil,
        payload: [UInt8],
        idempotencyKey: String? = nil,
        delay: String? = nil,
        expiresIn: String? = nil,
        durableExecutionName: String? = nil,
        tenantID: String? = nil
    ) {
        self.function = function
        self.qualifier = qualifier
        self.payload = payload
        self.idempotencyKey = idempotencyKey
        self.delay = delay
        self.expiresIn = expiresIn
        self.durableExecutionName = durableExecutionName
        self.tenantID = tenantID
    }

    /// Whether another program, or an earlier call, may have sent the same event. Without a key a repeat can only be one
    /// of this very call's tries.
    package var hasKey: Bool { idempotencyKey != nil || durableExecutionName != nil }

    /// - Parameter invocationID: the same for every try of one event, so that a try after a broken connection makes no
    ///   second event.
    func call(invocationID: String, dryRun: Bool = false) throws(ClientError) -> HTTPCall {
        guard !function.isEmpty else { throw .invalid("the function's name is empty") }
        var call = HTTPCall(
            method: .post,
            target: "/2015-03-31/functions/\(PercentEncoding.encode(function))/invocations",
            body: payload,
            timeoutSeconds: 60
        )
        if let qualifier { call.target += "?Qualifier=\(PercentEncoding.encode(qualifier))" }
        call.headers = [
            ("Content-Type", "application/json"), ("X-Amz-Invocation-Type", dryRun ? "DryRun" : "Event"),
            ("amz-sdk-invocation-id", invocationID),
        ]
        let options = [
            ("Idempotency-Key", idempotencyKey), ("Outbox-Delay", delay), ("Outbox-Expires-In", expiresIn),
            ("X-Amz-Durable-Execution-Name", durableExecutionName), ("X-Amz-Tenant-Id", tenantID),
        ]
        for (name, value) in options {
            guard let value else { continue }
            // An empty value would make libcurl drop the header in silence, a line break would begin another one.
            guard !value.isEmpty, value.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F }) else {
                throw .invalid("\(name) must not be empty or hold control characters")
            }
            call.headers.append((name, value))
        }
        return call
    }
}

/// The door's answer to an event that it took.
package struct DoorAnswer: Hashable, Sendable {
    /// Of this event, or on a repeat of the first one; nil for a dry run.
    package var id: String?
    /// Whether the event had been accepted before this call; nil where an earlier try of the same call broke off and may
    /// itself have been the first.
    package var isRepeat: Bool?
    /// Where the event is: `queued`, `handed-over` or `dead-letter`.
    package var state: String

    package init(id: String?, isRepeat: Bool? = false, state: String = "queued") {
        self.id = id
        self.isRepeat = isRepeat
        self.state = state
    }

    /// - Parameters:
    ///   - event: what was sent.
    ///   - tries: how often; more than one after broken connections.
    init(_ reply: HTTPReply, to event: OutgoingEvent, tries: Int) throws(ClientError) {
        switch reply.status {
        case 202:
            guard let id = reply.headers["x-amzn-requestid"], !id.isEmpty else {
                throw .garbled("202 without an event id")
            }
            self.init(id: id)
            if reply.headers["outbox-repeat"] == "true" {
                isRepeat = event.hasKey ? (tries > 1 ? nil : true) : false
                state = reply.headers["outbox-state"] ?? "queued"
            }
        case 204: self.init(id: nil)
        case 400...: throw .refused(Refusal(door: reply))
        default: throw .garbled("HTTP \(reply.status)")
        }
    }
}

extension Refusal {
    /// Reads an error in AWS's shape.
    init(door reply: HTTPReply) {
        struct Body: Decodable { var message: String? }
        let body = try? JSONDecoder().decode(Body.self, from: Data(reply.body))
        self.init(
            status: reply.status,
            code: reply.headers["x-amzn-errortype"] ?? "",
            message: body?.message ?? "refused with HTTP \(reply.status)"
        )
    }
}

/// Sends events to the door. Each call blocks until it is answered; one thread at a time.
package struct DoorClient {
    private let connection: Connection

    package init(socketPath: String) {
        connection = Connection(SocketAddress(.door, path: socketPath))
    }

    /// Hands over one event. Returns when it is on disk.
    package func send(_ event: OutgoingEvent, dryRun: Bool = false) throws(ClientError) -> DoorAnswer {
        let call = try event.call(invocationID: UUID().uuidString.lowercased(), dryRun: dryRun)
        var attempt = 1
        while true {
            do throws(ClientError) {
                return try DoorAnswer(connection.perform(call), to: event, tries: attempt)
            } catch {
                guard case .cut = error, attempt < DoorClient.triesMax else { throw error }
                attempt += 1
            }
        }
    }

    /// Where an event of this producer is; nil if the door knows of none with this id.
    ///
    /// - Parameter timeoutSeconds: for the whole call.
    package func event(_ id: String, timeoutSeconds: Int = 60) throws(ClientError) -> Event? {
        let call = HTTPCall(
            method: .get,
            target: "/outbox/v1/events/\(PercentEncoding.encode(id))",
            timeoutSeconds: timeoutSeconds
        )
        let reply = try connection.perform(call)
        switch reply.status {
        case 200:
            guard let event = try? JSONDecoder().decode(Event.self, from: Data(reply.body)) else {
                throw .garbled("not the JSON that tells of an event")
            }
            return event
        case 400...:
            let refusal = Refusal(door: reply)
            if refusal.code == "ResourceNotFoundException" { return nil }
            throw .refused(refusal)
        default: throw .garbled("HTTP \(reply.status)")
        }
    }

    /// Tries of one request whose connection breaks before the answer.
    static let triesMax = 3
}
