import Testing

@testable import Daemon

/// Whatever stands in the file, it is answered.
@Suite("Damaged configuration texts")
struct DamagedTextTests {
    /// Xorshift: the same damage in every run.
    private struct Numbers: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state ^= state << 13
            state ^= state >> 7
            state ^= state << 17
            return state
        }
    }

    private static let pieces = [
        "\t", "\n", "\r", "\u{85}", "\u{2028}", " ", "  ", ":", ": ", "- ", "{", "}", "[", "]", ",", "\"", "'", "#",
        "*", "&a",
        "!x", "|", ">", "---\n", "...\n", "<<: ", "${X}", "\u{FEFF}", "\u{0}", "\u{7F}", "ü", "👩‍👩‍👧", "%", "@", "?",
        "null",
    ]

    @Test("damage anywhere is found in one line at a place inside of the text, or does no harm", arguments: 1...8)
    func damage(seed: UInt64) {
        var numbers = Numbers(state: seed &* 0x9E37_79B9_7F4A_7C15)
        for (text, _) in TypicalMistakeTests.table {
            var scalars = Array(text.unicodeScalars)
            for _ in 0..<Int.random(in: 1...4, using: &numbers) {
                let place = Int.random(in: 0...scalars.count, using: &numbers)
                let end = min(scalars.count, place + Int.random(in: 0...2, using: &numbers))
                let piece = Self.pieces.randomElement(using: &numbers) ?? ""
                scalars.replaceSubrange(place..<end, with: Array(piece.unicodeScalars))
            }
            let damaged = String(String.UnicodeScalarView(scalars))
            let lines = scalars.count { "\n\r\u{85}\u{2028}\u{2029}".unicodeScalars.contains($0) } + 1
            for (line, column, said) in Self.answers(damaged) {
                #expect((1...lines + 1).contains(line), "\(damaged.debugDescription): \(said)")
                #expect((1...scalars.count + 1).contains(column), "\(damaged.debugDescription): \(said)")
                #expect(!said.contains { $0.isNewline }, "\(damaged.debugDescription): \(said)")
            }
        }
    }

    private static func answers(_ text: String) -> [(Int, Int, String)] {
        do throws(YAMLDocument.Fault) {
            guard let root = try YAMLDocument.parse(text) else { return [] }
            var reader = ConfigurationReader(file: "F")
            reader.read(root)
            return reader.problems.map { problem in
                let numbers = problem.place.split(separator: ":").dropFirst().compactMap { Int($0) }
                return (numbers[0], numbers[1], problem.description)
            }
        } catch {
            return [(error.line, error.column, "\(error.what); \(error.meant)")]
        }
    }
}
