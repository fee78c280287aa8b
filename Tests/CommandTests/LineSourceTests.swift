import Dispatch
import Glibc
import Testing

@testable import Client

@Suite struct `lines of input` {
    /// Reads all lines of `bytes`, written in pieces of `size`.
    private func lines(_ bytes: [UInt8], piece size: Int) throws -> [LineSource.Line] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        var source = LineSource(descriptor: ends[0], max: 200_000)
        var found: [LineSource.Line] = []
        for start in stride(from: 0, to: bytes.count, by: size) {
            var piece = Array(bytes[start..<min(start + size, bytes.count)])
            #expect(write(ends[1], &piece, piece.count) == piece.count)
            try source.fill()
            while let line = source.next() { found.append(line) }
        }
        close(ends[1])
        try source.fill()
        while let line = source.next() { found.append(line) }
        #expect(source.isAtEnd)
        #expect(source.bytesTaken == Int64(bytes.count))
        close(ends[0])
        return found
    }

    @Test(arguments: [1, 2, 3, 1000])
    func `are the same however the bytes come`(_ size: Int) throws {
        let found = try lines(Array("a\n\nbc\r\n\rd\ne".utf8), piece: size)
        #expect(found == ["a", "", "bc", "\rd", "e"].map { .text(Array($0.utf8)) })
    }

    @Test func `what is read ahead doesn't count as taken`() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { close(ends[0]) }
        #expect(write(ends[1], "ab\ncd\n", 6) == 6)
        close(ends[1])
        var source = LineSource(descriptor: ends[0])
        try source.fill()
        #expect(source.bytesTaken == 0)
        _ = source.next()
        #expect(source.bytesTaken == 3)
    }

    @Test func `a line end at the end begins no line`() throws {
        #expect(try lines(Array("a\n".utf8), piece: 10) == [.text([0x61])])
    }

    @Test func `a line that is too long is told once, and the next is whole`() throws {
        let long = [UInt8](repeating: 0x78, count: 400_000)
        #expect(try lines(long + Array("\nb\n".utf8), piece: 60_000) == [.tooLong, .text([0x62])])
        #expect(try lines(long, piece: 60_000) == [.tooLong])
    }
}

@Suite struct `results in order` {
    @Test func `come out in line, whatever the order they come in`() {
        var order = InOrder<String>()
        #expect(order.add(2, "b").isEmpty)
        #expect(order.add(3, "c").isEmpty)
        #expect(order.add(1, "a").map(\.result) == ["a", "b", "c"])
        #expect(order.add(4, "d").map(\.number) == [4])
        #expect(order.nextNumber == 5)
    }
}
