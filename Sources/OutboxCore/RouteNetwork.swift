/// By what a route's endpoint is reached, and whom it trusts. Whatever isn't said here isn't looked for elsewhere.
package struct RouteNetwork: Hashable, Sendable {
    /// A proxy's URL, which may hold a password; empty for none.
    package var proxy: String
    /// Hosts that need no proxy, separated by commas.
    package var noProxy: String
    /// Path of a file with the certificate authorities to trust, in PEM; nil for the system's.
    package var caBundle: String?

    package init(proxy: String = "", noProxy: String = "", caBundle: String? = nil) {
        self.proxy = proxy
        self.noProxy = noProxy
        self.caBundle = caBundle
    }
}

/// Says that there is a proxy, never which: its URL may hold a password.
extension RouteNetwork: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String {
        "RouteNetwork(\(proxy.isEmpty ? "no proxy" : "a proxy"), \(caBundle ?? "the system's authorities"))"
    }
    package var debugDescription: String { description }
    package var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}
