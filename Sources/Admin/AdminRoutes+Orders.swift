import AdminAPI
import Hummingbird
import Logging
import OutboxCore

/// Operators' orders about functions and queued events. Each is logged: who reads the journal sees why nothing goes out.
extension AdminRoutes {
    func addOrders(to api: RouterGroup<BasicRequestContext>) {
        api.get("functions") { request, _ in
            var pattern: GlobPattern?
            for (name, value) in request.uri.queryParameters {
                guard name == "function" else {
                    throw AdminError(.invalid, "unknown parameter; this list takes function")
                }
                pattern = try GlobPattern(checked: String(value))
            }
            return try JSONAnswers.answer(await service.functions(pattern))
        }
        api.post("functions/pause") { request, _ in
            let order = try await JSONAnswers.decode(FunctionOrder.self, from: request)
            let pattern = try order.resolved()
            let result = try await service.pause(pattern, reason: order.checkedReason())
            logger.notice("paused by an operator", metadata: ["functions": "\(pattern)"])
            return try JSONAnswers.answer(result)
        }
        api.post("functions/resume") { request, _ in
            let pattern = try await JSONAnswers.decode(FunctionOrder.self, from: request).resolved()
            let result = try await service.resume(pattern)
            if !result.resumed.isEmpty || result.probed > 0 {
                logger.notice("resumed by an operator", metadata: ["functions": "\(pattern)"])
            }
            return try JSONAnswers.answer(result)
        }
        api.post("functions/move-to-dead") { request, _ in
            let pattern = try await JSONAnswers.decode(FunctionOrder.self, from: request).resolved()
            let result = try await service.moveToDead(pattern)
            logger.notice(
                "waiting events made dead letters by an operator",
                metadata: ["functions": "\(pattern)", "count": "\(result.count)"]
            )
            return try JSONAnswers.answer(result)
        }
        api.post("import") { request, _ in
            let order = try await JSONAnswers.decode(ImportOrder.self, from: request, upTo: ImportOrder.bodyBytesMax)
            guard (1...ImportOrder.recordsMax).contains(order.records.count) else {
                throw AdminError(.invalid, "records: 1 to \(ImportOrder.recordsMax) of them in one request")
            }
            let answer = try await service.bringIn(order)
            let count = answer.results.count { $0.outcome == .imported }
            if order.dryRun != true, count > 0 {
                logger.notice("records imported by an operator", metadata: ["count": "\(count)"])
            }
            return try JSONAnswers.answer(answer)
        }
        api.get("backup") { _, _ in try JSONAnswers.answer(await service.backup()) }
        api.post("backup") { _, _ in
            let status = try await service.beginBackup()
            logger.notice("a backup is being copied", metadata: ["number": "\(status.number)"])
            return try JSONAnswers.answer(status)
        }
        api.get("compact") { _, _ in try JSONAnswers.answer(await service.compaction()) }
        api.post("compact") { _, _ in
            let status = try await service.beginCompaction()
            logger.notice("the file is being compacted for an operator", metadata: ["number": "\(status.number)"])
            return try JSONAnswers.answer(status)
        }
        api.post("events/cancel") { request, _ in
            let order = try await JSONAnswers.decode(EventOrder.self, from: request)
            if order.force != nil { throw AdminError(.invalid, "force: only send-now takes it") }
            let results = try await service.cancel(EventID.checked(order.ids))
            let count = results.count { $0.outcome == .done }
            // Whoever waits for an attempt's outcome asks several times a second.
            if count > 0 { logger.notice("events cancelled by an operator", metadata: ["count": "\(count)"]) }
            return try JSONAnswers.answer(EventResults(results: results))
        }
        api.post("events/send-now") { request, _ in
            let order = try await JSONAnswers.decode(EventOrder.self, from: request)
            let ids = try EventID.checked(order.ids)
            let force = order.force ?? false
            if force, ids.count > 1 {
                throw AdminError(.invalid, "force: with one id only; a function's next probe is one event")
            }
            return try JSONAnswers.answer(EventResults(results: await service.sendNow(ids, force: force)))
        }
    }
}
