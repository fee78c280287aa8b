internal import Admin
internal import AdminAPI
internal import Engine
internal import OutboxCore
internal import SigV4

/// Brings in what was salvaged or exported, in one commit an order.
extension DaemonService {
    func bringIn(_ order: ImportOrder) async throws -> ImportResults {
        let checks = ImportChecks(
            isRouted: { [routes] in routes.knownRoute(for: $0) != nil },
            hash: { Digest256(bytes: SHA256.digest($0)) },
            now: clock.now().wall
        )
        var results: [ImportResult?] = []
        var records: [ImportedRecord] = []
        for record in order.records {
            do throws(ImportProblem) {
                records.append(try checks.record(record))
                results.append(nil)
            } catch {
                results.append(ImportResult(outcome: .refused, reason: error.text))
            }
        }
        let outcomes = records.isEmpty ? [] : try await outcomes(of: records, isTrial: order.dryRun ?? false)
        var place = outcomes.makeIterator()
        return ImportResults(results: results.map { $0 ?? ImportResult(place.next()!) })
    }

    private func outcomes(of records: [ImportedRecord], isTrial: Bool) async throws -> [ImportOutcome] {
        let replies: [StoreReply]
        do {
            replies = try await commit.operate([.bringIn(records, room: ImportRoom(), isTrial: isTrial)])
        } catch {
            switch error {
            case .full: return records.map { _ in .noRoom("the disk is full") }
            case .busy(let reason): throw AdminError(.unavailable, reason)
            default: throw error
            }
        }
        guard case .broughtIn(let outcomes)? = replies.first else {
            throw AdminError(.internalError, "the store answered an import with something else")
        }
        return outcomes
    }
}

extension ImportResult {
    init(_ outcome: ImportOutcome) {
        switch outcome {
        case .added: self.init(outcome: .imported)
        case .here(let state): self.init(outcome: .here, reason: "already here: \(state.rawValue)")
        case .gone:
            self.init(outcome: .here, reason: "it was here: handed over, cancelled or purged before now")
        case .repeats(let id):
            self.init(outcome: .here, reason: "already here as event \(id), accepted later with the same key")
        case .keyTaken(let id): self.init(outcome: .here, reason: "the key names event \(id) here, and goes on to")
        case .keyOver: self.init(outcome: .here, reason: "the key's window has passed, and its event isn't here")
        case .clash(let id): self.init(outcome: .refused, reason: "event \(id) stands where its id puts it")
        case .noRoom(let reason): self.init(outcome: .noRoom, reason: reason)
        }
    }
}
