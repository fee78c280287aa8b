/// What one error code of Lambda, or of the AWS front end, means for a dispatcher.
package struct ErrorCode: Hashable, Sendable {
    package var blame: Blame
    /// What it says, for people.
    package var meaning: String
    /// What a throttle slows down.
    package var scope: Verdict.Scope = .function
    /// The code means configuration: no use in trying four more times.
    package var suspendsAtOnce = false
    /// It says nothing of the function itself, and can be the account's or the service's: where every function has it,
    /// the route is to blame.
    package var canBeRoutes = false
    package var refreshesCredentials = false
    /// The code says, or can mean, that our clock is off.
    package var clock = false
}

/// The error codes we know. AWS services write most of them with and without `Exception` at the end, so the table
/// is kept, and asked, without.
///
/// Sources: botocore's model of Invoke for the modelled ones; AWS's common errors, and answers that were seen, for the
/// others. Which party a code is blamed on is our judgement (delivery: "Blame").
package enum ErrorCodes {
    /// The code our own door answers when a request reaches it that another lambda-outbox sent.
    package static let loop = "OutboxLoopException"

    /// The entry for a code, with or without `Exception` at its end; nil for a code we don't know.
    package static func entry(for code: String) -> ErrorCode? {
        table[stem(of: code)]
    }

    /// Whether a code may stand in a log: letters, digits, `.`, `_`, `-`, at most 100. Anything else in its place came
    /// from something that isn't AWS, and may quote a payload (P11).
    package static func isPresentable(_ code: String) -> Bool {
        (1...100).contains(code.utf8.count)
            && code.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// What a TooManyRequestsException's `Reason` slows down: two are limits of the account in a region, all others
    /// (also none, also new ones) are taken for the function's.
    package static func throttleScope(reason: String?) -> Verdict.Scope {
        switch reason {
        case "ConcurrentInvocationLimitExceeded", "CallerRateLimitExceeded": .route
        default: .function
        }
    }

    static func stem(of code: String) -> String {
        code.hasSuffix("Exception") ? String(code.dropLast("Exception".count)) : code
    }

    private static let table: [String: ErrorCode] = {
        var table: [String: ErrorCode] = [:]
        for (codes, entry) in rows {
            for code in codes { table[code] = entry }
        }
        return table
    }()

    private static let rows: [([String], ErrorCode)] = events + functions + throttles + routes

    private static let events: [([String], ErrorCode)] = [
        (["InvalidRequestContent"], ErrorCode(blame: .event, meaning: "Lambda can't read the payload as JSON")),
        (
            ["RequestTooLarge", "RequestEntityTooLarge", "SerializedRequestEntityTooLarge"],
            ErrorCode(blame: .event, meaning: "the payload is too large for Lambda")
        ),
        (
            ["DurableExecutionAlreadyStarted", "DurableExecutionAlreadyExists"],
            ErrorCode(blame: .event, meaning: "the durable execution name was used with another payload")
        ),
        (["RecursiveInvocation"], ErrorCode(blame: .event, meaning: "Lambda detected a recursive loop")),
        (["InvalidParameterValue"], ErrorCode(blame: .event, meaning: "a parameter of the event is invalid")),
        (["Validation"], ErrorCode(blame: .event, meaning: "a parameter of the event breaks its pattern")),
    ]

    private static let functions: [([String], ErrorCode)] = [
        (
            ["ResourceNotFound"],
            ErrorCode(
                blame: .function,
                meaning: "the function, version or alias doesn't exist in this region",
                suspendsAtOnce: true
            )
        ),
        (
            ["AccessDenied"],
            ErrorCode(
                blame: .function,
                meaning: "the credentials may not invoke this function",
                suspendsAtOnce: true,
                canBeRoutes: true
            )
        ),
        (
            ["KMSAccessDenied", "KMSDisabled", "KMSInvalidState", "KMSNotFound"],
            ErrorCode(
                blame: .function,
                meaning: "Lambda can't decrypt the function's environment with its KMS key",
                suspendsAtOnce: true
            )
        ),
        (
            ["InvalidSubnetID", "InvalidSecurityGroupID"],
            ErrorCode(
                blame: .function,
                meaning: "the function's subnet or security group is not valid",
                suspendsAtOnce: true
            )
        ),
        (["ResourceConflict"], ErrorCode(blame: .function, meaning: "the function is being changed")),
        (["ResourceNotReady"], ErrorCode(blame: .function, meaning: "the function is not ready")),
        (["NoPublishedVersion"], ErrorCode(blame: .function, meaning: "the function has no published version")),
        (
            ["SnapStart", "SnapStartNotReady", "SnapStartTimeout"],
            ErrorCode(blame: .function, meaning: "the function's SnapStart snapshot can't be restored")
        ),
        (
            ["EC2AccessDenied", "EC2Unexpected", "ENILimitReached", "SubnetIPAddressLimitReached"],
            ErrorCode(blame: .function, meaning: "Lambda can't set up the function's VPC access")
        ),
        (
            ["InvalidRuntime", "InvalidZipFile"],
            ErrorCode(blame: .function, meaning: "the function's package is broken")
        ),
        (
            ["EFSMountConnectivity", "EFSMountTimeout", "EFSMountFailure", "EFSIO"],
            ErrorCode(blame: .function, meaning: "the function's EFS file system fails")
        ),
        (
            ["S3FilesMountConnectivity", "S3FilesMountTimeout", "S3FilesMountFailure"],
            ErrorCode(blame: .function, meaning: "the function's S3 Files mount fails")
        ),
        (["Service"], ErrorCode(blame: .function, meaning: "Lambda had an internal error", canBeRoutes: true)),
    ]

    private static let throttles: [([String], ErrorCode)] = [
        (["TooManyRequests"], ErrorCode(blame: .throttle, meaning: "too many requests")),
        (["EC2Throttled"], ErrorCode(blame: .throttle, meaning: "EC2 throttled the set-up of the function")),
        (
            [
                "Throttling", "Throttled", "RequestThrottled", "RequestLimitExceeded", "BandwidthLimitExceeded",
                "LimitExceeded", "SlowDown", "PriorRequestNotComplete", "ProvisionedThroughputExceeded",
                "TransactionInProgress",
            ],
            ErrorCode(blame: .throttle, meaning: "the account's request rate is limited", scope: .route)
        ),
    ]

    private static let routes: [([String], ErrorCode)] = [
        (
            ["ExpiredToken"],
            ErrorCode(blame: .route, meaning: "the session token has expired", refreshesCredentials: true)
        ),
        (
            ["UnrecognizedClient", "InvalidClientTokenId"],
            ErrorCode(blame: .route, meaning: "AWS doesn't know the access key or its session token")
        ),
        (
            ["InvalidSignature", "SignatureDoesNotMatch"],
            ErrorCode(
                blame: .route,
                meaning: "the signature was refused: wrong secret key, a proxy that rewrites requests, or the clock",
                clock: true
            )
        ),
        (
            ["AuthFailure"],
            ErrorCode(blame: .route, meaning: "AWS could not check the credentials: keys, or the clock", clock: true)
        ),
        (
            ["RequestTimeTooSkewed", "RequestExpired", "RequestInTheFuture"],
            ErrorCode(blame: .route, meaning: "the clock is off", clock: true)
        ),
        (
            ["MissingAuthenticationToken", "IncompleteSignature"],
            ErrorCode(
                blame: .route,
                meaning: "the Authorization header arrived incomplete: a proxy may have changed it"
            )
        ),
        (
            ["OptInRequired", "NotAuthorized"],
            ErrorCode(blame: .route, meaning: "the account isn't enabled for this region or service")
        ),
        (
            ["UnsupportedMediaType", "MalformedHttpRequest"],
            ErrorCode(blame: .route, meaning: "the request arrived changed: a proxy may be meddling")
        ),
        (["UnknownOperation"], ErrorCode(blame: .route, meaning: "the endpoint is not Lambda's Invoke API")),
        (
            ["RequestTimeout", "RequestAborted"],
            ErrorCode(blame: .route, meaning: "the request arrived too slowly or was broken off")
        ),
        (
            ["InternalFailure", "InternalServerError", "ServiceUnavailable"],
            ErrorCode(blame: .route, meaning: "the service is in trouble")
        ),
        (
            [stem(of: loop)],
            ErrorCode(
                blame: .route,
                meaning: "the endpoint leads back to lambda-outbox's own door: unset AWS_ENDPOINT_URL, "
                    + "AWS_ENDPOINT_URL_LAMBDA and aws.endpoint_url, or point them at Lambda"
            )
        ),
    ]
}
