/// One line of the journal of idempotency keys: from here on the key names this event, or none.
///
/// As bytes, big-endian: key 16, event id 16 (all zero: the key is free), content 16, time 6 (milliseconds since 1970;
/// 0: has passed), marks 1 (bit 0: takes the place of an earlier entry of the key).
package struct KeyEntry: Hashable, Sendable {
    package var key: Digest128
    package var event: EventID
    /// What came with the key (`DedupeKey.contentDigest`), cut.
    package var content: Digest128
    /// When the key's window passes; milliseconds since 1970; 0: it has.
    package var until: Int64
    /// Another entry of the key stands before this one.
    package var replaces: Bool

    package init(key: Digest128, event: EventID, content: Digest128, until: WallTime?, replaces: Bool = false) {
        self.key = key
        self.event = event
        self.content = content
        self.until = min(max(until?.milliseconds ?? 0, 0), Self.timeMax)
        self.replaces = replaces
    }

    /// The entry that frees a key.
    package init(freeing key: Digest128, until: Int64) {
        self.init(
            key: key,
            event: Self.nobody,
            content: Digest128(high: 0, low: 0),
            until: WallTime(milliseconds: until),
            replaces: true
        )
    }

    package static let byteCount = 55
    private static let timeMax: Int64 = 1 << 48 - 1
    private static let nobody = EventID(high: 0, low: 0)

    package var isFree: Bool { event.high == 0 && event.low == 0 }

    /// nil: it has passed, or no window was known.
    package var rememberedUntil: WallTime? { until > 0 ? WallTime(milliseconds: until) : nil }

    // MARK: As bytes

    /// - Precondition: room for `byteCount` bytes.
    package func write(to place: UnsafeMutableRawPointer) {
        func put(_ word: UInt64, _ offset: Int) {
            place.storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt64.self)
        }
        put(key.high, 0)
        put(key.low, 8)
        put(event.high, 16)
        put(event.low, 24)
        put(content.high, 32)
        put(content.low, 40)
        let tail = UInt64(until) << 16 | (replaces ? 1 << 8 : 0)
        withUnsafeBytes(of: tail.bigEndian) { place.advanced(by: 48).copyMemory(from: $0.baseAddress!, byteCount: 7) }
    }

    /// - Precondition: `byteCount` bytes.
    package init(from place: UnsafeRawPointer) {
        func word(_ offset: Int) -> UInt64 {
            UInt64(bigEndian: place.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        }
        key = Digest128(high: word(0), low: word(8))
        event = EventID(high: word(16), low: word(24))
        content = Digest128(high: word(32), low: word(40))
        until = Int64(word(47) & 0x00FF_FFFF_FFFF_FFFF) >> 8
        replaces = place.load(fromByteOffset: 54, as: UInt8.self) & 1 == 1
    }

    /// The key alone.
    package static func key(at place: UnsafeRawPointer) -> Digest128 {
        Digest128(
            high: UInt64(bigEndian: place.loadUnaligned(as: UInt64.self)),
            low: UInt64(bigEndian: place.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        )
    }
}

/// A row of the journal: some entries, one after the other, and a checksum behind them that is bound to its place.
package enum KeyRow {
    /// Four rows of so many fill a page of 4096 bytes.
    package static let entriesMax = 18
    package static let bytesMax = entriesMax * KeyEntry.byteCount + checksumBytes
    private static let checksumBytes = 4

    /// A row's number: its segment and the ordinal of its first entry in that.
    package static func position(segment: Int64, ordinal: Int) -> Int64 { segment << 24 | Int64(ordinal) }
    package static func segment(_ position: Int64) -> Int64 { position >> 24 }
    package static func ordinal(_ position: Int64) -> Int { Int(position & 0xFF_FFFF) }

    private static func seed(_ position: Int64) -> UInt32 {
        UInt32(truncatingIfNeeded: position ^ position >> 32)
    }

    /// Puts the checksum behind `count` entries. - Returns: the row's length in bytes.
    package static func seal(_ row: UnsafeMutableRawPointer, count: Int, position: Int64) -> Int {
        let length = count * KeyEntry.byteCount
        let sum = CRC32.of(UnsafeRawBufferPointer(start: row, count: length), seed: seed(position))
        row.storeBytes(of: sum.bigEndian, toByteOffset: length, as: UInt32.self)
        return length + checksumBytes
    }

    /// How many entries a row holds; 0: it is damaged.
    package static func count(_ row: UnsafeRawBufferPointer, position: Int64) -> Int {
        let length = row.count - checksumBytes
        let count = length / KeyEntry.byteCount
        guard length > 0, count * KeyEntry.byteCount == length, count <= entriesMax else { return 0 }
        let sum = UInt32(bigEndian: row.loadUnaligned(fromByteOffset: length, as: UInt32.self))
        let entries = UnsafeRawBufferPointer(rebasing: row[..<length])
        return CRC32.of(entries, seed: seed(position)) == sum ? count : 0
    }
}
