import CCurl
import FoundationEssentials

/// Sends every line of a descriptor as an event of its own, over several kept-alive connections, and reports in the
/// order of the lines. Memory is bounded by `connections` payloads and `aheadMax` results.
package struct LineSender {
    /// Lines whose result may wait for that of an earlier one.
    static let aheadMax = 4096

    package var socketPath: String
    /// 1 to 64.
    package var connections: Int
    /// Everything but the payload.
    package var template: OutgoingEvent

    package init(socketPath: String, connections: Int = 32, template: OutgoingEvent) {
        self.socketPath = socketPath
        self.connections = min(max(connections, 1), 64)
        self.template = template
    }

    package typealias Report = (_ line: Int, _ result: Result<DoorAnswer, ClientError>) throws -> Void

    /// What became of the lines as a whole.
    package struct Summary: Hashable, Sendable {
        package var accepted = 0
        package var repeats = 0
        package var failed = 0
        /// Lines that were tried and reported.
        package var tried = 0
        /// Why later lines weren't tried: the daemon can't be reached, or refuses for now.
        package var stop: ClientError?

        package init() {}
    }

    /// Reads until the end of input, or until the daemon can't be reached or refuses for now.
    ///
    /// - Parameter tick: called at least once a second, also while nothing is answered, with the bytes of input that
    ///   have been taken.
    package func run(
        _ source: consuming LineSource,
        report: Report,
        tick: (_ bytes: Int64) -> Void = { _ in }
    ) throws -> Summary {
        var run = try Run(sender: self, source: source)
        return try run.toEnd(report, tick)
    }

    /// One line's request, until it is answered.
    private final class Job {
        let line: Int
        let call: HTTPCall
        let transfer: Transfer
        var tries = 1

        init(line: Int, call: HTTPCall, transfer: Transfer) {
            self.line = line
            self.call = call
            self.transfer = transfer
        }
    }

    private struct Run: ~Copyable {
        private let sender: LineSender
        private var source: LineSource
        private let multi: UnsafeMutableRawPointer
        private var idle: [Transfer] = []
        private var jobs: [UnsafeMutableRawPointer: Job] = [:]
        private var order = InOrder<Result<DoorAnswer, ClientError>>()
        private var lastLine = 0
        private var summary = Summary()

        init(sender: LineSender, source: LineSource) throws {
            self.sender = sender
            self.source = source
            guard let multi = curl_multi_init() else { preconditionFailure("libcurl has no memory") }
            self.multi = multi
            _ = ccurl_multi_set_long(multi, CURLMOPT_MAXCONNECTS, sender.connections)
        }

        deinit {
            for job in jobs.values { curl_multi_remove_handle(multi, job.transfer.handle) }
            curl_multi_cleanup(multi)
        }

        mutating func toEnd(_ report: Report, _ tick: (Int64) -> Void) throws -> Summary {
            while true {
                tick(source.bytesTaken)
                try startWhatFits(report)
                let wantsInput = isOpen && !source.isAtEnd
                if jobs.isEmpty && !wantsInput { return summary }
                try wait(forInput: wantsInput)
                try collect(report)
            }
        }

        /// Lines may still be started.
        private var isOpen: Bool { summary.stop == nil }

        private var hasRoom: Bool {
            jobs.count < sender.connections && lastLine - order.nextNumber < LineSender.aheadMax
        }

        private mutating func startWhatFits(_ report: Report) throws {
            while isOpen, hasRoom, let line = source.next() {
                lastLine += 1
                do throws(ClientError) {
                    start(line: lastLine, try call(for: line))
                } catch {
                    try finished(lastLine, .failure(error), report)
                }
            }
        }

        private func call(for line: LineSource.Line) throws(ClientError) -> HTTPCall {
            var event = sender.template
            switch line {
            case .tooLong: throw .invalid("longer than \(LineSource.lineBytesMax) bytes")
            case .text(let bytes):
                guard bytes.contains(where: { $0 > 0x20 }) else {
                    throw .invalid("empty; each line must be one JSON value")
                }
                event.payload = bytes
            }
            return try event.call(invocationID: UUID().uuidString.lowercased())
        }

        private mutating func start(line: Int, _ call: HTTPCall) {
            let transfer = idle.popLast() ?? Transfer(socket: SocketAddress(.door, path: sender.socketPath))
            begin(Job(line: line, call: call, transfer: transfer))
        }

        private mutating func begin(_ job: Job) {
            job.transfer.prepare(job.call)
            jobs[job.transfer.handle] = job
            let result = curl_multi_add_handle(multi, job.transfer.handle)
            precondition(result == CURLM_OK, "libcurl refused a transfer")
        }

        private mutating func wait(forInput: Bool) throws {
            var running: Int32 = 0
            curl_multi_perform(multi, &running)
            if running < jobs.count { return }
            if forInput && hasRoom {
                var input = curl_waitfd(fd: source.descriptor, events: Int16(CURL_WAIT_POLLIN), revents: 0)
                let result = curl_multi_poll(multi, &input, 1, 1000, nil)
                // Files that can't be polled, and hang-ups that libcurl doesn't report, are read from all the same.
                if input.revents != 0 || jobs.isEmpty || result != CURLM_OK { try source.fill() }
            } else {
                curl_multi_poll(multi, nil, 0, 1000, nil)
            }
            curl_multi_perform(multi, &running)
        }

        private mutating func collect(_ report: Report) throws {
            var left: Int32 = 0
            while let message = curl_multi_info_read(multi, &left)?.pointee {
                guard message.msg == CURLMSG_DONE, let handle = message.easy_handle,
                    let job = jobs.removeValue(forKey: handle)
                else { continue }
                let code = message.data.result
                let reply = job.transfer.result(code)
                curl_multi_remove_handle(multi, handle)
                if case .failure(.cut) = reply, job.tries < DoorClient.triesMax {
                    job.tries += 1
                    begin(job)
                    continue
                }
                idle.append(job.transfer)
                try finished(
                    job.line,
                    reply.flatMap { reply in
                        Result { () throws(ClientError) in
                            try DoorAnswer(reply, to: sender.template, tries: job.tries)
                        }
                    },
                    report
                )
            }
        }

        private mutating func finished(
            _ line: Int,
            _ result: Result<DoorAnswer, ClientError>,
            _ report: Report
        ) throws {
            if case .failure(let error) = result, error.endsSending, summary.stop == nil { summary.stop = error }
            for (number, result) in order.add(line, result) {
                switch result {
                case .success(let answer):
                    summary.accepted += answer.isRepeat == true ? 0 : 1
                    summary.repeats += answer.isRepeat == true ? 1 : 0
                case .failure:
                    summary.failed += 1
                }
                summary.tried = number
                try report(number, result)
            }
        }
    }
}

extension ClientError {
    /// The next line would meet with the same.
    var endsSending: Bool {
        switch self {
        case .unreachable, .cut, .garbled: true
        case .refused(let refusal): refusal.isForNow || refusal.status == 404
        case .invalid: false
        }
    }
}
