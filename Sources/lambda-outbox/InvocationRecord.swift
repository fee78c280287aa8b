import AdminAPI
import FoundationEssentials

/// A dead letter in the shape of Lambda's own invocation record, so that tools which read Lambda's destinations read
/// ours. Everything of ours is under `outbox`, with the exact payload bytes as base64.
enum InvocationRecord {
    /// One line, line break included.
    ///
    /// - Parameter salvaged: what a salvage adds to it.
    static func line(_ event: Event, payload: [UInt8], salvaged: SalvagedExtras? = nil) throws -> [UInt8] {
        var line = Array("{\"version\":\"1.0\"".utf8)
        func add(_ name: String, _ json: [UInt8]) {
            line += Array(",\"\(name)\":".utf8) + json
        }
        add("timestamp", try JSONLine.encode(event.diedAt ?? event.acceptedAt))
        add("requestContext", try JSONLine.encode(RequestContext(event)))
        let isDamaged = salvaged?.marks.contains("payload-checksum") ?? false
        add("requestPayload", isDamaged ? Array("null".utf8) : requestPayload(payload, of: event))
        if let last = event.attempts?.last, let status = last.status {
            add("responseContext", try JSONLine.encode(ResponseContext(statusCode: status)))
            let response = ResponsePayload(errorType: last.code, errorMessage: last.message)
            add("responsePayload", try JSONLine.encode(response))
        }
        add("outbox", try JSONLine.encode(Letter(event: event, payload: payload, salvaged: salvaged)))
        return line + Array("}\n".utf8)
    }

    /// The letter as `dead show --json` prints it: the event's members, its payload as JSON, and as its exact bytes.
    static func letter(_ event: Event, payload: [UInt8]) throws -> [UInt8] {
        var line = try JSONLine.encode(Letter(event: event, payload: payload))
        line.removeLast()
        return line + Array(",\"payload\":".utf8) + requestPayload(payload, of: event) + Array("}\n".utf8)
    }

    /// As JSON, for tools to look into: an empty payload is `{}` to Lambda, and damaged bytes are none.
    private static func requestPayload(_ payload: [UInt8], of event: Event) -> [UInt8] {
        if payload.isEmpty { return Array("{}".utf8) }
        guard event.condition != "corrupt", JSONText.isJSON(payload) else { return Array("null".utf8) }
        return JSONText.compact(payload)
    }

    private struct RequestContext: Encodable {
        var requestId: String
        var functionArn: String
        var condition: String
        var approximateInvokeCount: Int

        init(_ event: Event) {
            requestId = event.id
            functionArn = event.functionText
            condition = event.condition ?? "unknown"
            approximateInvokeCount = event.attemptCount
        }
    }

    private struct ResponseContext: Encodable {
        var statusCode: Int
    }

    private struct ResponsePayload: Encodable {
        var errorType: String?
        var errorMessage: String?
    }

    /// An event with its exact bytes.
    struct Letter: Encodable {
        var event: Event
        var payload: [UInt8]
        var salvaged: SalvagedExtras?

        private enum CodingKeys: String, CodingKey {
            case payload = "payload_base64"
        }

        func encode(to encoder: any Encoder) throws {
            try event.encode(to: encoder)
            try salvaged?.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(Data(payload).base64EncodedString(), forKey: .payload)
        }
    }
}
