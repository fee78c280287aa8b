internal import Admin
package import AdminAPI
internal import Glibc
internal import OutboxCore
internal import SQLiteStore
internal import Salvage
internal import SigV4

/// Reads what can be read of a database that no daemon has open. Opens read-only and makes no file.
package enum DatabaseSalvage {
    /// One line of it.
    package enum Line: Sendable {
        case event(Event, SalvagedExtras, payload: [UInt8])
        case key(SalvagedKeyLine)
        case unreadable(UnreadableLine)
    }

    /// Why there is nothing to read; for people.
    package struct Problem: Error, Hashable, Sendable {
        package var text: String
        /// There is no such file.
        package var isMissing = false
    }

    /// - Parameters:
    ///   - database: the path of its file; the log is looked for beside it.
    ///   - tell: takes what is found, in the order of the file; what it throws ends the salvage.
    package static func run(
        database: String,
        tell: (Line) throws -> Void
    ) throws -> SalvageSummaryLine {
        let lock: BorrowedLock?
        do throws(StoreError) {
            lock = try BorrowedLock.takeIfThere(database: database)
        } catch .locked {
            throw Problem(text: "a daemon has \(database) open: stop it first, or use backup")
        } catch {
            throw Problem(text: "\(error)")
        }
        defer { _ = lock }
        guard let file = try ReadFile.open(database) else {
            throw Problem(text: "there is no file \(database)", isMissing: true)
        }
        let log = try ReadFile.open(database + "-wal")
        let files = DamagedFiles(
            databaseBytes: file.size,
            logBytes: log?.size ?? 0,
            database: file.read,
            log: { offset, count in log?.read(offset, count) }
        )
        var salvage = Salvage(files) { Digest256(bytes: SHA256.digest($0)) }
        // Read to its first page that doesn't fit, a damaged log looks like one that ended there.
        let logDamage = try? LogCheck.damage(database, sameBoot: true)
        if let logDamage { try tell(.unreadable(UnreadableLine(log: logDamage))) }
        var summary = SalvageSummaryLine(try salvage.run { try tell(Line($0)) })
        if logDamage != nil {
            summary.unreadable += 1
            summary.complete = false
        }
        return summary
    }

    /// A file that is only read, from anywhere in it.
    private final class ReadFile {
        private let descriptor: Int32
        let size: Int

        private init(descriptor: Int32, size: Int) {
            self.descriptor = descriptor
            self.size = size
        }

        deinit {
            close(descriptor)
        }

        /// Nil where there is none.
        static func open(_ path: String) throws(Problem) -> ReadFile? {
            let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
            guard descriptor >= 0 else {
                if errno == ENOENT { return nil }
                throw Problem(text: "can't open \(path): \(String(cString: strerror(errno)))")
            }
            var facts = stat()
            guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
                close(descriptor)
                throw Problem(text: "\(path) is no plain file")
            }
            return ReadFile(descriptor: descriptor, size: Int(facts.st_size))
        }

        func read(_ offset: Int, _ count: Int) -> [UInt8]? {
            var bytes = [UInt8](repeating: 0, count: count)
            var done = 0
            while done < count {
                let length = bytes.withUnsafeMutableBytes { buffer in
                    pread(descriptor, buffer.baseAddress! + done, count - done, off_t(offset + done))
                }
                if length < 0, errno == EINTR { continue }
                guard length > 0 else { return nil }
                done += length
            }
            return bytes
        }
    }
}

extension DatabaseSalvage.Line {
    init(_ record: SalvagedRecord) {
        switch record {
        case .event(let event):
            let function = event.detail.function
            let extras = SalvagedExtras(
                marks: event.marks.map(\.rawValue),
                page: event.page,
                partition: function.partition
            )
            // Its explanation would speak of a daemon that runs.
            var view = Event(event.detail, now: event.detail.acceptedAt)
            view.explanation = nil
            self = .event(view, extras, payload: event.payload)
        case .key(let key): self = .key(SalvagedKeyLine(key))
        case .unreadable(let place):
            self = .unreadable(
                UnreadableLine(
                    page: place.page,
                    table: place.table,
                    reason: place.reason,
                    rowsAtLeast: place.rowsAtLeast,
                    id: place.id?.description,
                    firstSequence: place.sequences?.lowerBound,
                    lastSequence: place.sequences?.upperBound
                )
            )
        }
    }
}

extension UnreadableLine {
    /// Commits that a damaged log no longer holds.
    fileprivate init(log reason: String) {
        self.init(
            page: nil,
            table: nil,
            reason: reason,
            rowsAtLeast: 0,
            id: nil,
            firstSequence: nil,
            lastSequence: nil
        )
    }
}

extension SalvagedKeyLine {
    init(_ key: SalvagedKey) {
        self.init(
            name: key.name.map(Name.init),
            keyDigest: key.digest?.description,
            contentDigest: hexadecimal(key.content),
            event: key.event.description,
            rememberedUntil: key.rememberedUntil.map(Timestamp.init),
            loose: key.isLoose
        )
    }
}

extension SalvagedKeyLine.Name {
    init(_ name: SalvagedKey.Name) {
        self.init(
            producer: name.producer,
            function: name.function.name,
            qualifier: name.function.qualifier == "-" ? nil : name.function.qualifier,
            region: name.function.region,
            account: name.function.account == "-" ? nil : name.function.account,
            partition: name.function.partition,
            keyKind: name.kind,
            key: name.text
        )
    }
}

extension SalvageSummaryLine {
    init(_ summary: SalvageSummary) {
        self.init(
            complete: summary.isComplete,
            events: summary.events,
            deadLetters: summary.deadLetters,
            keys: summary.keys,
            marked: summary.marked,
            loose: summary.loose,
            unreadable: summary.problems,
            rowsLostAtLeast: max(summary.rowsLostAtLeast, summary.missing),
            eventsExpected: summary.eventsExpected,
            deadLettersExpected: summary.deadLettersExpected,
            pages: summary.pages,
            pagesUnreadable: summary.pagesUnreadable,
            logFrames: summary.logFrames
        )
    }
}
