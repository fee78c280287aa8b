/// Producers by name, mirrored in memory: uids and access keys, so there are few.
struct ProducerTable: ~Copyable {
    private var ids: [String: Int64] = [:]
    private var namesByID: [Int64: String] = [:]
    private var latest: (name: String, id: Int64)?
    private var added: [String] = []
    private let insert: Statement

    init(_ connection: borrowing Connection) throws(SQLiteError) {
        let insert = try connection.prepare("INSERT INTO producers (name) VALUES (?1)")
        let select = try connection.prepare("SELECT name, id FROM producers")
        var ids: [String: Int64] = [:]
        while try select.step() { ids[select.text(0)] = select.int64(1) }
        self.insert = insert
        self.ids = ids
        for (name, id) in ids { namesByID[id] = name }
    }

    var count: Int { ids.count }
    /// The rows' numbers, in no order.
    var numbers: [Int64] { Array(ids.values) }

    /// The producer's row, if there is one.
    func known(_ name: String) -> Int64? {
        ids[name]
    }

    /// The producer of a row, if there is one.
    func name(_ id: Int64) -> String? {
        namesByID[id]
    }

    /// The producer's row; one seen for the first time gets it.
    mutating func id(_ name: String, _ connection: borrowing Connection) throws(SQLiteError) -> Int64 {
        if let latest, latest.name == name { return latest.id }
        let id: Int64
        if let known = ids[name] {
            id = known
        } else {
            insert.bind(name, at: 1)
            try insert.run()
            id = connection.lastInsertRowID
            ids[name] = id
            namesByID[id] = name
            added.append(name)
        }
        latest = (name, id)
        return id
    }

    mutating func committed() {
        added.removeAll(keepingCapacity: true)
    }

    mutating func rolledBack() {
        for name in added {
            if let id = ids.removeValue(forKey: name) { namesByID[id] = nil }
        }
        added.removeAll(keepingCapacity: true)
        latest = nil
    }
}
