extension PassedHeaders {
    /// Checks the headers that are stored and sent on to Lambda, by AWS's own rules; the client context has rules of
    /// its own.
    package func check() throws(Refusal) {
        if let name = durableExecutionName {
            guard (1...64).contains(name.utf8.count), name.utf8.allSatisfy({ Self.isWord($0) }) else {
                throw Refusal(
                    .validation,
                    "X-Amz-Durable-Execution-Name must have 1 to 64 letters, digits, hyphens and underscores."
                )
            }
        }
        if let tenant = tenantID {
            let others = Array("._:/=+-@ ".utf8)
            guard (1...256).contains(tenant.utf8.count),
                tenant.utf8.allSatisfy({ Self.isWord($0) || others.contains($0) })
            else {
                throw Refusal(
                    .validation,
                    "X-Amz-Tenant-Id must have 1 to 256 letters, digits, spaces and characters of . _ : / = + - @"
                )
            }
        }
        if let trace = traceID {
            guard (1...1024).contains(trace.utf8.count), trace.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else {
                throw Refusal(.validation, "X-Amzn-Trace-Id must have 1 to 1024 printable ASCII characters.")
            }
        }
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
