package import AWSCredentials
package import OutboxCore

extension Configuration {
    /// One rule of `routes`.
    package struct RouteRule: Hashable, Sendable {
        package var match = RouteMatch()
        /// `aws`, with what the rule says over it.
        package var aws: AWSSettings
    }
}

/// Which functions a rule of `routes` is for; a part that is nil is for all.
package struct RouteMatch: Hashable, Sendable, CustomStringConvertible {
    package var account: GlobPattern?
    package var region: GlobPattern?

    package init(account: GlobPattern? = nil, region: GlobPattern? = nil) {
        self.account = account
        self.region = region
    }

    /// - Parameter account: `-` where it isn't known.
    package func matches(account: String, region: String) -> Bool {
        self.account?.matches(account) != false && self.region?.matches(region) != false
    }

    /// Whether nothing is left for `other` behind this one.
    func covers(_ other: RouteMatch) -> Bool {
        Self.covers(account, other.account) && Self.covers(region, other.region)
    }

    private static func covers(_ pattern: GlobPattern?, _ other: GlobPattern?) -> Bool {
        guard let pattern, pattern.text != "*" else { return true }
        guard let other else { return false }
        // What another pattern stands for is only certain where it is a plain word, or the same.
        return pattern == other || (!isPattern(other.text) && pattern.matches(other.text))
    }

    /// For people: `account 123456789012, region eu-*`.
    package var description: String {
        [account.map { "account \($0)" }, region.map { "region \($0)" }].compactMap(\.self).joined(separator: ", ")
    }
}

extension ValueKind<GlobPattern> {
    /// Twelve digits, or wildcards for some of them.
    static var accountPattern: ValueKind {
        pattern(meant: "write the twelve digits of an account; * stands for any, ? for one") { text in
            let stars = text.utf8.count { $0 == UInt8(ascii: "*") }
            let others = text.utf8.count - stars
            return text.utf8.allSatisfy { "0123456789*?".utf8.contains($0) }
                && (stars == 0 ? others == 12 : others <= 12)
        }
    }

    /// The name of a region, or a pattern for some.
    static var regionPattern: ValueKind {
        let patterns = pattern(meant: "write a region such as eu-central-1; * stands for any characters, ? for one") {
            (1...32).contains($0.utf8.count)
                && $0.utf8.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-*?".utf8.contains($0) }
        }
        let names = ValueKind<String>.region
        return ValueKind(
            read: { (node) throws(Misfit) in
                if case .scalar(let text, _) = node.content, !isPattern(text) { _ = try names.read(node) }
                return try patterns.read(node)
            },
            write: patterns.write
        )
    }

    private static func pattern(meant: String, _ check: @escaping (String) -> Bool) -> ValueKind {
        let text = ValueKind<String>.text(meant: meant, check)
        return ValueKind(
            read: { (node) throws(Misfit) in GlobPattern(try text.read(node)) },
            write: { .text($0.text) }
        )
    }
}

private func isPattern(_ text: String) -> Bool {
    text.utf8.contains { "*?".utf8.contains($0) }
}
