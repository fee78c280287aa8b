import OutboxCore

/// Reads slices of rows that may have to die.
struct ExpiringReader: ~Copyable {
    private let selectPassed: Statement
    private let walk: Statement
    private let selectImported: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let selectPassed = try connection.prepare(StoreQueries.passed)
        let walk = try connection.prepare(StoreQueries.ages)
        let selectImported = try connection.prepare(
            "SELECT 1 FROM events WHERE seq >= \(EventID.firstImportedRow) LIMIT 1"
        )
        self.selectPassed = selectPassed
        self.walk = walk
        self.selectImported = selectImported
    }

    func page(
        _ query: ExpiringQuery,
        limit: Int,
        _ functions: borrowing FunctionTable,
        _ attempts: borrowing AttemptTable
    ) throws(SQLiteError) -> ExpiringPage {
        switch query {
        case .passed(let place, let until): try passed(query, behind: place, until: until, limit: limit, functions)
        case .aged(let sequence, let limits, let ahead):
            try aged(query, behind: sequence, limits, ahead: ahead, limit: limit, functions, attempts)
        }
    }

    private func passed(
        _ query: ExpiringQuery,
        behind place: DuePlace?,
        until: WallTime,
        limit: Int,
        _ functions: borrowing FunctionTable
    ) throws(SQLiteError) -> ExpiringPage {
        selectPassed.bind(place?.dueAt.milliseconds ?? .min, at: 1)
        selectPassed.bind(place?.sequence ?? .min, at: 2)
        selectPassed.bind(until.milliseconds, at: 3)
        selectPassed.bind(limit, at: 4)
        defer { selectPassed.reset() }
        var page = ExpiringPage(query: query, rows: [], next: nil)
        var looked = 0
        var bytes = 0
        while try selectPassed.step() {
            looked += 1
            bytes += selectPassed.int(3)
            let expiry = WallTime(milliseconds: selectPassed.int64(0))
            let sequence = selectPassed.int64(1)
            add(sequence, FunctionKey(selectPassed.int64(2)), functions, to: &page)
            if looked == limit || bytes >= StoreCommand.movedBytesMax {
                page.next = .passed(behind: DuePlace(dueAt: expiry, sequence: sequence), until: until)
                break
            }
        }
        return page
    }

    private func aged(
        _ query: ExpiringQuery,
        behind first: Int64,
        _ limits: [FunctionKey: AgeLimit],
        ahead: WallTime,
        limit: Int,
        _ functions: borrowing FunctionTable,
        _ attempts: borrowing AttemptTable
    ) throws(SQLiteError) -> ExpiringPage {
        var page = ExpiringPage(query: query, rows: [], next: nil)
        guard let youngest = limits.values.map(\.agedFrom).max() else { return page }
        walk.bind(first, at: 1)
        walk.bind(limit, at: 2)
        defer { walk.reset() }
        var looked = 0
        var bytes = 0
        while try walk.step() {
            looked += 1
            let sequence = walk.int64(0)
            let acceptedAt = WallTime(milliseconds: walk.int64(2))
            let isFromAhead = acceptedAt > ahead
            // Behind it all are younger, but for those from elsewhere, which are in no order.
            if acceptedAt > youngest, !isFromAhead, sequence < EventID.firstImportedRow {
                page.next = try hasImported ? .aged(behind: EventID.firstImportedRow - 1, limits, ahead: ahead) : nil
                return page
            }
            if looked == limit { page.next = .aged(behind: sequence, limits, ahead: ahead) }
            let ageFrom = WallTime(milliseconds: walk.int64(3))
            let key = FunctionKey(walk.int64(1))
            guard let rule = limits[key], ageFrom <= rule.agedFrom || (isFromAhead && ageFrom > ahead) else { continue }
            if let since = rule.attemptedSince, ageFrom <= since || ageFrom > ahead {
                guard walk.int64(4) > 0, let last = try attempts.last(sequence), last.lastAt > since else { continue }
            }
            add(sequence, key, functions, to: &page)
            bytes += walk.int(5)
            if bytes >= StoreCommand.movedBytesMax {
                page.next = .aged(behind: sequence, limits, ahead: ahead)
                break
            }
        }
        return page
    }

    private var hasImported: Bool {
        get throws(SQLiteError) {
            defer { selectImported.reset() }
            return try selectImported.step()
        }
    }

    private func add(
        _ sequence: Int64,
        _ key: FunctionKey,
        _ functions: borrowing FunctionTable,
        to page: inout ExpiringPage
    ) {
        guard let function = functions.function(key) else { return }
        page.rows.append(ExpiringPage.Row(sequence: sequence, functionKey: key, function: function))
    }
}
