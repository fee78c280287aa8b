package import OutboxCore

extension SQLiteReader: WaitingRowReader {
    package mutating func waitingRows(_ sequences: [Int64]) throws(StoreError) -> [WaitingRow] {
        guard !sequences.isEmpty else { return [] }
        return try reading { (connection) throws(SQLiteError) in
            let row = try connection.prepare("SELECT function_id, age_from FROM events WHERE seq = ?1")
            var rows: [WaitingRow] = []
            for sequence in sequences {
                row.bind(sequence, at: 1)
                if try row.step() {
                    rows.append(
                        WaitingRow(
                            sequence: sequence,
                            functionKey: FunctionKey(row.int64(0)),
                            ageFrom: WallTime(milliseconds: row.int64(1))
                        )
                    )
                }
                row.reset()
            }
            return rows
        }
    }

    package mutating func dueRows(after: DuePlace?, limit: Int) throws(StoreError) -> [DueRow] {
        try reading { (connection) throws(SQLiteError) in
            // The index alone answers it.
            let scan = try connection.prepare(StoreQueries.due)
            scan.bind(after?.dueAt.milliseconds ?? .min, at: 1)
            scan.bind(after?.sequence ?? .min, at: 2)
            scan.bind(Int64.max, at: 3)
            var rows: [DueRow] = []
            while rows.count < limit, try scan.step() {
                let due = WallTime(milliseconds: scan.int64(2))
                let place = DuePlace(dueAt: due, sequence: scan.int64(0))
                rows.append(DueRow(place: place, functionKey: FunctionKey(scan.int64(1))))
            }
            return rows
        }
    }

    package mutating func waitingRows(after: Int64, limit: Int) throws(StoreError) -> [WaitingRow] {
        try reading { (connection) throws(SQLiteError) in
            let scan = try connection.prepare(
                "SELECT seq, function_id, age_from FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2"
            )
            scan.bind(after, at: 1)
            scan.bind(limit, at: 2)
            var rows: [WaitingRow] = []
            while try scan.step() {
                rows.append(
                    WaitingRow(
                        sequence: scan.int64(0),
                        functionKey: FunctionKey(scan.int64(1)),
                        ageFrom: WallTime(milliseconds: scan.int64(2))
                    )
                )
            }
            return rows
        }
    }
}
