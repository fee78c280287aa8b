#if canImport(Glibc)
    import Glibc
#endif

/// Whether a host of an endpoint is this machine itself, and may be spoken to in plain HTTP: `localhost`, 127.x.x.x,
/// `::1`, the last with or without brackets.
package func isLoopbackHost(_ host: String) -> Bool {
    if host == "localhost" { return true }
    if let bytes = ipv4Bytes(host) { return bytes[0] == 127 }
    return ipv6Bytes(withoutBrackets(host)) == [UInt8](repeating: 0, count: 15) + [1]
}

/// Whether a connection to this host may end on this machine's loopback listeners: also the unspecified addresses,
/// IPv4 addresses inside IPv6 ones, and short forms such as `127.1` that resolvers take.
package func reachesLoopback(_ host: String) -> Bool {
    let host = host.utf8.last == UInt8(ascii: ".") ? String(host.dropLast()) : host
    if isLoopbackHost(host) || host.hasSuffix(".localhost") { return true }
    var address = in_addr()
    if inet_aton(host, &address) != 0 {
        let first = UInt32(bigEndian: address.s_addr) >> 24
        return first == 127 || first == 0
    }
    guard let bytes = ipv6Bytes(withoutBrackets(host)) else { return false }
    if bytes.allSatisfy({ $0 == 0 }) { return true }
    let isMapped = bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xFF && bytes[11] == 0xFF
    return isMapped && (bytes[12] == 127 || bytes[12] == 0)
}

/// The 4 bytes of a dotted address with all four numbers.
func ipv4Bytes(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4)
    return inet_pton(AF_INET, text, &bytes) == 1 ? bytes : nil
}

/// The 16 bytes of an IPv6 address without brackets and zone.
func ipv6Bytes(_ text: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 16)
    return inet_pton(AF_INET6, text, &bytes) == 1 ? bytes : nil
}

private func withoutBrackets(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
}
