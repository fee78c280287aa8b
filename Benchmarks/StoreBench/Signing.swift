import Glibc
import SigV4

/// Signs requests as the transport does: the key is derived once a day, the body's hash is known. Gives
/// microseconds of the processor each.
func signing(_ options: Options) -> Double {
    var signer = Signer(region: "eu-central-1", service: "lambda")
    let credentials = SigningCredentials(
        accessKeyID: "AKIDEXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
    )
    let digests = (0..<64).map { SHA256.digest([UInt8](repeating: UInt8($0), count: options.bytes)) }
    var length = 0
    let start = nanoseconds(CLOCK_THREAD_CPUTIME_ID)
    for number in 0..<options.rows {
        let request = SigningRequest(
            method: "POST",
            path: "/2015-03-31/functions/orders/invocations",
            headers: [
                (name: "Host", value: "lambda.eu-central-1.amazonaws.com"),
                (name: "Content-Type", value: "application/json"),
                (name: "X-Amz-Invocation-Type", value: "Event"),
            ],
            payloadHash: .digest(digests[number % digests.count])
        )
        // Some thousand requests fall into one second.
        let time = SigningTime(seconds: 1_800_000_000 + Int64(number / 5000))
        length += signer.sign(request, credentials: credentials, time: time).authorization.utf8.count
    }
    let took = Double(nanoseconds(CLOCK_THREAD_CPUTIME_ID) - start) / 1e3 / Double(options.rows)
    precondition(length > options.rows * 64, "a signature has 64 digits")
    return took
}
