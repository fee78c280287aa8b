/// An error answer of Lambda or its front end: the service model's list and the codes seen besides.
struct LambdaError: Hashable, Sendable {
    var code: String
    var status: Int

    /// By exact code.
    static func named(_ code: String) -> LambdaError? {
        table[code].map { LambdaError(code: code, status: $0) }
    }

    /// The usual error of an HTTP status; nil where Lambda has none.
    static func usual(forStatus status: Int) -> LambdaError? {
        usualCodes[status].map { LambdaError(code: $0, status: status) }
    }

    /// Every known code, sorted.
    static var allCodes: [String] { table.keys.sorted() }

    /// `Service` where the fault is Lambda's; absent for validation errors, as Lambda leaves it out.
    var type: String? {
        if code == "ValidationException" { return nil }
        return status >= 500 ? "Service" : "User"
    }

    /// Some errors spell it with a capital; clients have to read both.
    var messageKey: String {
        let capital = ["ResourceNotFound", "AccessDenied", "KMS", "EC2", "EFS", "ENI", "ResourceConflict", "Subnet"]
        return capital.contains { code.hasPrefix($0) } ? "Message" : "message"
    }

    func message(function: String) -> String {
        switch code {
        case "ResourceNotFoundException": "Function not found: \(function)"
        case "TooManyRequestsException", "ThrottlingException": "Rate Exceeded."
        case "ServiceException": "An error occurred and the request cannot be processed."
        case "AccessDeniedException":
            "User: arn:aws:iam::123456789012:user/receiver is not authorized to perform: lambda:InvokeFunction on "
                + "resource: \(function) because no identity-based policy allows the lambda:InvokeFunction action"
        case "ExpiredTokenException": "The security token included in the request is expired"
        case "UnrecognizedClientException": "The security token included in the request is invalid."
        case "ResourceConflictException":
            "The operation cannot be performed at this time. The function is currently in the following state: Pending"
        default: "The receiver was told to answer \(code)."
        }
    }

    /// The throttling reasons of the service model.
    static let throttleReasons = [
        "ConcurrentInvocationLimitExceeded", "FunctionInvocationRateLimitExceeded",
        "ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
        "CallerRateLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded",
    ]

    private static let usualCodes: [Int: String] = [
        400: "InvalidRequestContentException", 403: "AccessDeniedException", 404: "ResourceNotFoundException",
        408: "SnapStartTimeoutException", 409: "ResourceConflictException", 410: "EFSIOException",
        413: "RequestEntityTooLargeException", 415: "UnsupportedMediaTypeException", 429: "TooManyRequestsException",
        500: "ServiceException", 502: "EC2UnexpectedException", 503: "ServiceUnavailableException",
    ]

    private static let table: [String: Int] = [
        "AccessDeniedException": 403, "DurableExecutionAlreadyStartedException": 409, "EC2AccessDeniedException": 502,
        "EC2ThrottledException": 502, "EC2UnexpectedException": 502, "EFSIOException": 410,
        "EFSMountConnectivityException": 408, "EFSMountFailureException": 403, "EFSMountTimeoutException": 408,
        "ENILimitReachedException": 502, "ExpiredTokenException": 403, "IncompleteSignatureException": 403,
        "InternalFailure": 500, "InvalidParameterValueException": 400, "InvalidRequestContentException": 400,
        "InvalidRuntimeException": 502, "InvalidSecurityGroupIDException": 502, "InvalidSignatureException": 403,
        "InvalidSubnetIDException": 502, "InvalidZipFileException": 502, "KMSAccessDeniedException": 502,
        "KMSDisabledException": 502, "KMSInvalidStateException": 502, "KMSNotFoundException": 502,
        "MissingAuthenticationTokenException": 403, "NoPublishedVersionException": 400, "OptInRequired": 403,
        "RecursiveInvocationException": 400, "RequestEntityTooLargeException": 413, "RequestTimeoutException": 408,
        "RequestTooLargeException": 413, "ResourceConflictException": 409, "ResourceNotFoundException": 404,
        "ResourceNotReadyException": 502, "S3FilesMountConnectivityException": 408,
        "S3FilesMountFailureException": 403, "S3FilesMountTimeoutException": 408,
        "SerializedRequestEntityTooLargeException": 413, "ServiceException": 500,
        "ServiceUnavailableException": 503, "SnapStartException": 400, "SnapStartNotReadyException": 409,
        "SnapStartTimeoutException": 408, "SubnetIPAddressLimitReachedException": 502, "ThrottlingException": 400,
        "TooManyRequestsException": 429, "UnknownOperationException": 404, "UnrecognizedClientException": 403,
        "UnsupportedMediaTypeException": 415, "ValidationException": 400,
    ]
}
