/// An endpoint as configuration, environment and shared files give it: scheme, host and port, nothing else.
package struct EndpointURL: Hashable, Sendable {
    package var scheme: String
    /// Lower case; an IPv6 address in brackets.
    package var host: String
    package var port: Int

    /// What is wrong with a URL, and what was meant. Doesn't quote the URL, which may hold a password.
    package struct Fault: Error, Hashable, Sendable {
        package var what: String
        package var meant: String
    }

    /// Plain `http` is taken on loopback only; path, query, fragment and user information are refused, since none of
    /// them could reach Lambda as meant.
    package init(_ text: String) throws(Fault) {
        guard let separator = text.range(of: "://") else {
            throw Fault(what: "not a URL", meant: "write it as https://HOST or https://HOST:PORT")
        }
        scheme = text[..<separator.lowerBound].lowercased()
        guard scheme == "https" || scheme == "http" else {
            throw Fault(
                what: "neither an https nor an http URL",
                meant: "write it as https://HOST or https://HOST:PORT"
            )
        }
        var rest = text[separator.upperBound...]
        if rest.utf8.contains(UInt8(ascii: "@")) {
            throw Fault(
                what: "user name or password in an endpoint URL",
                meant: "remove everything up to the @; requests are signed with AWS credentials"
            )
        }
        if rest.utf8.contains(where: { $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#") }) {
            throw Fault(what: "query or fragment in an endpoint URL", meant: "end it behind host and port")
        }
        if let slash = rest.firstIndex(of: "/") {
            guard rest[slash...] == "/" else {
                throw Fault(what: "path in an endpoint URL", meant: "end it behind host and port")
            }
            rest = rest[..<slash]
        }
        (host, port) = try Self.splitPort(rest, defaultPort: scheme == "https" ? 443 : 80)
        if scheme == "http" && !isLoopbackHost(host) {
            throw Fault(
                what: "plain http to another machine",
                meant: "write https, or a loopback host (127.0.0.1, ::1, localhost) for a stand-in"
            )
        }
    }

    private static func splitPort(_ text: Substring, defaultPort: Int) throws(Fault) -> (String, Int) {
        var host = text
        var port = defaultPort
        let hostEnd = text.lastIndex(of: "]") ?? text.startIndex
        if let colon = text[hostEnd...].firstIndex(of: ":") {
            host = text[..<colon]
            guard let number = parsePort(text[text.index(after: colon)...]) else {
                throw Fault(what: "a port that is no number from 1 to 65535", meant: "write it as HOST:PORT")
            }
            port = number
        }
        guard isHost(host) else {
            throw Fault(
                what: "a host that is neither a name nor an address",
                meant: "write a DNS name, an IPv4 address, or an IPv6 address in brackets"
            )
        }
        return (host.lowercased(), port)
    }

    private static func isHost(_ text: Substring) -> Bool {
        if text.hasPrefix("[") { return text.hasSuffix("]") && ipv6Bytes(String(text.dropFirst().dropLast())) != nil }
        let labels = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return text.utf8.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.count)
                    && label.allSatisfy { byte in
                        switch byte {
                        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
                            true
                        default: false
                        }
                    }
            }
    }
}

extension EndpointURL: CustomStringConvertible {
    /// As it is written, without the scheme's own port.
    package var description: String {
        let isUsual = port == (scheme == "https" ? 443 : 80)
        return "\(scheme)://\(host)\(isUsual ? "" : ":\(port)")"
    }
}

/// A port from 1 to 65535 in plain digits.
package func parsePort(_ text: some StringProtocol) -> Int? {
    let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
    guard (1...5).contains(text.utf8.count), text.utf8.allSatisfy({ digits.contains($0) }) else { return nil }
    return Int(text).flatMap { (1...65535).contains($0) ? $0 : nil }
}

extension StringProtocol {
    /// The first place of `text`, byte by byte.
    fileprivate func range(of text: String) -> Range<Index>? {
        var start = startIndex
        while start < endIndex {
            if self[start...].utf8.starts(with: text.utf8) {
                return start..<utf8.index(start, offsetBy: text.utf8.count)
            }
            start = utf8.index(after: start)
        }
        return nil
    }
}
