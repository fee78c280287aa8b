import OutboxCore
import TestSupport
import Testing

@testable import SQLiteStore

@Suite("What finds idempotency keys")
struct KeyValueTests {
    private static func key(_ number: Int) -> Digest128 {
        DedupeKey.digest(
            .idempotencyKey,
            "k\(number)",
            producer: "uid:1",
            function: StoreBench.function(),
            hash: testHash
        )
    }

    // MARK: Hash and checksum

    @Test func `keys are placed by SipHash-2-4, as its authors' own example has it`() {
        let hash = KeyHash(secret: Array(0..<16))
        let digest = Digest128(high: 0x0001_0203_0405_0607, low: 0x0809_0A0B_0C0D_0E0F)
        #expect(hash?(digest) == 0x3F2A_CC7F_57C2_9BDB)
    }

    @Test func `another secret places keys elsewhere, and one of another length is none`() {
        let one = KeyHash(secret: (1, 2))
        #expect(one(Self.key(1)) != KeyHash(secret: (1, 3))(Self.key(1)))
        #expect(one(Self.key(1)) != KeyHash(secret: (0, 2))(Self.key(1)))
        #expect(KeyHash(secret: Array(0..<15)) == nil)
    }

    @Test(arguments: [
        ("", 0), ("123456789", 0xCBF4_3926), ("The quick brown fox jumps over the lazy dog", 0x414F_A339),
    ])
    func `checksums are the usual CRC-32`(text: String, sum: UInt32) {
        #expect(Array(text.utf8).withUnsafeBytes { CRC32.of($0) } == sum)
    }

    // MARK: The key's digest

