/// What to do about a suspension, found by the words of its reason: they begin with the kind of a failure or with AWS's
/// error code.
enum Advice {
    static let credentials =
        "Write new keys where they come from. From a credentials file they are taken by themselves, at once with "
        + "systemctl reload lambda-outbox; those of /etc/credstore/lambda-outbox.aws-credentials or of the environment "
        + "need systemctl restart lambda-outbox."

    static func route(_ reason: String, _ route: RouteStatus) -> String {
        let host = hostName(route.endpoint)
        let recovery = " Delivery resumes by itself."
        switch word(reason) {
        case "dns":
            return "Check name resolution on this machine: getent hosts \(host), /etc/resolv.conf." + recovery
        case "connect", "timeout", "cut":
            return "Try curl -sv \(route.endpoint)/ on this machine, and check its network, VPN, firewall and proxy."
                + recovery
        case "proxy" where reason.contains("407"), "status" where reason.contains("407"):
            return
                "Give the proxy's user and password in aws.proxy (http://USER:PASSWORD@HOST:PORT) or HTTPS_PROXY, then "
                + "systemctl restart lambda-outbox."
        case "status", "a":
            return
                "Something on the way answers in Lambda's place: look at the proxy (aws.proxy, HTTPS_PROXY), a captive "
                + "portal or firewall, and aws.endpoint_url." + recovery
        case "garbled":
            return "What answers at \(route.endpoint) doesn't speak HTTP: check aws.endpoint_url, and the proxy."
                + recovery
        case "proxy":
            return "Check the proxy of aws.proxy, or HTTPS_PROXY, and that it lets \(host) through." + recovery
        case "tls" where reason.contains("clock"):
            return "Check the clock first (timedatectl status), then the certificate of \(host)." + recovery
        case "tls":
            return "Check which certificate \(host) shows (a proxy that opens TLS?); trust its authority with "
                + "aws.ca_bundle." + recovery
        case "credentials", "ExpiredToken", "UnrecognizedClient", "InvalidClientTokenId", "MissingAuthenticationToken":
            return credentials
        case _ where reason.hasSuffix("the clock is off"):
            return "Set the clock, and keep it right: timedatectl status, chronyc tracking." + recovery
        case "InvalidSignature", "SignatureDoesNotMatch", "AuthFailure":
            return "Check the clock (timedatectl status), then the secret key. " + credentials
        case "OptInRequired", "NotAuthorized":
            return "Enable the region \(route.region) for this AWS account." + recovery
        case "ServiceUnavailable", "InternalFailure", "InternalServerError":
            return "Look at AWS's health page for \(route.region)." + recovery
        case "OutboxLoop":
            return "Unset AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_LAMBDA and aws.endpoint_url, or point them at Lambda."
        default:
            return "lambda-outbox events show says what an event's attempts got (ids: lambda-outbox events list); "
                + "journalctl -u lambda-outbox says since when." + recovery
        }
    }

    static func function(_ reason: String, _ function: String) -> String {
        let recovery = " Delivery resumes by itself; events older than max_age become dead letters."
        switch word(reason) {
        case "ResourceNotFound":
            return "Deploy the function, or correct its name, alias or region at the producer." + recovery
        case "AccessDenied":
            return "Allow lambda:InvokeFunction on it to the credentials that are used." + recovery
        case let code where code.hasPrefix("KMS"):
            return "Mend the function's KMS key or its permissions." + recovery
        case let code
        where code.hasPrefix("ENI") || code.hasPrefix("EC2") || code.hasPrefix("Subnet")
            || code.hasPrefix("InvalidSubnet") || code.hasPrefix("InvalidSecurity"):
            return "Mend the function's VPC configuration." + recovery
        default:
            return "Look at the function in AWS's console; lambda-outbox events show says what an event's attempts got "
                + "(ids: lambda-outbox events list --function \(Pause.argument(function)))." + recovery
        }
    }

    /// `connect` of `connect: …`, `AccessDenied` of `AccessDeniedException (403): …`.
    private static func word(_ reason: String) -> String {
        let first = String(reason.prefix { $0 != ":" && $0 != " " })
        return first.hasSuffix("Exception") ? String(first.dropLast("Exception".count)) : first
    }

    /// Of an endpoint such as `https://lambda.eu-west-1.amazonaws.com` or `http://127.0.0.1:9000`.
    private static func hostName(_ endpoint: String) -> String {
        let authority = endpoint.split(separator: "/", maxSplits: 2).last.map(String.init) ?? endpoint
        guard let colon = authority.lastIndex(of: ":"), !authority.hasSuffix("]") else { return authority }
        return String(authority[..<colon])
    }
}
