import AWSCredentials
import OutboxCore

extension ValueKind<String> {
    /// A text that `check` finds nothing wrong with.
    static func text(meant: String, _ check: @escaping (String) -> Bool) -> ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                guard check(text) else { throw Misfit(what: "\(quoted(text)) is not in the right form", meant: meant) }
                return text
            },
            write: { .text($0) },
            meant: meant
        )
    }

    static var absolutePath: ValueKind { path(bytesMax: 4095) }

    /// The kernel's limit for the path of a Unix socket is 107 bytes.
    static var socketPath: ValueKind { path(bytesMax: socketPathBytesMax) }

    /// The path of a file, which ~ and the folder of the moment can't be part of.
    private static func path(bytesMax: Int) -> ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                guard text.hasPrefix("/") else {
                    throw Misfit(what: "\(quoted(text)) is not an absolute path", meant: "write one that begins with /")
                }
                guard !text.hasSuffix("/") else {
                    throw Misfit(what: "\(quoted(text)) is a folder", meant: "write the path of a file")
                }
                guard isPath(text), text.utf8.count <= bytesMax else {
                    throw Misfit(what: "\(quoted(text)) is too long", meant: "write at most \(bytesMax) bytes")
                }
                return text
            },
            write: { .text($0) },
            meant: "write an absolute path"
        )
    }

    /// Absolute, under the home folder, or the bare name of a systemd credential.
    static var secretPath: ValueKind {
        text(meant: "write an absolute path, ~/…, or the name of a systemd credential") {
            isPath($0) && ($0.hasPrefix("/") || $0.hasPrefix("~/") || !$0.contains("/"))
        }
    }

    static var region: ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                if isRegionName(text) { return text }
                let near = KnownRegions.nearest(to: text).map { "did you mean \($0)?" }
                throw Misfit(
                    what: "\(quoted(text)) is no region",
                    meant: near ?? "write the name of a region, such as eu-central-1"
                )
            },
            write: { .text($0) },
            meant: "write the name of a region, such as eu-central-1"
        )
    }

    static var account: ValueKind {
        text(meant: "write the twelve digits of an AWS account") {
            $0.utf8.count == 12 && $0.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }

    static var endpoint: ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                do throws(EndpointURL.Fault) {
                    _ = try EndpointURL(text)
                    return text
                } catch {
                    throw Misfit(what: error.what, meant: error.meant)
                }
            },
            write: { .text($0) },
            meant: "write https://HOST or https://HOST:PORT"
        )
    }

    static var name: ValueKind {
        text(meant: "write a name without spaces") { text in
            (1...255).contains(text.utf8.count)
                && text.unicodeScalars.allSatisfy { $0.value > 0x20 && $0.value != 0x7F }
        }
    }

    /// A version or an alias of a function.
    static var qualifier: ValueKind {
        text(meant: "write an alias, a version, or $LATEST") { text in
            (1...128).contains(text.utf8.count) && text.utf8.allSatisfy { isWordByte($0) || $0 == UInt8(ascii: "$") }
        }
    }
}

extension ValueKind<ProxyURL> {
    /// May hold a password: neither errors nor `write` show it.
    static var proxy: ValueKind {
        let meant = "write it as http://HOST:PORT"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                guard let proxy = ProxyURL(text) else {
                    throw Misfit(what: "not the address of a proxy", meant: meant)
                }
                return proxy
            },
            write: { .text($0.masked) },
            meant: meant
        )
    }
}

extension ValueKind<UInt16> {
    /// Permissions of a socket in octal digits.
    static var fileMode: ValueKind {
        let meant = "write four octal digits in quotes, such as \"0660\""
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                guard text.utf8.count == 4, text.hasPrefix("0"), let mode = UInt16(text, radix: 8) else {
                    let octal = text.hasPrefix("0o") ? text.dropFirst(2) : text[...]
                    let digits =
                        octal.utf8.count == 3 && "67".contains(octal.prefix(1)) && UInt16(octal, radix: 8) != nil
                        ? "0\(octal)" : nil
                    let near = digits.map { "did you mean \"\($0)\"?" }
                    throw Misfit(what: "\(quoted(text)) is no file mode", meant: near ?? meant)
                }
                return mode
            },
            write: { mode in
                let digits = String(mode, radix: 8)
                return .text(String(repeating: "0", count: 4 - digits.utf8.count) + digits)
            },
            meant: meant
        )
    }
}

extension ValueKind<LoopbackAddress> {
    /// The door and the admin listener never stand on another address: there is no encryption on them.
    static var loopbackAddress: ValueKind {
        let meant = "write a loopback address and a port, such as 127.0.0.1:9100 or [::1]:9100"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                guard let colon = text.lastIndex(of: ":"), let port = parsePort(text[text.index(after: colon)...])
                else {
                    throw Misfit(what: "\(quoted(text)) has no port from 1 to 65535", meant: meant)
                }
                var host = String(text[..<colon])
                if host == "localhost" { host = "127.0.0.1" }
                if host.contains(":"), !host.hasPrefix("[") {
                    throw Misfit(what: "\(quoted(text)) has an IPv6 address without brackets", meant: meant)
                }
                if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
                guard isLoopbackHost(host) else {
                    throw Misfit(
                        what: "\(quoted(text)) is not an address of the loopback interface",
                        meant:
                            "write 127.0.0.1:\(port): other machines can't be let in, since nothing is encrypted there"
                    )
                }
                return LoopbackAddress(host: host, port: port)
            },
            write: { .text($0.description) },
            meant: meant
        )
    }
}

/// `sun_path` without its closing zero.
let socketPathBytesMax = 107

private func isPath(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count < 4096 && !text.utf8.contains(0)
}

func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
    default: false
    }
}
