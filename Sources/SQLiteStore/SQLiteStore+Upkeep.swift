import CSQLite
package import OutboxCore

extension SQLiteStore: EventStoreUpkeep {
    package mutating func nextDue(after time: WallTime) throws(StoreError) -> WallTime? {
        do { return try claims.nextDue(after: time) } catch { throw noted(error) }
    }

    package mutating func expiring(_ query: ExpiringQuery, limit: Int) throws(StoreError) -> ExpiringPage {
        do {
            return try expiring.page(query, limit: limit, functionTable, attempts)
        } catch {
            throw noted(error)
        }
    }

    package mutating func retries(behind place: DuePlace, limit: Int) throws(StoreError) -> RetryPage {
        do { return try events.retries(behind: place, limit: limit, functionTable) } catch { throw noted(error) }
    }

    package mutating func lookUpRepeat(of event: NewEvent, now: WallTime) throws(StoreError) -> StoreReply? {
        guard let key = event.dedupe else { return nil }
        do {
            let standing = try standing(of: key, producer: event.producer, function: event.function)
            return try standing.holder.flatMap { first throws(SQLiteError) in try answer(key, first, now: now) }
        } catch {
            throw noted(error)
        }
    }

    package var keysRemembered: Int { counters.keys }

    package func usage(of function: FunctionIdentity) -> FunctionUsage {
        functionTable.usage(of: function)
    }

    package func knows(_ function: FunctionIdentity) -> Bool {
        functionTable.known(function) != nil
    }

    package func knows(producer: String) -> Bool {
        producers.known(producer) != nil
    }

    package var names: StoreNames { StoreNames(functions: functionTable.count, producers: producers.count) }

    package var walBytes: Int { connection.logFrames * (Int(DatabaseFile.pageSize) + Self.frameHeaderBytes) }

    package mutating func giveBackSpace(pages: Int, goOn: () -> Bool) throws(StoreError) -> Int {
        if Planted.answersBeforeCommit { return 0 }
        do { try transaction.begin() } catch {
            throw error.code == SQLITE_BUSY ? noted(error) : undo(error, counters: counters)
        }
        do {
            let given = try vacuum(pages: pages, goOn: goOn)
            try transaction.commit()
            return given
        } catch {
            throw undo(error, counters: counters)
        }
    }

    private func vacuum(pages: Int, goOn: () -> Bool) throws(SQLiteError) -> Int {
        var given = 0
        // A row for each page, which is what lets a slice end by time.
        let statement = try connection.prepare("PRAGMA incremental_vacuum(\(pages))")
        while try statement.step() {
            given += 1
            guard goOn() else { break }
        }
        return given
    }

    package mutating func size() throws(StoreError) -> StoreSize {
        guard DatabaseFile.identity(path) == file else {
            throw .failed(
                "\(path) was removed or replaced while it was in use; events would go into a file without a name"
            )
        }
        let pages: Int
        let free: Int
        do {
            try checkQueue()
            pages = Int(try connection.integer("PRAGMA page_count") ?? 0)
            free = Int(try connection.integer("PRAGMA freelist_count") ?? 0)
        } catch {
            throw noted(error)
        }
        let pageBytes = Int(DatabaseFile.pageSize)
        return StoreSize(
            usedBytes: (pages - free) * pageBytes,
            fileBytes: pages * pageBytes,
            walBytes: walBytes
        )
    }

    /// 32 MiB: no log that begins anew grows much longer.
    static var longLogFrames: Int { 8_192 }

    /// Milliseconds.
    static var lockWait: Int32 { 500 }

    /// SQLite's file format, "WAL frame header".
    private static var frameHeaderBytes: Int { 24 }

}

extension SQLiteStore {
    /// Lets the file grow to so many pages of 4096 bytes and no further, until the next open: what does not fit is
    /// answered like a full disk.
    package mutating func limitPages(to pages: Int) throws(StoreError) {
        do { _ = try connection.integer("PRAGMA max_page_count = \(pages)") } catch { throw noted(error) }
    }
}
