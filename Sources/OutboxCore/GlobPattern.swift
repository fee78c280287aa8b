/// A pattern as configuration and commands know it: `*` for any run of characters, `?` for one, all else literal.
package struct GlobPattern: Hashable, Sendable, CustomStringConvertible {
    package let text: String
    private let hasWildcard: Bool
    private let hasColon: Bool

    package init(_ text: String) {
        self.text = text
        hasWildcard = text.utf8.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }
        hasColon = text.utf8.contains(UInt8(ascii: ":"))
    }

    package var description: String { text }

    /// Linear in practice: a `*` that was passed is only revisited from its last place.
    package func matches(_ subject: String) -> Bool {
        guard hasWildcard else { return text.utf8.elementsEqual(subject.utf8) }
        let pattern = text.unicodeScalars
        let subject = subject.unicodeScalars
        var p = pattern.startIndex
        var s = subject.startIndex
        var star: (pattern: String.Index, subject: String.Index)?
        while s < subject.endIndex {
            if p < pattern.endIndex, pattern[p] == "*" {
                star = (p, s)
                p = pattern.index(after: p)
            } else if p < pattern.endIndex, pattern[p] == "?" || pattern[p] == subject[s] {
                p = pattern.index(after: p)
                s = subject.index(after: s)
            } else if let last = star {
                s = subject.index(after: last.subject)
                star = (last.pattern, s)
                p = pattern.index(after: last.pattern)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == "*" }
    }

    /// Whether it means this function: by name, `name:qualifier`, or full ARN.
    package func matches(_ function: FunctionIdentity) -> Bool {
        if matches(function.name) { return true }
        // Only a colon or a wildcard can mean more than a name.
        guard hasColon || hasWildcard else { return false }
        if matches(function.description) { return true }
        return function.qualifier != "-" && matches("\(function.name):\(function.qualifier)")
    }
}
