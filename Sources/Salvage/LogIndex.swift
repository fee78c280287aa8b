import OutboxCore

/// Which pages a log holds: those of whole transactions, up to the first frame that doesn't check out (SQLite's file
/// format, "The Write-Ahead Log").
struct LogIndex {
    static let headerBytes = 32
    static let frameHeaderBytes = 24

    /// The latest valid frame of each page: where its bytes begin in the log.
    private(set) var pages: [Int: Int] = [:]
    /// Pages of the database after the last transaction; nil: the log holds none.
    private(set) var databasePages: Int?
    /// Frames behind the first one that doesn't check out, of the same run of the log: nothing vouches for them.
    private(set) var loose: [(page: Int, offset: Int)] = []
    /// Frames of whole transactions.
    private(set) var frames = 0
    /// Why the log, or the rest of it, can't be relied on; nil: all of it was read.
    private(set) var problem: String?

    /// - Parameter pageSize: the database's.
    init(_ files: DamagedFiles, pageSize: Int) {
        guard files.logBytes > 0 else { return }
        guard let header = files.log(0, Self.headerBytes).map(ByteView.init(bytes:)),
            let magic = header.uint32(0), let size = header.uint32(8)
        else {
            problem = "the log's header can't be read"
            return
        }
        let isOurs = magic & ~1 == 0x377F_0682 && size == pageSize
        var sum = LogChecksum(isBigEndian: magic & 1 == 1)
        sum.add(header.bytes[..<24])
        let isSound = isOurs && sum.matches(header, at: 24)
        if !isSound { problem = "the log's header is damaged: none of its transactions can be checked" }
        read(files, Run(header: header, pageSize: pageSize, sum: sum, isSound: isSound))
    }

    /// What the frames of a log have in common.
    private struct Run {
        var header: ByteView
        var pageSize: Int
        var sum: LogChecksum
        var isSound: Bool
    }

    private mutating func read(_ files: DamagedFiles, _ run: Run) {
        var sum = run.sum
        var isValid = run.isSound
        var salts = isValid ? Array(run.header.bytes[16..<24]) : nil
        /// Of the transaction that is being read.
        var open: [(page: Int, offset: Int)] = []
        let frameBytes = Self.frameHeaderBytes + run.pageSize
        var offset = Self.headerBytes
        while offset <= files.logBytes - frameBytes {
            defer { offset += frameBytes }
            guard let frame = files.log(offset, frameBytes).map(ByteView.init(bytes:)), let page = frame.uint32(0),
                let commit = frame.uint32(4)
            else {
                if isValid { problem = "the log can't be read at byte \(offset)" }
                isValid = false
                continue
            }
            let found = Array(frame.bytes[8..<16])
            if salts == nil { salts = found }
            // An older run of the log begins here: it is in the database file already.
            guard found == salts, page > 0 else {
                if isValid { break }
                continue
            }
            if isValid {
                sum.add(frame.bytes[..<8])
                sum.add(frame.bytes[Self.frameHeaderBytes...])
                isValid = sum.matches(frame, at: 16)
                if !isValid { problem = "the log is damaged at byte \(offset)" }
            }
            let place = (page: page, offset: offset + Self.frameHeaderBytes)
            guard isValid else {
                loose.append(place)
                continue
            }
            open.append(place)
            guard commit > 0 else { continue }
            for place in open { pages[place.page] = place.offset }
            frames += open.count
            databasePages = commit
            open = []
        }
        // What a transaction wrote that never came to its end counts for nothing, unless the damage hides that end.
        if problem != nil { loose = open + loose }
    }
}

extension LogChecksum {
    fileprivate mutating func add(_ bytes: ArraySlice<UInt8>) {
        bytes.withUnsafeBytes { add($0) }
    }

    fileprivate func matches(_ view: ByteView, at offset: Int) -> Bool {
        guard let first = view.uint32(offset), let second = view.uint32(offset + 4) else { return false }
        return matches(first, second)
    }
}
