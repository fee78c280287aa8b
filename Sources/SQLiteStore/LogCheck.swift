import Glibc
package import OutboxCore

/// Looks at the write-ahead log before SQLite does. SQLite reads a log up to the first frame that doesn't fit and takes
/// the rest for what a crash left unfinished: where a bit of it has changed, commits that were answered would be gone
/// without a word.
///
/// Two things tell that a frame which doesn't fit was once whole. The log's index (`-shm`) counts what is committed, and
/// is written after the sync. And where a frame stands behind a commit and goes on from its checksum, that commit was
/// synced before, for nothing is written behind one that isn't. (SQLite's file format, "The Write-Ahead Log".)
package struct LogCheck {
    /// For people: what is wrong with the log of the database at `path`; nil: nothing that can be told.
    ///
    /// - Parameter sameBoot: the log's index is of this boot of the machine, and so as it was left.
    package static func damage(_ path: String, sameBoot: Bool) throws(StoreError) -> String? {
        let index = LogIndex(try FileBytes.open(path + "-shm")?.read(at: 0, count: LogIndex.bytes) ?? [])
        let committed = index.map { Int($0.frames) } ?? 0
        guard let file = try FileBytes.open(path + "-wal"), file.size > 0 else {
            return sameBoot && committed > 0 ? "\(path)-wal, with \(committed) committed pages, is gone" : nil
        }
        let header = try file.read(at: 0, count: headerBytes)
        guard var log = LogCheck(header: header) else {
            return sameBoot && committed > 0 ? "the head of \(path)-wal is damaged" : nil
        }
        try log.walk(file)
        if let index, index.salts.elementsEqual(log.salts), committed > log.committedFrames {
            return "\(path)-wal is damaged: \(log.committedFrames) of \(committed) committed pages can be read"
        }
        return log.goesOnBehindBadFrame ? "\(path)-wal is damaged behind page \(log.committedFrames)" : nil
    }

    private static let headerBytes = 32
    private static let frameHeaderBytes = 24
    private static let frameBytes = frameHeaderBytes + Int(DatabaseFile.pageSize)
    /// Frames read at once.
    private static let chunk = 64

    private let salts: [UInt8]
    private var sum: LogChecksum
    /// As far as the log fits: through the last commit.
    private var committedFrames = 0
    private var goesOnBehindBadFrame = false

    /// - Returns: nil if it is no log's.
    private init?(header: [UInt8]) {
        guard header.count == Self.headerBytes else { return nil }
        let magic = Self.word(header, 0)
        guard magic & ~1 == 0x377F_0682, Self.word(header, 8) == UInt32(DatabaseFile.pageSize) else { return nil }
        salts = Array(header[16..<24])
        sum = LogChecksum(isBigEndian: magic & 1 == 1)
        header.withUnsafeBytes { sum.add(UnsafeRawBufferPointer(rebasing: $0[..<24])) }
        guard sum.matches(Self.word(header, 24), Self.word(header, 28)) else { return nil }
    }

    private static func word(_ bytes: [UInt8], _ offset: Int) -> UInt32 {
        bytes[offset..<offset + 4].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private mutating func walk(_ file: borrowing FileBytes) throws(StoreError) {
        var number = 0
        var fits = true
        var isBehindCommit = false
        var offset = Self.headerBytes
        while !goesOnBehindBadFrame {
            let bytes = try file.read(at: offset, count: Self.frameBytes * Self.chunk)
            let count = bytes.count / Self.frameBytes
            if count == 0 { return }
            offset += count * Self.frameBytes
            for place in 0..<count {
                number += 1
                let header = Array(bytes[place * Self.frameBytes..<place * Self.frameBytes + Self.frameHeaderBytes])
                let isOfThisLog = header[8..<16].elementsEqual(salts)
                let stored = (first: Self.word(header, 16), second: Self.word(header, 20))
                bytes.withUnsafeBytes { all in
                    let frame = UnsafeRawBufferPointer(
                        rebasing: all[place * Self.frameBytes..<(place + 1) * Self.frameBytes]
                    )
                    sum.add(UnsafeRawBufferPointer(rebasing: frame[..<8]))
                    sum.add(UnsafeRawBufferPointer(rebasing: frame[Self.frameHeaderBytes...]))
                }
                let goesOn = isOfThisLog && sum.matches(stored.first, stored.second) && Self.word(header, 0) > 0
                if !fits, goesOn, isBehindCommit { return goesOnBehindBadFrame = true }
                fits = fits && goesOn
                isBehindCommit = isOfThisLog && Self.word(header, 4) > 0
                if fits, isBehindCommit { committedFrames = number }
                sum.goOn(from: stored.first, stored.second)
            }
        }
    }
}

/// The head of a log's index: numbers of this machine.
private struct LogIndex {
    /// Two copies.
    static let bytes = 96

    let frames: UInt32
    let salts: [UInt8]

    /// - Returns: nil if its two copies, or its checksum, don't fit.
    init?(_ bytes: [UInt8]) {
        guard bytes.count == Self.bytes, bytes[..<48].elementsEqual(bytes[48...]), bytes[12] == 1 else { return nil }
        // Words of this machine.
        var sum = LogChecksum(isBigEndian: 1.bigEndian == 1)
        bytes.withUnsafeBytes { sum.add(UnsafeRawBufferPointer(rebasing: $0[..<40])) }
        func word(_ offset: Int) -> UInt32 {
            bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self) }
        }
        guard sum.matches(word(40), word(44)) else { return nil }
        frames = word(16)
        salts = Array(bytes[32..<40])
    }
}

/// A file's bytes, read with plain system calls; before any SQLite connection to it.
private struct FileBytes: ~Copyable {
    private let descriptor: Int32
    let size: Int

    private init(descriptor: Int32, size: Int) {
        self.descriptor = descriptor
        self.size = size
    }

    deinit {
        close(descriptor)
    }

    /// - Returns: nil if there is none.
    static func open(_ path: String) throws(StoreError) -> FileBytes? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw .failed("can't read \(path): \(systemMessage(errno))") }
            return nil
        }
        var facts = stat()
        guard fstat(descriptor, &facts) == 0 else {
            defer { close(descriptor) }
            throw .failed("can't read \(path): \(systemMessage(errno))")
        }
        return FileBytes(descriptor: descriptor, size: Int(facts.st_size))
    }

    /// What is there of it.
    func read(at offset: Int, count: Int) throws(StoreError) -> [UInt8] {
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, length in
            while length < count {
                let result = pread(descriptor, buffer.baseAddress! + length, count - length, off_t(offset + length))
                if result < 0 && errno == EINTR { continue }
                if result < 0 { problem = errno }
                if result <= 0 { break }
                length += result
            }
        }
        guard problem == 0 else { throw .failed("can't read the log: \(systemMessage(problem))") }
        return bytes
    }
}
