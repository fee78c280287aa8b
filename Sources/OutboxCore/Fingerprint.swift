/// Groups the dead letters of one incident: condition, function, error code, and the error message with numbers, ids and
/// quoted parts taken out.
///
/// Shown as 16 hex digits (FNV-1a, 64 bits): messages came from the network and are payload, a hash of them may be shown.
package struct Fingerprint: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UInt64

    package init(condition: DeadLetterCondition, function: FunctionIdentity?, code: String?, message: String?) {
        var hash = FNV1a.basis
        var parts = [condition.rawValue]
        if let function {
            parts += [function.partition, function.account, function.region, function.name, function.qualifier]
        }
        for part in parts + [code ?? "", message.map(Self.shape) ?? ""] {
            // A byte that is in no text ends each part.
            hash = FNV1a.hash(part.utf8 + [0xFF], after: hash)
        }
        rawValue = hash
    }

    package var description: String {
        let digits = String(rawValue, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// What stays of a message: a word with a digit in it becomes `#`, a quoted part `*`. A quote that isn't closed
    /// (messages are cut) reaches to the end; an apostrophe inside a word is none.
    package static func shape(of message: String) -> String {
        var result = String.UnicodeScalarView()
        var word = String.UnicodeScalarView()
        let scalars = Array(message.unicodeScalars)
        var index = 0
        func end(_ word: inout String.UnicodeScalarView) {
            if word.contains(where: { $0.value >= 0x30 && $0.value <= 0x39 }) { word = .init("#".unicodeScalars) }
            result.append(contentsOf: word)
            word.removeAll(keepingCapacity: true)
        }
        while index < scalars.count {
            let scalar = scalars[index]
            if isQuote(scalar), word.isEmpty {
                result.append("*")
                index = (closing(scalars, from: index) ?? scalars.count) + 1
                continue
            }
            if isSeparator(scalar) {
                end(&word)
                result.append(scalar)
            } else {
                word.append(scalar)
            }
            index += 1
        }
        end(&word)
        return String(result)
    }

    private static func isQuote(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\"" || scalar == "'" || scalar == "`"
    }

    /// What ends a word. Not `-`, `:`, `/`, `.` or `_`: ids, ARNs, addresses and paths are one word each.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || "\"`,;()[]{}<>=".unicodeScalars.contains(scalar)
    }

    /// The closing quote of the one at `start`: the next one like it that no letter follows.
    private static func closing(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        scalars.indices.dropFirst(start + 1).first { index in
            guard scalars[index] == scalars[start] else { return false }
            return index + 1 == scalars.count || !scalars[index + 1].properties.isAlphabetic
        }
    }
}