    @Test func `a key's digest tells apart whatever a key belongs to (P4)`() {
        func digest(
            _ kind: DedupeKey.Kind = .idempotencyKey,
            _ text: String = "k",
            producer: String = "p",
            name: String = "f",
            qualifier: String = "q"
        ) -> Digest128 {
            let function = FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "r",
                name: name,
                qualifier: qualifier
            )
            return DedupeKey.digest(kind, text, producer: producer, function: function, hash: testHash)
        }
        let all = [
            digest(), digest(.content), digest(.idempotencyKey, "l"), digest(producer: "x"), digest(name: "g"),
            digest(qualifier: ""), digest(name: "fq", qualifier: ""), digest(name: "", qualifier: "fq"),
        ]
        #expect(Set(all).count == all.count)
        #expect(digest() == digest())
    }

    @Test func `a digest is written and read as 32 hexadecimal digits`() {
        let digest = Digest128(high: 1, low: 0xABCD_EF01_2345_6789)
        #expect(digest.description == "0000000000000001abcdef0123456789")
        #expect(Digest128(digest.description) == digest)
        #expect(Digest128("0000000000000001ABCDEF0123456789") == digest)
        for text in ["", "1", "+000000000000001abcdef0123456789", "0000000000000001abcdef012345678g"] {
            #expect(Digest128(text) == nil)
        }
    }

    // MARK: Entries

    private static let entries = [
        KeyEntry(
            key: key(1),
            event: EventID(acceptedAt: startOfTest, sequence: 7, generation: 9, random: 11),
            content: Digest128(high: 1, low: .max),
            until: startOfTest,
            replaces: true
        ),
        KeyEntry(
            key: key(2),
            event: EventID(high: .max, low: .max),
            content: Digest128(high: 0, low: 0),
            until: WallTime(milliseconds: .max)
        ),
        KeyEntry(key: key(3), event: EventID(high: 1, low: 0), content: Digest128(high: 3, low: 4), until: nil),
        KeyEntry(freeing: key(4), until: 5),
    ]

    @Test(arguments: entries)
    func `an entry is read as it was written`(entry: KeyEntry) {
        var bytes = [UInt8](repeating: 0xAA, count: KeyEntry.byteCount + 1)
        bytes.withUnsafeMutableBytes { entry.write(to: $0.baseAddress!) }
        #expect(bytes.last == 0xAA)
        let (read, key) = bytes.withUnsafeBytes { (KeyEntry(from: $0.baseAddress!), KeyEntry.key(at: $0.baseAddress!)) }
        #expect(read == entry && key == entry.key)
    }

    @Test func `an entry's form is what it was in the version that wrote it`() {
        var bytes = [UInt8](repeating: 0, count: KeyEntry.byteCount)
        bytes.withUnsafeMutableBytes { Self.entries[0].write(to: $0.baseAddress!) }
        #expect(Array(bytes[16..<32]) == [0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x00, 0x70, 0, 0x80, 0, 0, 7, 0, 9, 0, 11])
        #expect(
            Array(bytes[32...]) == [0, 0, 0, 0, 0, 0, 0, 1] + Array(repeating: 255, count: 8) + [
                0x01, 0x8B, 0xCF, 0xE5, 0x68, 0x00, 1,
            ]
        )
    }

    @Test func `a row with any other byte, of another length, or in another place holds nothing`() {
        var row = [UInt8](repeating: 0, count: KeyRow.bytesMax)
        let position = KeyRow.position(segment: 3, ordinal: 36)
        #expect(KeyRow.segment(position) == 3 && KeyRow.ordinal(position) == 36)
        let length = row.withUnsafeMutableBytes { bytes in
            for (index, entry) in Self.entries.enumerated() {
                entry.write(to: bytes.baseAddress! + index * KeyEntry.byteCount)
            }
            return KeyRow.seal(bytes.baseAddress!, count: Self.entries.count, position: position)
        }
        let sound = Array(row[..<length])
        func count(_ row: [UInt8], _ position: Int64 = position) -> Int {
            row.withUnsafeBytes { KeyRow.count($0, position: position) }
        }
        #expect(count(sound) == Self.entries.count)
        for index in sound.indices {
            var damaged = sound
            damaged[index] ^= 1
            #expect(count(damaged) == 0)
        }
        for shorter in 0..<length { #expect(count(Array(sound[..<shorter])) == 0) }
        #expect(count(sound, position + 1) == 0)
        #expect(count(sound, KeyRow.position(segment: 4, ordinal: 36)) == 0)
    }

    // MARK: Table and filter

    @Test(arguments: [1, 2, 3, 100, 4096, 5000])
    func `a full table leads to every key of it, and hardly to another`(capacity: Int) {
        let hash = KeyHash(secret: (7, 9))
        let table = SegmentTable.allocate(capacity: capacity)
        defer { table.deallocate() }
        for number in 0..<capacity { table.insert(hash(Self.key(number)), ordinal: number) }
        for number in 0..<capacity {
            var isFound = false
            table.probe(hash(Self.key(number))) { if $0 == number { isFound = true } }
            #expect(isFound)
        }
        var others = 0
        for number in capacity..<capacity + 1000 { table.probe(hash(Self.key(number))) { _ in others += 1 } }
        #expect(others < 20)
    }

    @Test func `a key that is inserted twice is found at both ordinals`() {
        let table = SegmentTable.allocate(capacity: 4)
        defer { table.deallocate() }
        for ordinal in 0..<4 { table.insert(ordinal % 2 == 0 ? .max : .max - 1 << 40, ordinal: ordinal) }
        var found: [Int] = []
        table.probe(UInt64.max) { found.append($0) }
        #expect(Set(found).isSuperset(of: [0, 2]))
    }

    @Test func `a full filter knows every key of it, and takes one other in a thousand for its own`() {
        let hash = KeyHash(secret: (7, 9))
        let filter = BlockFilter.allocate(capacity: 20_000)
        defer { filter.deallocate() }
        for number in 0..<20_000 { filter.insert(hash(Self.key(number))) }
        #expect((0..<20_000).allSatisfy { filter.mayContain(hash(Self.key($0))) })
        let wrong = (20_000..<60_000).count { filter.mayContain(hash(Self.key($0))) }
        #expect((1..<40).contains(wrong), "\(wrong) of 40,000")
    }

    @Test func `the pages of a segment hold every byte of table and filter once`() {
        let capacity = 5000
        let pages = KeyPages(segment: 2, capacity: capacity)
        let segment = KeySegment(number: 2, lane: 0, capacity: capacity, openedAt: 0, keepUntil: 0, state: .active)
        segment.makeTable()
        guard let table = segment.table else {
            Issue.record("no table")
            return
        }
        let sizes = (0..<pages.count).map {
            pages.bytes($0, table: table.bytes, filter: segment.filter.bytes).count
        }
        #expect(sizes.reduce(0, +) == table.bytes.count + segment.filter.bytes.count)
        #expect(sizes.allSatisfy { (1...4032).contains($0) })
        #expect(Set((0..<pages.count).map(pages.number)).count == pages.count)
        #expect((0..<pages.tablePages).map(pages.slots).reduce(0, +) == pages.form.slotCount)
    }
}
