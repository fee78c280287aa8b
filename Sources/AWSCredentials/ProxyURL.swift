/// A proxy as libcurl takes it: `[http[s]://][user:password@]host[:port]`. Holds the whole text, which may carry a
/// password; `masked` is the form for people.
package struct ProxyURL: Hashable, Sendable, CustomStringConvertible, CustomDebugStringConvertible {
    package var text: String

    /// nil: not a proxy URL.
    package init?(_ text: String) {
        let lower = text.lowercased()
        let scheme = ["http://", "https://"].first { lower.hasPrefix($0) }
        var rest = text.dropFirst(scheme?.count ?? 0)
        if rest.contains("://") { return nil }
        if let at = rest.lastIndex(of: "@") { rest = rest[rest.index(after: at)...] }
        if rest.hasSuffix("/") { rest = rest.dropLast() }
        // Host and port have the form of an endpoint's.
        guard (try? EndpointURL("https://\(rest)")) != nil, !rest.contains("/") else { return nil }
        self.text = text
    }

    package var hasPassword: Bool { text.contains("@") }

    /// Without user name and password.
    package var masked: String {
        guard let at = text.lastIndex(of: "@") else { return text }
        let scheme = text.prefix { $0 != ":" }
        let prefix = ["http", "https"].contains(scheme.lowercased()) ? "\(scheme)://" : ""
        return "\(prefix)***@\(text[text.index(after: at)...])"
    }

    package var description: String { masked }
    package var debugDescription: String { masked }
}

extension ProxyURL: CustomReflectable {
    package var customMirror: Mirror { Mirror(self, children: ["text": masked]) }
}
