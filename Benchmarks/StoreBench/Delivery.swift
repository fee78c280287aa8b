import Glibc
import LambdaTransport
import OutboxCore
import SigV4

/// Posts signed events by the transport alone, so many in flight, to an endpoint on this machine that answers each with
/// 202. Gives requests a second.
func deliveries(_ options: Options) throws -> Double {
    var transport = try LambdaTransport.open(TransportOptions(version: "bench", instanceID: "bench"))
    let route = RouteTarget(scheme: "http", host: "127.0.0.1", port: options.port, region: "eu-central-1")
    let credentials = Credentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        source: "bench"
    )
    let payloads = (0..<64).map { [UInt8](repeating: UInt8(ascii: "0") + UInt8($0), count: options.bytes) }
    let digests = payloads.map { Digest256(bytes: SHA256.digest($0)) }
    let started = WallTime(milliseconds: 1_800_000_000_000)
    let begin = nanoseconds(CLOCK_MONOTONIC)

    func attempt(_ number: Int) -> AttemptRequest {
        let time = started.advanced(by: .milliseconds((nanoseconds(CLOCK_MONOTONIC) - begin) / 1_000_000))
        return AttemptRequest(
            event: QueuedEvent(
                sequence: Int64(number),
                id: EventID(acceptedAt: started, sequence: Int64(number), generation: 1, random: 1),
                functionKey: FunctionKey(1),
                function: FunctionIdentity(
                    partition: "aws",
                    account: "-",
                    region: "eu-central-1",
                    name: "orders",
                    qualifier: "-"
                ),
                payload: payloads[number % payloads.count],
                payloadDigest: digests[number % digests.count],
                acceptedAt: started,
                ageFrom: started
            ),
            route: route,
            credentials: credentials,
            signingTime: time
        )
    }

    var begun = 0
    var ended = 0
    while ended < options.rows {
        while begun < options.rows, begun - ended < options.inFlight {
            transport.start(attempt(begun))
            begun += 1
        }
        for completion in transport.poll(wait: .seconds(10), wakeDescriptor: -1) {
            guard case .answered(let answer) = completion.outcome, answer.status == 202 else {
                throw Problem(text: "\(completion.outcome)")
            }
            ended += 1
        }
    }
    return Double(ended) / Double(nanoseconds(CLOCK_MONOTONIC) - begin) * 1e9
}
