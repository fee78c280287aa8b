import Hummingbird

/// Refuses requests that name another host than this machine: a web page whose name was made to lead to 127.0.0.1 (DNS
/// rebinding) sends its own.
struct LoopbackHostOnly: RouterMiddleware {
    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        // Browsers always send one; what doesn't is no browser.
        guard request.head.authority.map(Self.isLoopback) ?? true else {
            throw AdminError(.forbidden, "the Host header must name this machine: localhost or a loopback address")
        }
        return try await next(request, context)
    }

    /// `localhost`, `127.x.y.z` or `[::1]`, with or without a port.
    static func isLoopback(_ authority: String) -> Bool {
        var host = Substring(authority)
        if let colon = host.lastIndex(of: ":"), !host.hasSuffix("]") {
            let port = host[host.index(after: colon)...]
            guard (1...5).contains(port.utf8.count), port.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return false
            }
            host = host[..<colon]
        }
        if host.lowercased() == "localhost" || host == "[::1]" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127"
            && parts.allSatisfy { part in
                (1...3).contains(part.utf8.count) && part.utf8.allSatisfy { (0x30...0x39).contains($0) }
                    && UInt8(part) != nil
            }
    }
}

/// Lets nothing but reading metrics and health through.
struct MonitoringOnly: RouterMiddleware {
    private static let paths: Set<String> = ["/metrics", "/health/live", "/health/ready"]

    func handle(
        _ request: Request,
        context: BasicRequestContext,
        next: (Request, BasicRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get, Self.paths.contains(request.uri.path) else {
            throw AdminError(
                .forbidden,
                "this listener answers GET /metrics, /health/live and /health/ready; everything else is on the admin "
                    + "Unix socket"
            )
        }
        return try await next(request, context)
    }
}
