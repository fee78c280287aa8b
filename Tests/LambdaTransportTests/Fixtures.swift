import Glibc
import LambdaTransport
import OutboxCore
import SigV4
import TestSupport

let testCredentials = Credentials(accessKeyID: "AKIDEXAMPLE", secretAccessKey: "secret", source: "test")

/// Options with which a test ends soon.
func testOptions(connect: Span = .seconds(5), base: Span = .seconds(30), stall: Span = .seconds(30)) -> TransportOptions
{
    var options = TransportOptions(version: "0.0.0", instanceID: "test")
    options.connectTimeout = connect
    options.baseTimeout = base
    options.stallTimeout = stall
    return options
}

func route(
    port: Int,
    scheme: String = "http",
    host: String = "127.0.0.1",
    network: RouteNetwork = RouteNetwork()
) -> RouteTarget {
    RouteTarget(scheme: scheme, host: host, port: port, region: "eu-central-1", network: network)
}

func function(_ name: String = "orders", account: String = "-", qualifier: String = "-") -> FunctionIdentity {
    FunctionIdentity(partition: "aws", account: account, region: "eu-central-1", name: name, qualifier: qualifier)
}

/// An attempt of an event with this sequence and payload, at 2026-11-22T12:00:00Z.
func attempt(
    _ sequence: Int64,
    to route: RouteTarget,
    function: FunctionIdentity = function(),
    payload: [UInt8] = Array(#"{"n":1}"#.utf8),
    headers: PassedHeaders = PassedHeaders(),
    credentials: Credentials? = testCredentials,
    wire: WireForm = WireForm()
) -> AttemptRequest {
    let now = WallTime(milliseconds: 1_795_348_800_000)
    let event = QueuedEvent(
        sequence: sequence,
        id: EventID(acceptedAt: now, sequence: sequence, generation: 1, random: 1),
        functionKey: FunctionKey(1),
        function: function,
        payload: payload,
        payloadDigest: Digest256(bytes: SHA256.digest(payload)),
        headers: headers,
        acceptedAt: now,
        ageFrom: now
    )
    return AttemptRequest(event: event, route: route, credentials: credentials, signingTime: now, wire: wire)
}

extension LambdaTransport {
    /// Polls until every attempt that was started is done, or half a minute is over.
    mutating func finishAll() -> [AttemptCompletion] {
        var completions: [AttemptCompletion] = []
        var begin = timespec()
        clock_gettime(CLOCK_MONOTONIC, &begin)
        var now = begin
        while activeCount > 0 && now.tv_sec - begin.tv_sec < 30 {
            completions += poll(wait: .seconds(1), wakeDescriptor: -1)
            clock_gettime(CLOCK_MONOTONIC, &now)
        }
        return completions
    }

    /// The outcome of one attempt, started alone.
    mutating func outcome(of attempt: AttemptRequest) -> AttemptOutcome? {
        start(attempt)
        return finishAll().first?.outcome
    }
}

extension AttemptOutcome {
    var answer: Answer? {
        if case .answered(let answer) = self { answer } else { nil }
    }

    var failure: TransportFailure? {
        if case .failed(let failure) = self { failure } else { nil }
    }
}
