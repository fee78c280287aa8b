import Foundation
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

/// Answers and what botocore reads from them.
private struct ParseCases: Decodable {
    struct Row: Decodable {
        var status: Int
        var headers: [String: String]
        var body: String
        var code: String
        var message: String?
    }
    var cases: [Row]
}

private struct InvokeErrors: Decodable {
    struct Row: Decodable {
        var code: String
        var status: Int
        var messageKey: String?
    }
    var errors: [Row]
}

private let parseCases = "errors/parse-cases.json"
private let invokeErrors = "errors/invoke-errors.json"

@Suite("Reading answers", .timeLimit(.minutes(2)))
struct AnswerTests {
    /// Over the wire, so that the names of headers are found as libcurl hands them out. Where botocore falls back on the
    /// status it says `503` and the phrase; we say `HTTP-503` and keep the page.
    // Without the published cases there is nothing to hold it against; the project's own cases below still run.
    @Test(.enabled(if: Vectors.has(parseCases), Comment(rawValue: Vectors.areAbsent)))
    func `answers are read as botocore reads them`() throws {
        let cases = try Vectors.decode(parseCases, as: ParseCases.self).cases
        #expect(!cases.isEmpty)
        let lambda = try FakeLambda { request in
            let row = cases[request.number]
            return .answer(
                FakeLambdaAnswer(status: row.status, headers: row.headers.map { (name: $0, value: $1) }, body: row.body)
            )
        }
        var transport = try LambdaTransport.open(testOptions())
        for (index, row) in cases.enumerated() {
            let answer = transport.outcome(of: attempt(Int64(index), to: route(port: lambda.port)))?.answer
            #expect(answer?.status == row.status)
            if row.code == "\(row.status)" {
                #expect(answer?.code == "HTTP-\(row.status)")
                #expect(answer?.message == row.body)
            } else {
                #expect(answer?.code == row.code)
                if let message = row.message { #expect(answer?.message == message) }
            }
            if row.headers["Retry-After"] == "7" {
                #expect(answer?.retryAfter == .seconds(7))
                #expect(answer?.reason == "ReservedFunctionConcurrentInvocationLimitExceeded")
            }
        }
    }

    // As above.
    @Test(.enabled(if: Vectors.has(invokeErrors), Comment(rawValue: Vectors.areAbsent)))
    func `every published error keeps its code over the wire`() throws {
        let rows = try Vectors.decode(invokeErrors, as: InvokeErrors.self).errors
        #expect(!rows.isEmpty)
        let lambda = try FakeLambda { request in
            let row = rows[request.number]
            return .answer(
                .error(row.code, status: row.status, message: "the text", messageKey: row.messageKey ?? "message")
            )
        }
        var transport = try LambdaTransport.open(testOptions())
        for (index, row) in rows.enumerated() {
            let answer = transport.outcome(of: attempt(Int64(index), to: route(port: lambda.port)))?.answer
            #expect(answer?.code == row.code)
            #expect(answer?.status == row.status, "\(row.code)")
            #expect(answer?.message == "the text", "\(row.code)")
            #expect(answer?.requestID == "request-of-error", "\(row.code)")
        }
        #expect(lambda.connections == 1)
    }

    @Test(
        arguments: [
            ("Name", "{}", "Name"), ("Name:", "{}", "Name"), ("ns#Name", "{}", "Name"),
            ("a#b#Name:http://x/#y", "{}", "Name"), (nil, #"{"code":"A","__type":"B"}"#, "A"),
            (nil, #"{"Code":"A","__type":"B"}"#, "A"), (nil, #"{"code":"A","Code":"B"}"#, "A"),
            (nil, #"{"__type":"com.amazon.coral.service#Name"}"#, "Name"), (nil, #"{"code":7,"__type":"B"}"#, "B"),
            ("", #"{"__type":"B"}"#, "B"), (nil, "{}", "HTTP-400"), (nil, "[]", "HTTP-400"), (nil, "", "HTTP-400"),
            (nil, "{", "HTTP-400"), (nil, #"{"code":"a word of the payload"}"#, "HTTP-400"),
            ("a word of the payload", "{}", "HTTP-400"), (String(repeating: "x", count: 101), "{}", "HTTP-400"),
        ] as [(String?, String, String)]
    )
    func `the code is the header's, else the body's, else the status`(header: String?, body: String, code: String) {
        let answer = parseAnswer(status: 400, headers: AnswerHeaders(errorType: header), body: Array(body.utf8))
        #expect(answer.code == code)
    }

    @Test(
        arguments: [
            (#"{"message":"a","Message":"b"}"#, "a"), (#"{"Message":"b"}"#, "b"),
            (#"{"message":null,"Message":"b"}"#, "b"),
            ("{}", nil), ("", "Bad Gateway"), ("<html>no</html>", "<html>no</html>"), ("[1]", "[1]"),
        ] as [(String, String?)]
    )
    func `the text is the body's message, else the body, else the phrase`(body: String, message: String?) {
        #expect(parseAnswer(status: 502, headers: AnswerHeaders(), body: Array(body.utf8)).message == message)
    }

    @Test(arguments: [499, 500, 501, 502, 503])
    func `a message is cut at 500 bytes, and between characters`(size: Int) throws {
        let text = String(repeating: "x", count: size - 3) + "€"
        for body in [text, #"{"message":"\#(text)"}"#] {
            let answer = parseAnswer(status: 400, headers: AnswerHeaders(errorType: "E"), body: Array(body.utf8))
            let message = try #require(answer.message)
            #expect(message.utf8.count <= 500)
            if size <= 500 { #expect(message == text) }
            if body != text && size > 500 { #expect(message == String(text.dropLast())) }
        }
    }

    @Test func `a body that is no UTF-8 is no crash`() {
        let answer = parseAnswer(status: 500, headers: AnswerHeaders(), body: [0xFF, 0xFE, 0x00])
        #expect(answer.code == "HTTP-500")
        #expect(answer.message == "\u{FFFD}\u{FFFD}\0")
    }

    @Test(arguments: ["", "with space", "line\nbreak", String(repeating: "r", count: 129)])
    func `what can't be a request id is none`(id: String) {
        #expect(parseAnswer(status: 202, headers: AnswerHeaders(requestID: id), body: []).requestID == nil)
    }

    @Test(
        arguments: [
            ("0", 0), ("7", 7_000), ("86400", 86_400_000), ("Sun, 22 Nov 2026 12:00:30 GMT", 30_000),
            ("Sun, 22 Nov 2026 11:00:00 GMT", 0), ("soon", nil), ("-1", nil), ("1.5", nil), ("", nil),
            ("99999999999999999999", nil),
        ] as [(String, Int64?)]
    )
    func `Retry-After is seconds, or a date counted from the answer's own`(text: String, milliseconds: Int64?) {
        let headers = AnswerHeaders(retryAfter: text, date: "Sun, 22 Nov 2026 12:00:00 GMT")
        let answer = parseAnswer(status: 429, headers: headers, body: [])
        #expect(answer.retryAfter == milliseconds.map { .milliseconds($0) })
    }

    @Test func `a proxy's 202 comes through without a request id`() throws {
        let lambda = try FakeLambda { _ in .answer(FakeLambdaAnswer(status: 202, body: "<html>welcome</html>")) }
        var transport = try LambdaTransport.open(testOptions())
        let answer = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer
        #expect(answer?.status == 202)
        #expect(answer?.requestID == nil)
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `a redirect is not followed`(status: Int) throws {
        let elsewhere = try FakeLambda()
        let lambda = try FakeLambda { _ in
            let target = (name: "Location", value: "http://127.0.0.1:\(elsewhere.port)/")
            return .answer(FakeLambdaAnswer(status: status, headers: [target]))
        }
        var transport = try LambdaTransport.open(testOptions())
        #expect(transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer?.status == status)
        #expect(lambda.requests.count == 1)
        #expect(elsewhere.connections == 0)
    }

    @Test func `an interim answer and a trailer give no request id`() throws {
        let interim = "HTTP/1.1 103 Early Hints\r\nx-amzn-RequestId: early\r\n\r\n"
        let final = "HTTP/1.1 202 Accepted\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nx-amzn-RequestId: late\r\n\r\n"
        let lambda = try FakeLambda { _ in .bytes(Array((interim + final).utf8)) }
        var transport = try LambdaTransport.open(testOptions())
        let answer = transport.outcome(of: attempt(1, to: route(port: lambda.port)))?.answer
        #expect(answer?.status == 202)
        #expect(answer?.requestID == nil)
    }
}

@Suite("HTTP dates")
struct HTTPDateTests {
    @Test(
        arguments: [
            ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777), ("Sunday, 06-Nov-94 08:49:37 GMT", 784_111_777),
            ("Sun Nov  6 08:49:37 1994", 784_111_777), ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Thu, 29 Feb 2024 23:59:59 GMT", 1_709_251_199), ("Sun, 22 Nov 2026 12:00:00 GMT", 1_795_348_800),
            ("Tuesday, 19-Jan-38 03:14:08 GMT", 2_147_483_648), ("Wed, 31 Dec 2025 23:59:60 GMT", 1_767_225_600),
            ("Fri, 01 Mar 2400 00:00:00 GMT", 13_574_649_600),
        ]
    )
    func `all three forms are read`(text: String, seconds: Int64) {
        #expect(WallTime(httpDate: text) == WallTime(milliseconds: seconds * 1000))
    }

    @Test(
        arguments: [
            "", "now", "2026-11-22T12:00:00Z", "Sun, 06 Nov 1994 08:49:37 CET", "Sun, 32 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT", "Sun, 06 Nov 1994 08:60:00 GMT", "Sun, 06 Foo 1994 08:49:37 GMT",
            "Sun, 06 Nov 194 08:49:37 GMT", "Sun, 06 Nov 1994 08:49 GMT", "Sun, +6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT GMT", "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 0994 08:49:37 GMT", "S n, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:4a:37 GMT",
            "Sun, 06 Nóv 1994 8:49:37 GMT",
        ]
    )
    func `anything else is no date`(text: String) {
        #expect(WallTime(httpDate: text) == nil)
    }
}
