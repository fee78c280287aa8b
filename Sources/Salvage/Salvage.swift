package import OutboxCore

/// Reads a damaged database as far as its pages can be read, without SQLite: from the roots of the tables down, then every
/// page that nothing leads to. Nothing is written anywhere; every number that stands in the file is doubted. One thread.
package struct Salvage {
    private var forest: Forest
    private var reader: RowReader
    private var summary = SalvageSummary()
    /// Rows that were found where they belong, or are known to be gone.
    private var met = SequenceSet()
    private var gone = SequenceSet()
    private var found: [SalvagedRecord] = []
    /// Keys whose entries were replaced: where the newest stands.
    private var replaced: [Digest128: Int64] = [:]

    /// - Parameter hash: SHA-256, for the payloads' checksums.
    package init(_ files: DamagedFiles, hash: @escaping HashFunction) {
        forest = Forest(PageSource(files))
        reader = RowReader(hash: hash)
    }

    /// Reads all of it, a page at a time.
    ///
    /// - Parameter tell: takes what is found, in the order of the file. What it throws ends the salvage.
    package mutating func run(_ tell: (SalvagedRecord) throws -> Void) rethrows -> SalvageSummary {
        summary.pages = forest.source.count
        summary.logFrames = forest.source.log.frames
        if forest.source.count == 0 { add(Unreadable(reason: "the file holds no page")) }
        if let problem = forest.source.log.problem { add(Unreadable(reason: problem)) }
        let roots = readSchema()
        let learnt: [Table] = [.meta, .functions, .producers, .history, .attempts]
        let problemsBefore = summary.problems
        for table in learnt { try walk(table, root: roots[table], tell) }
        // What their lost pages held may stand on others: names are needed before the rows that use them.
        if summary.problems > problemsBefore { try scan(Set(learnt), tell) }
        learnReplaced(root: roots[.entries])
        for table in Table.allCases where table.holdsRecords { try walk(table, root: roots[table], tell) }
        try scan([.events, .deadLetters, .keys, .entries], tell)
        try scanLooseFrames(tell)
        try hand(tell)
        summary.pagesUnreadable = forest.unreadable.count
        return summary
    }

    // MARK: Where to begin

    /// The roots of the tables: as the schema says, if the pointer map agrees, else where this program puts them.
    private mutating func readSchema() -> [Table: Int] {
        var roots: [Table: Int] = [:]
        var walk = TreeWalk(.schema, root: 1)
        var isDamaged = false
        while let finding = walk.next(&forest) {
            isDamaged = isDamaged || !finding.problems.isEmpty
            for problem in finding.problems { add(problem) }
            for record in finding.rows.compactMap(\.record) where Table.schema.fits(record) {
                guard record.text(0) == "table", let table = record.text(1).flatMap(Table.init(rawValue:)),
                    let root = record.integer(3), (2...Int64(max(2, forest.source.count))).contains(root)
                else { continue }
                roots[table] = Int(root)
            }
        }
        for table in Table.allCases where table != .schema {
            if let root = roots[table], forest.source.use(of: root) == .root { continue }
            if roots[table] == nil, table.isMissingInOlder,
                !isDamaged || forest.source.use(of: table.usualRoot) != .root
            {
                continue
            }
            if forest.source.use(of: table.usualRoot) == .root || roots[table] == nil {
                roots[table] = table.usualRoot
                if !isDamaged { add(Unreadable(table: table.rawValue, reason: "the schema says nothing of the table")) }
            }
        }
        return roots
    }

    // MARK: From the roots down

    private mutating func walk(_ table: Table, root: Int?, _ tell: (SalvagedRecord) throws -> Void) rethrows {
        guard let root else { return }
        var walk = TreeWalk(table, root: root)
        while let finding = walk.next(&forest) {
            for problem in finding.problems { add(problem) }
            for row in finding.rows { take(row, of: table, isLoose: false) }
            try hand(tell)
        }
    }

    /// Takes a row that stands in its table.
    private mutating func take(_ row: FoundRow, of table: Table, isLoose: Bool) {
        guard let record = row.record, table.fits(record), record.isWhole || !table.holdsRecords else {
            if !isLoose { lose(row, of: table) }
            return
        }
        switch table {
        case .schema: break
        case .meta:
            reader.checkedFrom = record.integer(12)
            summary.eventsExpected = record.integer(7).map(Self.count)
            summary.deadLettersExpected = record.integer(9).map(Self.count)
        case .functions, .producers, .attempts: reader.learn(record, of: table, row: row.number ?? 0)
        case .history: if let number = row.number, !isLoose { gone.insert(number) }
        case .events, .deadLetters: takeEvent(record, row, of: table, isLoose: isLoose)
        case .keys:
            guard let key = reader.key(record, isLoose: isLoose) else {
                if !isLoose { lose(row, of: table) }
                return
            }
            add(key)
        case .entries:
            let entries = reader.entries(record, row: row.number ?? 0)
            if entries.isEmpty, !isLoose { lose(row, of: table) }
            for (place, entry) in entries.enumerated() where !entry.isFree {
                let isLatest = replaced[entry.key].map { $0 <= (row.number ?? 0) + Int64(place) } ?? true
                if isLatest { add(SalvagedKey(entry, isLoose: isLoose)) }
            }
        }
    }

    private mutating func add(_ key: SalvagedKey) {
        summary.keys += 1
        if key.isLoose { summary.loose += 1 }
        found.append(.key(key))
    }

    /// Learns which entries have a newer one of the same key: few, and each newer one says so.
    private mutating func learnReplaced(root: Int?) {
        guard let root else { return }
        // What this walk claims is forgotten with it.
        var scout = forest
        var walk = TreeWalk(.entries, root: root)
        var isWhole = true
        while let finding = walk.next(&scout) {
            isWhole = isWhole && finding.problems.isEmpty
            learnReplaced(finding.rows)
        }
        if isWhole || scout.source.count < 2 { return }
        for number in 2...scout.source.count where !scout.isTaken(number) && scout.adopter(of: number) == .entries {
            guard let view = scout.page(number), let page = TreePage(view, number: number),
                page.kind != .tableInterior
            else { continue }
            learnReplaced(PageRows.read(page, number: number, &scout).rows)
        }
    }

    private mutating func learnReplaced(_ rows: [FoundRow]) {
        for row in rows {
            guard let record = row.record, Table.entries.fits(record), record.isWhole, let number = row.number
            else { continue }
            for (place, entry) in reader.entries(record, row: number).enumerated() where entry.replaces {
                replaced[entry.key] = max(replaced[entry.key] ?? 0, number + Int64(place))
            }
        }
    }

    /// A counter of the file's, brought to what a file can hold.
    private static func count(_ value: Int64) -> Int { Int(min(max(value, 0), 1 << 42)) }

    private mutating func takeEvent(_ record: Record, _ row: FoundRow, of table: Table, isLoose: Bool) {
        guard let number = row.number else { return }
        if isLoose && (met.contains(number) || gone.contains(number)) { return }
        var marks: [SalvagedEvent.Mark] = []
        if row.isOutOfLine || number < 0 { marks.append(.rowNumber) }
        if isLoose { marks.append(.loose) }
        let event = reader.event(record, of: table, row: number, page: row.page, marks: marks)
        met.insert(number)
        if isLoose {
            summary.loose += 1
        } else if table == .events {
            summary.events += 1
        } else {
            summary.deadLetters += 1
        }
        if !event.marks.isEmpty { summary.marked += 1 }
        found.append(.event(event))
    }

    private mutating func lose(_ row: FoundRow, of table: Table) {
        var problem = Unreadable(page: row.page, table: table.rawValue, reason: "a row can't be read")
        if let record = row.record {
            problem.reason = record.isWhole ? "a row isn't in its table's form" : "the rest of a row can't be found"
        }
        problem.rowsAtLeast = 1
        if table == .events || table == .deadLetters, let number = row.number {
            problem.sequences = number...number
            problem.id = row.record.flatMap { reader.id($0, of: table, row: number) }
        }
        add(problem)
    }

    // MARK: What nothing leads to

    private mutating func scan(_ tables: Set<Table>, _ tell: (SalvagedRecord) throws -> Void) rethrows {
        guard forest.source.count > 1 else { return }
        for number in 2...forest.source.count {
            if forest.isTaken(number) || forest.source.isMap(number) || number == forest.source.lockPage { continue }
            switch forest.source.use(of: number) {
            // What a producer sent must not pass for a page; and what is free was deleted.
            case .free, .firstOverflow, .laterOverflow: continue
            case .root, .tree, nil: break
            }
            guard let view = forest.page(number) else { continue }
            takePage(view, number: number, tables, adopter: forest.adopter(of: number))
            try hand(tell)
        }
    }

    private mutating func scanLooseFrames(_ tell: (SalvagedRecord) throws -> Void) rethrows {
        for frame in forest.source.log.loose {
            // The latest frames would be the better ones, but which are whole nobody knows: checksums of payloads decide.
            guard let view = forest.source.loosePage(at: frame.offset) else { continue }
            takePage(view, number: 0, [.events, .deadLetters], adopter: nil)
            try hand(tell)
        }
    }

    private mutating func takePage(_ view: ByteView, number: Int, _ tables: Set<Table>, adopter: Table?) {
        guard let page = TreePage(view, number: number), page.kind != .tableInterior else { return }
        let finding = PageRows.read(page, number: number, &forest)
        let records = finding.rows.compactMap(\.record)
        guard let first = records.first(where: \.isWhole) ?? records.first else { return }
        let table: Table
        let isLoose: Bool
        if let adopter, adopter.fits(first) {
            (table, isLoose) = (adopter, false)
        } else {
            guard let held = Table.holding(first, isIndex: page.kind.isIndex) else { return }
            (table, isLoose) = (held, true)
        }
        guard tables.contains(table) else { return }
        if !isLoose {
            _ = forest.claim(number, for: table)
            for var problem in finding.problems {
                problem.table = table.rawValue
                add(problem)
            }
        }
        for row in finding.rows { take(row, of: table, isLoose: isLoose) }
    }

    // MARK: The account

    private mutating func add(_ problem: Unreadable) {
        summary.problems += 1
        let table = problem.table.flatMap(Table.init(rawValue:))
        if table?.holdsRecords == true { summary.rowsLostAtLeast += problem.rowsAtLeast }
        found.append(.unreadable(problem))
    }

    private mutating func hand(_ tell: (SalvagedRecord) throws -> Void) rethrows {
        defer { found.removeAll(keepingCapacity: true) }
        for record in found { try tell(record) }
    }
}
