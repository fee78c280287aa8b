/// A pattern as configuration and commands know it: `*` for any run of characters, `?` for one, all else literal.
package struct GlobPattern: Hashable, Sendable, CustomStringConvertible {
    package let text: String

    package init(_ text: String) {
        self.text = text
    }

    package var description: String { text }

    /// Linear in practice: a `*` that was passed is only revisited from its last place.
    package func matches(_ subject: String) -> Bool {
        let pattern = Array(text.unicodeScalars)
        let subject = Array(subject.unicodeScalars)
        var p = 0
        var s = 0
        var star: (pattern: Int, subject: Int)?
        while s < subject.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, s)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == subject[s] {
                p += 1
                s += 1
            } else if let last = star {
                star = (last.pattern, last.subject + 1)
                p = last.pattern + 1
                s = last.subject + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == "*" { p += 1 }
        return p == pattern.count
    }

    /// Whether it means this function: by name, `name:qualifier`, or full ARN.
    package func matches(_ function: FunctionIdentity) -> Bool {
        if matches(function.name) || matches(function.description) { return true }
        return function.qualifier != "-" && matches("\(function.name):\(function.qualifier)")
    }
}
