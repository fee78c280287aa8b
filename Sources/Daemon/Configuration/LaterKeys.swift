import AWSCredentials
import OutboxCore

/// Every key that a later version carries out, with its kind. A key that works moves to `ConfigurationKeys`.
enum LaterKeys {
    static var settings: [LaterKey] {
        [
            LaterKey("door.synchronous", .oneOf(["refuse", "forward"]), inert: "refuse"),
            LaterKey("history.file", ValueKind<String>.absolutePath.orNull, inert: nil),
            LaterKey(
                "dead_letters.retention",
                ValueKind<Span>.duration(.hours(1) ... .days(3650)).orNull,
                inert: nil
            ),
            LaterKey("access.operators", ValueKind<String>.person.list, inert: []),
            LaterKey("access.viewers", ValueKind<String>.person.list, inert: []),
            LaterKey("producers", rules: producer),
        ] + policy.map { $0.under("defaults") }
    }

    /// Keys of `defaults` and of a rule of `functions`.
    static var policy: [LaterKey] {
        []
    }

    private static var producer: [LaterKey] {
        [
            LaterKey("match", ValueKind<String>.sender.list),
            LaterKey("name", ValueKind<String>.name),
            LaterKey("functions", ValueKind<GlobPattern>.pattern.list),
            LaterKey("rate", ValueKind<Rate>.rate().orNull),
            LaterKey("share", ValueKind<Double>.share.orNull),
            LaterKey("max_payload", ValueKind<Int64>.size(1...6 << 20).orNull),
            LaterKey("synchronous", ValueKind<Bool>.flag),
        ]
    }
}

extension ValueKind<String> {
    fileprivate static func oneOf(_ words: [String]) -> ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                guard words.contains(text) else { throw .unknownWord(text, words) }
                return text
            },
            write: { .text($0) },
            meant: "write \(words.joined(separator: " or "))"
        )
    }

    /// Who may use the admin socket.
    fileprivate static var person: ValueKind {
        text(meant: "write uid:NUMBER, gid:NUMBER or group:NAME") { text in
            isNumbered(text, "uid:") || isNumbered(text, "gid:") || isNamed(text, "group:")
        }
    }

    /// Who sends events.
    fileprivate static var sender: ValueKind {
        text(meant: "write uid:NUMBER, key:ACCESS_KEY_ID or tcp") { text in
            text == "tcp" || isNumbered(text, "uid:") || isNamed(text, "key:")
        }
    }

    private static func isNumbered(_ text: String, _ prefix: String) -> Bool {
        text.hasPrefix(prefix) && text.utf8.count < prefix.utf8.count + 11
            && UInt32(text.dropFirst(prefix.count)).map { "\(prefix)\($0)" == text } == true
    }

    private static func isNamed(_ text: String, _ prefix: String) -> Bool {
        let name = text.dropFirst(prefix.count)
        return text.hasPrefix(prefix) && (1...128).contains(name.utf8.count) && name.utf8.allSatisfy { isWordByte($0) }
    }
}
