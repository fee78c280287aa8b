/// A database file and its log, wherever their bytes are. Only read. One thread.
package struct DamagedFiles {
    /// Reads so many bytes from an offset; nil where the disk gives an error or the file ends before.
    package typealias Reading = (_ offset: Int, _ count: Int) -> [UInt8]?

    let databaseBytes: Int
    let logBytes: Int
    let database: Reading
    let log: Reading

    /// - Parameters:
    ///   - databaseBytes: the length of the database file; 0 where there is none.
    ///   - logBytes: the length of its log (`-wal`); 0 where there is none.
    package init(databaseBytes: Int, logBytes: Int, database: @escaping Reading, log: @escaping Reading) {
        self.databaseBytes = databaseBytes
        self.logBytes = logBytes
        self.database = database
        self.log = log
    }

    /// Both in memory.
    package init(database: [UInt8], log: [UInt8] = []) {
        func reading(_ bytes: [UInt8]) -> Reading {
            { offset, count in
                guard offset >= 0, count >= 0, offset <= bytes.count - count else { return nil }
                return Array(bytes[offset..<offset + count])
            }
        }
        self.init(
            databaseBytes: database.count,
            logBytes: log.count,
            database: reading(database),
            log: reading(log)
        )
    }
}
