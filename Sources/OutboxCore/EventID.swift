/// An event's id: a UUIDv7 (RFC 9562 §5.7) whose random bits carry the row's sequence number, so that a look-up by id
/// needs no index of its own.
///
/// Layout: 48 bits Unix milliseconds, 4 bits version, 12 bits sequence (high), 2 bits variant, 30 bits sequence (low),
/// 16 bits store generation, 16 random bits.
package struct EventID: Hashable, Comparable, Sendable {
    package var high: UInt64
    package var low: UInt64

    /// Adopts 128 bits as they are, whoever made them.
    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Precondition: `sequence` fits 42 bits.
    package init(acceptedAt: WallTime, sequence: Int64, generation: UInt16, random: UInt16) {
        precondition(sequence >= 0 && sequence < 1 << 42, "sequence out of 42 bits")
        let sequence = UInt64(sequence)
        let time = UInt64(clamping: acceptedAt.milliseconds) & 0xFFFF_FFFF_FFFF
        high = time << 16 | 0x7000 | sequence >> 30
        low = 0x8000_0000_0000_0000 | (sequence & 0x3FFF_FFFF) << 32 | UInt64(generation) << 16 | UInt64(random)
    }

    /// The sequence number in the id; meaningful only for ids that this store gave.
    package var sequence: Int64 {
        Int64((high & 0xFFF) << 30 | (low >> 32) & 0x3FFF_FFFF)
    }

    package var acceptedAt: WallTime { WallTime(milliseconds: Int64(high >> 16)) }
    package var generation: UInt16 { UInt16(truncatingIfNeeded: low >> 16) }

    /// Rows of events that came with an id from elsewhere begin here, behind all that a store numbers itself.
    package static let firstImportedRow: Int64 = 1 << 42

    /// The row of an event that came with this id. It goes by the generation, so that it meets no row of a store that
    /// numbered other events the same.
    package var importedRow: Int64 { (Int64(generation) + 1) << 42 | sequence }

    /// An id put together again from what its row keeps.
    ///
    /// - Parameter tail: the low 32 bits, store generation and random.
    package init(acceptedAt: WallTime, row: Int64, tail: Int64) {
        self.init(
            acceptedAt: acceptedAt,
            sequence: row & (Self.firstImportedRow - 1),
            generation: UInt16(truncatingIfNeeded: tail >> 16),
            random: UInt16(truncatingIfNeeded: tail)
        )
    }

    /// The low 32 bits: store generation and random.
    package var tail: Int64 { Int64(low & 0xFFFF_FFFF) }

    /// Rows that an event of this id can have, one after the other to be looked at; none for ids that no store gives.
    package var rows: [Int64] {
        self == EventID(acceptedAt: acceptedAt, row: sequence, tail: tail) ? [sequence, importedRow] : []
    }

    package static func < (a: EventID, b: EventID) -> Bool { (a.high, a.low) < (b.high, b.low) }
}

extension EventID: CustomStringConvertible, LosslessStringConvertible {
    /// The usual text form, lower case, 8-4-4-4-12.
    package var description: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 { text.append(UInt8(ascii: "-")) }
            let word = index < 16 ? high : low
            text.append(digits[Int(word >> UInt64(60 - (index & 15) * 4) & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads the 8-4-4-4-12 form, either case; nil for anything else.
    package init?(_ description: String) {
        var words: (UInt64, UInt64) = (0, 0)
        var digits = 0
        var position = 0
        for byte in description.utf8 {
            defer { position += 1 }
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            let value: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): value = byte - UInt8(ascii: "A") + 10
            default: return nil
            }
            if digits < 16 { words.0 = words.0 << 4 | UInt64(value) } else { words.1 = words.1 << 4 | UInt64(value) }
            digits += 1
            if digits > 32 { return nil }
        }
        guard digits == 32, position == 36 else { return nil }
        self.init(high: words.0, low: words.1)
    }
}
