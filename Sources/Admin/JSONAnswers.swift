import AdminAPI
import FoundationEssentials
import Hummingbird
import Logging

/// Turns values into JSON answers and every error into an `ErrorBody`.
enum JSONAnswers {
    static func answer(_ value: some Encodable, status: HTTPResponse.Status = .ok) throws -> Response {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try encoder.encode(value)
        return bytes(Array(data), type: "application/json", status: status)
    }

    static func bytes(_ bytes: [UInt8], type: String, status: HTTPResponse.Status = .ok) -> Response {
        Response(
            status: status,
            headers: [.contentType: type, .cacheControl: "no-store"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes))
        )
    }

    static func decode<Value: Decodable>(
        _ type: Value.Type,
        from request: Request,
        upTo bytesMax: Int = AdminLimits.bodyBytesMax
    ) async throws -> Value {
        let body: ByteBuffer
        do {
            body = try await request.body.collect(upTo: bytesMax)
        } catch {
            throw AdminError(.tooLarge, "the request body is larger than \(bytesMax) bytes")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(body.readableBytesView))
        } catch {
            throw AdminError(.invalid, "the request body is not the JSON object that this call takes")
        }
    }
}

/// Bounds of the admin listener.
package enum AdminLimits {
    /// Room for 1,000 ids and the names around them.
    static let bodyBytesMax = 128 * 1024
    static let connectionsMax = 64
    static let monitoringConnectionsMax = 16
    static let pageDefault = 100
    static let pageMax = 1000
    static let patternBytesMax = 256
    /// Functions, and groups of dead letters, that a status tells one by one.
    package static let statusListMax = 1000
    /// Functions with metric lines of their own; the rest is added up under one label.
    package static let metricFunctionsMax = 200
}

/// Outermost: whatever goes wrong below becomes a JSON answer. What is not ours is logged, and told as "internal error".
struct ErrorAnswers<Context: RequestContext>: RouterMiddleware {
    let logger: Logger

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let error: AdminError
        do {
            return try await next(request, context)
        } catch let known as AdminError {
            error = known
        } catch let http as any HTTPResponseError where http.status == .notFound {
            error = AdminError(.notFound, "no such path; the admin API is under /outbox/v1/")
        } catch let http as any HTTPResponseError where http.status == .contentTooLarge {
            error = AdminError(.tooLarge, "the request is too large")
        } catch let http as any HTTPResponseError where http.status.kind == .clientError {
            error = AdminError(.invalid, "the request is not one that this path takes")
        } catch {
            logger.error("admin request failed", metadata: ["path": "\(request.uri.path)", "error": "\(error)"])
            return try JSONAnswers.answer(
                AdminError(.internalError, "internal error; the daemon's log says more").body,
                status: .internalServerError
            )
        }
        return try JSONAnswers.answer(error.body, status: error.status)
    }
}
