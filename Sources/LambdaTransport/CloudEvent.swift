import OutboxCore

/// The envelope of `envelope: cloudevents`: CloudEvents 1.0 in JSON, structured mode. The content type stays
/// `application/json`, which is all that Invoke looks at.
enum CloudEvent {
    /// What every event is called in `type`.
    static let type = "lambda-outbox.event"

    /// The payload in its envelope. It is JSON text, checked at the door, so `data` is its very bytes; without a payload
    /// there is no `data`. The same for every attempt of an event.
    ///
    /// - Parameter source: a URI: visible ASCII without quotes and backslashes.
    static func wrap(_ event: QueuedEvent, source: String) -> [UInt8] {
        var bytes = Array(
            (#"{"specversion":"1.0","id":""# + event.id.description + #"","source":""# + source + #"","type":""# + type
                + #"","time":""# + timestamp(event.acceptedAt) + #"""#).utf8
        )
        bytes.reserveCapacity(bytes.count + event.payload.count + 64)
        if !event.payload.isEmpty {
            bytes += Array(#","datacontenttype":"application/json","data":"#.utf8)
            bytes += event.payload
        }
        bytes.append(UInt8(ascii: "}"))
        return bytes
    }

    /// RFC 3339 in UTC with milliseconds.
    private static func timestamp(_ time: WallTime) -> String {
        let ofDay = 86_400_000 as Int64
        let (quotient, remainder) = time.milliseconds.quotientAndRemainder(dividingBy: ofDay)
        let days = remainder < 0 ? quotient - 1 : quotient
        let milliseconds = Int(remainder < 0 ? remainder + ofDay : remainder)
        let date = CivilTime.date(days: days)
        let seconds = milliseconds / 1000
        return "\(digits(date.year, 4))-\(digits(date.month, 2))-\(digits(date.day, 2))T\(digits(seconds / 3600, 2)):"
            + "\(digits(seconds / 60 % 60, 2)):\(digits(seconds % 60, 2)).\(digits(milliseconds % 1000, 3))Z"
    }

    private static func digits(_ number: Int, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
