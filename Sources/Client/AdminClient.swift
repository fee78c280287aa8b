package import AdminAPI
import FoundationEssentials

/// Calls of the admin API over the daemon's admin socket. Each call blocks until it is answered; one thread at a time.
package struct AdminClient {
    private let connection: Connection

    package init(socketPath: String) {
        connection = Connection(SocketAddress(.admin, path: socketPath))
    }

    package func status() throws(ClientError) -> Status {
        try get("status")
    }

    /// Everything about one event; nil if nothing is known of it.
    package func event(_ id: String) throws(ClientError) -> Event? {
        try optional { () throws(ClientError) in try get("events/\(PercentEncoding.encode(id))") }
    }

    /// Exact payload bytes of a queued event or dead letter; nil if there is none.
    package func payload(_ id: String) throws(ClientError) -> [UInt8]? {
        try optional { () throws(ClientError) in try perform(.get, "events/\(PercentEncoding.encode(id))/payload").body
        }
    }

    /// One page of queued events, in accept order.
    package func events(_ query: ListQuery = ListQuery()) throws(ClientError) -> EventPage {
        try get("events" + query.text)
    }

    /// One page of dead letters, newest first.
    package func deadLetters(_ query: ListQuery = ListQuery()) throws(ClientError) -> EventPage {
        try get("dead-letters" + query.text)
    }

    package func count(_ selection: Selection) throws(ClientError) -> Int {
        let answer: SelectionCount = try post("dead-letters/count", selection)
        return answer.count
    }

    /// What a redrive would do now.
    package func plan(_ selection: Selection) throws(ClientError) -> RedrivePlan {
        try post("dead-letters/plan", selection)
    }

    package func redrive(_ selection: Selection) throws(ClientError) -> RedriveResult {
        try post("dead-letters/redrive", selection)
    }

    package func purge(_ selection: Selection) throws(ClientError) -> PurgeResult {
        try post("dead-letters/purge", selection)
    }

    /// Functions with events, dead letters or a state other than active.
    package func functions(_ pattern: String? = nil) throws(ClientError) -> FunctionList {
        try get("functions" + (pattern.map { "?function=\(PercentEncoding.encode($0))" } ?? ""))
    }

    package func pause(_ order: FunctionOrder) throws(ClientError) -> PauseResult {
        try post("functions/pause", order)
    }

    package func resume(_ order: FunctionOrder) throws(ClientError) -> ResumeResult {
        try post("functions/resume", order)
    }

    package func moveToDead(_ order: FunctionOrder) throws(ClientError) -> MoveResult {
        try post("functions/move-to-dead", order)
    }

    package func cancel(_ order: EventOrder) throws(ClientError) -> EventResults {
        try post("events/cancel", order)
    }

    package func sendNow(_ order: EventOrder) throws(ClientError) -> EventResults {
        try post("events/send-now", order)
    }

    /// Brings records in under their ids.
    package func bringIn(_ order: ImportOrder) throws(ClientError) -> ImportResults {
        try post("import", order)
    }

    /// Begins a copy of the queue for a backup.
    package func beginBackup() throws(ClientError) -> BackupStatus {
        try post("backup", [String: String]())
    }

    /// How far the latest one is.
    package func backup() throws(ClientError) -> BackupStatus {
        try get("backup")
    }

    /// Begins to give back what the database's file doesn't need.
    package func beginCompaction() throws(ClientError) -> CompactionStatus {
        try post("compact", [String: String]())
    }

    /// How far the latest one is.
    package func compaction() throws(ClientError) -> CompactionStatus {
        try get("compact")
    }

    /// Which part of a list is wanted.
    package struct ListQuery: Hashable, Sendable {
        package var function: String?
        package var condition: String?
        /// `next` of the page before.
        package var after: String?
        /// 1 to 1,000.
        package var limit: Int?

        package init(function: String? = nil, condition: String? = nil, after: String? = nil, limit: Int? = nil) {
            self.function = function
            self.condition = condition
            self.after = after
            self.limit = limit
        }

        var text: String {
            let members = [
                ("function", function), ("condition", condition), ("after", after), ("limit", limit.map(String.init)),
            ]
            let pairs = members.compactMap { name, value in value.map { "\(name)=\(PercentEncoding.encode($0))" } }
            return pairs.isEmpty ? "" : "?" + pairs.joined(separator: "&")
        }
    }

    private func optional<Value>(_ call: () throws(ClientError) -> Value) throws(ClientError) -> Value? {
        do throws(ClientError) {
            return try call()
        } catch {
            if case .refused(let refusal) = error, refusal.code == "not-found" { return nil }
            throw error
        }
    }

    private func get<Answer: Decodable>(_ path: String) throws(ClientError) -> Answer {
        try decode(perform(.get, path, timeout: 60))
    }

    private func post<Answer: Decodable>(_ path: String, _ order: some Encodable) throws(ClientError) -> Answer {
        guard let body = try? JSONEncoder().encode(order) else { throw .invalid("the order can't be written") }
        return try decode(perform(.post, path, body: Array(body)))
    }

    private func decode<Answer: Decodable>(_ reply: HTTPReply) throws(ClientError) -> Answer {
        do {
            return try JSONDecoder().decode(Answer.self, from: Data(reply.body))
        } catch {
            throw .garbled("not the JSON that this call answers with")
        }
    }

    private func perform(
        _ method: HTTPCall.Method,
        _ path: String,
        body: [UInt8] = [],
        timeout: Int? = nil
    ) throws(ClientError) -> HTTPReply {
        var call = HTTPCall(method: method, target: "/outbox/v1/\(path)", body: body, timeoutSeconds: timeout)
        if method == .post { call.headers.append(("Content-Type", "application/json")) }
        let reply = try connection.perform(call)
        guard reply.status != 200 else { return reply }
        guard let error = try? JSONDecoder().decode(ErrorBody.self, from: Data(reply.body)) else {
            throw .garbled("HTTP \(reply.status)")
        }
        throw .refused(Refusal(status: reply.status, code: error.code, message: error.message))
    }
}
