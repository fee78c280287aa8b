import NIOCore
import OutboxCore

/// Writes replies as HTTP/1.1 bytes. By hand, because nearly all are the same 202: a block of fixed bytes, an id and
/// the date. Nothing that a producer sent goes into a header.
struct ReplyWriter {
    private var dateSecond = Int64.min
    private var dateLine: [UInt8] = []

    static let continueBytes = Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)

    private static let accepted = Array("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\nx-amzn-RequestId: ".utf8)
    private static let noContent = Array("HTTP/1.1 204 No Content\r\nx-amzn-RequestId: ".utf8)
    private static let lineEnd = Array("\r\n".utf8)
    private static let close = Array("Connection: close\r\n".utf8)
    private static let keepAlive = Array("Connection: keep-alive\r\n".utf8)

    /// - Parameters:
    ///   - requestID: makes an id for answers that have no event's.
    ///   - now: for the Date header.
    mutating func write(
        _ answer: Answer,
        _ reply: Reply,
        to buffer: inout ByteBuffer,
        now: WallTime,
        requestID: () -> EventID
    ) {
        var body: [UInt8] = []
        switch answer {
        case .accepted(let id):
            buffer.writeBytes(Self.accepted)
            Self.write(id, to: &buffer)
        case .repeated(let id, let state):
            buffer.writeBytes(Self.accepted)
            Self.write(id, to: &buffer)
            buffer.writeString("\r\nOutbox-Repeat: true\r\nOutbox-State: \(Self.word(state))")
        case .dryRun:
            buffer.writeBytes(Self.noContent)
            Self.write(requestID(), to: &buffer)
        case .event(let json):
            body = json
            buffer.writeString("HTTP/1.1 200 OK\r\nContent-Length: \(body.count)\r\nContent-Type: application/json")
            buffer.writeString("\r\nCache-Control: no-store\r\nx-amzn-RequestId: ")
            Self.write(requestID(), to: &buffer)
        case .refused(let refusal):
            body = Self.body(of: refusal)
            let status = refusal.code.status
            buffer.writeString("HTTP/1.1 \(status) \(Self.phrase(status))\r\nContent-Length: \(body.count)")
            buffer.writeString("\r\nContent-Type: application/json\r\nx-amzn-ErrorType: \(refusal.code.rawValue)")
            if let span = refusal.retryAfter {
                buffer.writeString("\r\nRetry-After: \(max(1, (span.milliseconds + 999) / 1000))")
            }
            buffer.writeString("\r\nx-amzn-RequestId: ")
            Self.write(requestID(), to: &buffer)
        }
        buffer.writeBytes(Self.lineEnd)
        writeDate(now, to: &buffer)
        if reply.closes {
            buffer.writeBytes(Self.close)
        } else if reply.saysKeepAlive {
            buffer.writeBytes(Self.keepAlive)
        }
        buffer.writeBytes(Self.lineEnd)
        if !reply.omitsBody { buffer.writeBytes(body) }
    }

    /// `Date`, made once a second.
    private mutating func writeDate(_ now: WallTime, to buffer: inout ByteBuffer) {
        let second = Int64((Double(now.milliseconds) / 1000).rounded(.down))
        if second != dateSecond {
            dateSecond = second
            dateLine = Array("Date: \(HTTPDate.text(unixSeconds: second))\r\n".utf8)
        }
        buffer.writeBytes(dateLine)
    }

    /// The states of which the interface knows: a cancelled event frees its key, and one in flight is still queued.
    private static func word(_ state: EventState) -> String {
        switch state {
        case .queued, .inFlight: EventState.queued.rawValue
        case .handedOver, .deadLetter, .cancelled: state.rawValue
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// The usual text form of an id, without making a string.
    private static func write(_ id: EventID, to buffer: inout ByteBuffer) {
        buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: 36) { bytes in
            var place = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    bytes[place] = UInt8(ascii: "-")
                    place += 1
                }
                let word = index < 16 ? id.high : id.low
                bytes[place] = digits[Int(word >> UInt64(60 - (index & 15) * 4) & 15)]
                place += 1
            }
            return place
        }
    }

    private static func body(of refusal: Refusal) -> [UInt8] {
        var body = Array("{\"Type\":\"\(refusal.code.type)\",\"message\":\"".utf8)
        for byte in refusal.message.utf8 {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): body += [UInt8(ascii: "\\"), byte]
            case 0..<0x20: body += Array("\\u00".utf8) + [digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            default: body.append(byte)
            }
        }
        body += Array("\"}".utf8)
        return body
    }

    private static func phrase(_ status: Int) -> String {
        switch status {
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        default: "Service Unavailable"
        }
    }
}

/// The date form of HTTP (RFC 9110 §5.6.7): `Sun, 22 Nov 2026 12:36:09 GMT`.
enum HTTPDate {
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    static func text(unixSeconds: Int64) -> String {
        // Clocks that stand outside the years of four digits are shown at their edge.
        let seconds = min(max(unixSeconds, -62_135_596_800), 253_402_300_799)
        let days = (seconds - (seconds % 86_400 + 86_400) % 86_400) / 86_400
        let rest = Int(seconds - days * 86_400)
        let date = CivilTime.date(days: days)
        let weekday = weekdays[Int((days % 7 + 7) % 7)]
        let clock = "\(two(rest / 3600)):\(two(rest / 60 % 60)):\(two(rest % 60))"
        let year = String(repeating: "0", count: max(0, 4 - String(date.year).count)) + String(date.year)
        return "\(weekday), \(two(date.day)) \(months[date.month - 1]) \(year) \(clock) GMT"
    }

    private static func two(_ number: Int) -> String { number < 10 ? "0\(number)" : String(number) }
}
