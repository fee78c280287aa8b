import FoundationEssentials
import Glibc

/// Where a command's words go. A reader that has gone away ends the process, as it does for any filter.
struct Output: Sendable {
    let style: Style
    private let write: @Sendable ([UInt8]) -> Void

    init(style: Style, write: @escaping @Sendable ([UInt8]) -> Void) {
        self.style = style
        self.write = write
    }

    /// One of the standard streams.
    init(_ descriptor: Int32) {
        self.init(style: Style(of: descriptor, environment: ProcessInfo.processInfo.environment)) { bytes in
            guard !FileBytes.writeAll(bytes, to: descriptor) else { return }
            let words = "lambda-outbox: can't write the output: \(String(cString: strerror(errno)))\n"
            _ = FileBytes.writeAll(Array(words.utf8), to: 2)
            exit(CommandStatus.failed.rawValue)
        }
    }

    /// Both streams of the command that runs.
    struct Streams: Sendable {
        var standard: Output
        var error: Output
    }

    @TaskLocal static var streams = Streams(standard: Output(1), error: Output(2))

    static var standard: Output { streams.standard }
    static var error: Output { streams.error }

    var isTerminal: Bool { style.isTerminal }

    func line(_ text: String) {
        self.text("\(text)\n")
    }

    /// Without a line end.
    func text(_ text: String) {
        bytes(Array(text.utf8))
    }

    /// One object on a line of its own.
    func json(_ value: some Encodable) throws {
        bytes(Printable.json(try JSONLine.encode(value)) + [UInt8(ascii: "\n")])
    }

    func bytes(_ bytes: [UInt8]) {
        write(bytes)
    }
}

enum JSONLine {
    /// Compact JSON without a line break; members in the order of their names.
    static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }
}

/// Whole reads and writes on descriptors.
enum FileBytes {
    /// - Returns: false if not everything could be written; `errno` says why.
    static func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var offset = 0
            while offset < buffer.count {
                let count = write(descriptor, buffer.baseAddress! + offset, buffer.count - offset)
                if count < 0 {
                    if errno == EINTR { continue }
                    return false
                }
                offset += count
            }
            return true
        }
    }

    /// Reads to the end, at most `max` bytes.
    static func readAll(_ descriptor: Int32, max: Int) throws(CommandFailure) -> [UInt8] {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 * 1024)
        while true {
            let count = chunk.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return result }
            if count < 0 {
                if errno == EINTR { continue }
                throw CommandFailure(.failed, "can't read the payload: \(String(cString: strerror(errno)))")
            }
            guard result.count + count <= max else {
                throw CommandFailure(.invalid, "the payload is larger than \(max) bytes")
            }
            result += chunk[..<count]
        }
    }
}
