import Foundation
import TestSupport

/// The `openssl` command, where it is installed.
let opensslCommand: URL? = ["/usr/bin/openssl", "/usr/local/bin/openssl"]
    .first { FileManager.default.isExecutableFile(atPath: $0) }.map { URL(fileURLWithPath: $0) }

/// An HTTPS endpoint with a certificate of its own making: `openssl s_server`, which hands out what it decrypts and
/// encrypts what it is given. Answers every request with a hand-over.
final class TLSServer {
    let port: Int
    /// The certificate, in PEM: a CA bundle that trusts this server and nobody else.
    let certificate: URL
    private let folder: URL
    private let process: Process
    private let received: FakeLambdaMonitor<String>

    struct Failed: Error { var what: String }

    /// - Parameters:
    ///   - address: what the certificate is for.
    ///   - dates: first and last second of its life, as `YYYYMMDDHHMMSSZ`.
    ///   - options: more options of `s_server`.
    init(address: String = "IP:127.0.0.1", dates: (String, String)? = nil, options: [String] = []) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "lambda-outbox-tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        certificate = folder.appending(path: "certificate.pem")
        let key = folder.appending(path: "key.pem")
        try Self.makeCertificate(in: folder, address: address, dates: dates)

        let process = Process()
        process.executableURL = opensslCommand
        process.arguments =
            ["s_server", "-accept", "127.0.0.1:0", "-cert", certificate.path, "-key", key.path] + options
        let input = Pipe()
        let output = Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        self.process = process

        let received = FakeLambdaMonitor("")
        self.received = received
        let reader = output.fileHandleForReading
        let writer = input.fileHandleForWriting
        Thread.detachNewThread {
            var unanswered = ""
            while case let data = reader.availableData, !data.isEmpty {
                let text = String(decoding: data, as: UTF8.self)
                received.with { $0 += text }
                unanswered += text
                if unanswered.contains("POST "), unanswered.contains("\r\n\r\n") {
                    unanswered = ""
                    let answer = FakeLambdaAnswer(status: 202, headers: [(name: "x-amzn-RequestId", value: "over-tls")])
                    try? writer.write(contentsOf: answer.bytes)
                }
            }
        }
        guard received.wait(seconds: 20, until: { Self.port(in: $0) != nil }),
            let port = received.with({ Self.port(in: $0) })
        else { throw Failed(what: "s_server does not say that it accepts") }
        self.port = port
    }

    deinit {
        // Children inherit the blocked signals of the test's thread, SIGTERM among them.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
        try? FileManager.default.removeItem(at: folder)
    }

    /// How many requests were decrypted.
    var requests: Int { received.with { $0.components(separatedBy: "POST ").count - 1 } }

    /// It says `ACCEPT 127.0.0.1:PORT`.
    private static func port(in text: String) -> Int? {
        guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("ACCEPT") }) else { return nil }
        return line.split(separator: ":").last.flatMap { Int($0) }
    }

    private static func makeCertificate(in folder: URL, address: String, dates: (String, String)?) throws {
        let configuration = """
            [ca]
            default_ca = own
            [own]
            database = index.txt
            new_certs_dir = .
            rand_serial = yes
            default_md = sha256
            policy = any
            x509_extensions = extensions
            [any]
            commonName = supplied
            [req]
            distinguished_name = name
            [name]
            [extensions]
            subjectAltName = \(address)
            """
        try configuration.write(to: folder.appending(path: "openssl.cnf"), atomically: true, encoding: .utf8)
        try "".write(to: folder.appending(path: "index.txt"), atomically: true, encoding: .utf8)
        try run(
            [
                "req", "-config", "openssl.cnf", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=test",
            ],
            in: folder
        )
        let (start, end) = dates ?? ("20200101000000Z", "20991231000000Z")
        try run(
            [
                "ca", "-config", "openssl.cnf", "-batch", "-selfsign", "-keyfile", "key.pem", "-in", "request.pem",
                "-out", "certificate.pem", "-notext", "-startdate", start, "-enddate", end,
            ],
            in: folder
        )
    }

    private static func run(_ arguments: [String], in folder: URL) throws {
        let process = Process()
        process.executableURL = opensslCommand
        process.arguments = arguments
        process.currentDirectoryURL = folder
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed(what: "openssl \(arguments[0])") }
    }
}
