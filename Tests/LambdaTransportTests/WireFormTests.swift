import Foundation
import LambdaTransport
import OutboxCore
import TestSupport
import Testing

@Suite("What a function's policy adds", .timeLimit(.minutes(2)))
struct WireFormTests {
    private let cloudEvents = WireForm(envelope: .cloudevents)

    @Test func `an envelope is a CloudEvents 1.0 object around the exact bytes`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let payload = Array(#" { "b" : 1.50, "a":"\u00e9é" } "#.utf8)
        let request = attempt(7, to: route(port: lambda.port), payload: payload, wire: cloudEvents)
        #expect(transport.outcome(of: request)?.answer?.status == 202)

        let received = try #require(lambda.requests.first)
        #expect(received.header("Content-Type") == "application/json")
        let id = request.event.id.description
        #expect(
            String(decoding: received.body, as: UTF8.self)
                == #"{"specversion":"1.0","id":"\#(id)","source":"urn:lambda-outbox:test","#
                + #""type":"lambda-outbox.event","time":"2026-11-22T12:00:00.000Z","#
                + #""datacontenttype":"application/json","data": { "b" : 1.50, "a":"\u00e9é" } }"#
        )
        let object = try #require(JSONSerialization.jsonObject(with: Data(received.body)) as? [String: Any])
        #expect(Set(object.keys) == ["specversion", "id", "source", "type", "time", "datacontenttype", "data"])
    }

    @Test(arguments: ["1", "null", "\"text\"", "[1,2]", "true"])
    func `data may be any JSON`(payload: String) throws {
        let body = try enveloped(Array(payload.utf8))
        #expect(body.hasSuffix(#""data":\#(payload)}"#))
        #expect(JSONScanner.fault(in: Array(body.utf8)) == nil)
    }

    @Test func `an empty body has no data`() throws {
        let body = try enveloped([])
        #expect(body.hasSuffix(#"Z"}"#))
        #expect(!body.contains("data"))
        #expect(JSONScanner.fault(in: Array(body.utf8)) == nil)
    }

    @Test(
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (1_709_210_096_007, "2024-02-29T12:34:56.007Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (-86_400_000, "1969-12-31T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ]
    )
    func `its time is when the event was accepted`(milliseconds: Int64, text: String) throws {
        #expect(try enveloped([], acceptedAt: WallTime(milliseconds: milliseconds)).contains(#""time":"\#(text)""#))
    }

    @Test func `the door leaves enough room for it`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(
            TransportOptions(version: "1.0.0", instanceID: String(repeating: "f", count: 32))
        )
        let payload = digits(1000)
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), payload: payload, wire: cloudEvents))
        let added = try #require(lambda.requests.first).body.count - payload.count
        #expect((1...WireForm.Envelope.cloudevents.bytesMax).contains(added))
        #expect(WireForm.Envelope.none.bytesMax == 0)
    }

    @Test func `a damaged payload doesn't go out in an envelope either (P10)`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        var damaged = attempt(1, to: route(port: lambda.port), wire: cloudEvents)
        damaged.event.payload[0] ^= 1
        #expect(transport.outcome(of: damaged)?.failure?.kind == .corrupt)
        #expect(lambda.connections == 0)
    }

    @Test func `the signature is of the envelope`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let plain = attempt(1, to: route(port: lambda.port), payload: Array(#"{"n":1}"#.utf8))
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), wire: cloudEvents))
        let body = try #require(lambda.requests.first).body
        var same = plain
        same.event.payload = body
        same.event.payloadDigest = attempt(1, to: plain.route, payload: body).event.payloadDigest
        _ = transport.outcome(of: same)
        #expect(lambda.requests.count == 2)
        #expect(lambda.requests[0].body == lambda.requests[1].body)
        #expect(lambda.requests[0].header("Authorization") == lambda.requests[1].header("Authorization"))
    }

    @Test func `the event id goes as durable execution name, signed`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let request = attempt(1, to: route(port: lambda.port), wire: WireForm(durableName: .eventID))
        _ = transport.outcome(of: request)
        let received = try #require(lambda.requests.first)
        #expect(received.header("X-Amz-Durable-Execution-Name") == request.event.id.description)
        #expect(received.header("Authorization")?.contains(";x-amz-durable-execution-name;") == true)
    }

    @Test func `the producer's own durable execution name wins`() throws {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        let own = PassedHeaders(durableExecutionName: "run-7")
        let wire = WireForm(durableName: .eventID)
        _ = transport.outcome(of: attempt(1, to: route(port: lambda.port), headers: own, wire: wire))
        _ = transport.outcome(of: attempt(2, to: route(port: lambda.port)))
        #expect(lambda.requests.map { $0.header("X-Amz-Durable-Execution-Name") } == ["run-7", nil])
    }

    private func enveloped(
        _ payload: [UInt8],
        acceptedAt: WallTime = WallTime(milliseconds: 1_795_348_800_000)
    ) throws -> String {
        let lambda = try FakeLambda()
        var transport = try LambdaTransport.open(testOptions())
        var request = attempt(1, to: route(port: lambda.port), payload: payload, wire: cloudEvents)
        request.event.acceptedAt = acceptedAt
        #expect(transport.outcome(of: request)?.answer?.status == 202)
        return String(decoding: try #require(lambda.requests.first).body, as: UTF8.self)
    }
}
