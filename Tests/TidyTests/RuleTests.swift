import Testing

/// A check that can't fail is none: each rule is given something to object to, and something to leave alone.
@Suite("Tidy rules")
struct RuleTests {
    private static let table = ["Door": ModuleRule(declared: ["OutboxCore", "NIOCore"], beyond: ["Glibc"])]

    private func file(_ text: String, path: String = "Sources/Door/Planted.swift") -> SourceFile {
        SourceFile(path: path, text: text)
    }

    @Test(
        "an import that the table doesn't allow is found",
        arguments: [
            "import Foundation", "package import SQLiteStore", "@preconcurrency import Dispatch",
            "import struct CCurl.A",
            "public import Engine.Sub", "@testable import Admin", "  import Hummingbird",
        ]
    )
    func forbiddenImport(line: String) {
        #expect(Rules.imports(file("import NIOCore\n\(line)\n"), table: Self.table).map(\.line) == [2])
    }

    @Test("allowed imports and talk of imports are left alone")
    func allowedImport() {
        let text = "import Glibc\npackage import OutboxCore\n// import Foundation\nlet a = \"import Foundation\"\n"
        #expect(Rules.imports(file(text), table: Self.table) == [])
    }

    @Test("a module that nobody entered into the table is found")
    func unknownModule() {
        #expect(Rules.imports(file("", path: "Sources/Cellar/A.swift"), table: Self.table).count == 1)
    }

    @Test(
        "an unchecked declaration without a word above is found",
        arguments: ["final class A: @unchecked Sendable {", "nonisolated(unsafe) var a = 1"]
    )
    func unchecked(line: String) {
        #expect(Rules.uncheckedConcurrency(file(line)).count == 1)
        #expect(Rules.uncheckedConcurrency(file("// Protected by the lock.\n\n\(line)")).count == 1)
        #expect(Rules.uncheckedConcurrency(file("// Protected by the lock.\n\(line)")) == [])
        #expect(Rules.uncheckedConcurrency(file("/// No @unchecked Sendable here.")) == [])
    }

    @Test(
        "a clock or a die is found",
        arguments: [
            "let t = Date()", "let t = ContinuousClock().now", "clock_gettime(CLOCK_REALTIME, &t)",
            "Int.random(in: 0..<3)",
            "var g = SystemRandomNumberGenerator()", "let id = UUID()", "a.shuffled()", "NIODeadline.now()",
        ]
    )
    func clock(line: String) {
        let holders = [(path: "Sources/Door/Clock.swift", why: "here it may")]
        #expect(Rules.clocks(file("\n\(line)"), holders: holders).map(\.line) == [2])
        #expect(Rules.clocks(file(line, path: "Sources/Door/Clock.swift"), holders: holders) == [])
    }

    @Test(
        "what only looks like a clock is left alone",
        arguments: [
            "parseDate()", "// Date() is forbidden", "let a = \"Date()\"", "Int.random(in: 0..<3, using: &generator)",
        ]
    )
    func noClock(line: String) {
        #expect(Rules.clocks(file(line), holders: []) == [])
    }

    @Test("words of unfinished work are found, also in comments", arguments: ["TO" + "DO", "FIX" + "ME", "XX" + "X"])
    func leftOpen(word: String) {
        #expect(Rules.leftOpen(file("// \(word): later")).count == 1)
        #expect(Rules.leftOpen(file("let my\(word)s = 1")) == [])
    }

    @Test(
        "the lock that hides from ThreadSanitizer is found",
        arguments: ["import Synchronization", "let a = Mutex<Int>(0)"]
    )
    func mutex(line: String) {
        #expect(Rules.mutex(file(line)).count == 1)
        #expect(Rules.mutex(file("import NIOConcurrencyHelpers\nlet a = pthread_mutex_t()")) == [])
    }

    @Test("one line too many is found")
    func length() {
        let line = "let a = 1\n"
        #expect(Rules.length(file(String(repeating: line, count: Rules.linesMax))) == [])
        #expect(Rules.length(file(String(repeating: line, count: Rules.linesMax + 1))).count == 1)
    }

    @Test(
        "a declaration without a doc comment is found",
        arguments: [
            "package struct A {", "public final class A {", "package static func a(", "@frozen package enum A: Int {",
            "    package mutating func a() -> Int {", "    package func a(",
            "package protocol A: ~Copyable {",
        ]
    )
    func docComment(line: String) {
        #expect(Rules.docComments(file("let a = 1\n\(line)\n"), requirements: []).map(\.line) == [2])
        #expect(Rules.docComments(file("// plain\n\(line)\n"), requirements: []).count == 1)
        #expect(Rules.docComments(file("/// What it is.\n@discardableResult\n\(line)\n"), requirements: []) == [])
    }

    @Test(
        "declarations that speak for themselves are left alone",
        arguments: [
            "struct A {", "    package enum Kind {", "package init(a: Int) {", "package func a() -> Int { 1 }",
            "package static func == (a: A, b: A) -> Bool {",
            "package func hash(into hasher: inout Hasher) {", "package var a: Int", "let a = \"package struct A {\"",
        ]
    )
    func noDocComment(line: String) {
        #expect(Rules.docComments(file(line), requirements: ["hash"]) == [])
    }

    @Test("a witness is documented where it is required")
    func witness() {
        let port = file("/// A port.\npackage protocol Port {\n    /// Does it.\n    mutating func act(on a: Int)\n}\n")
        let requirements = Rules.requirements([port])
        #expect(requirements.contains("act"))
        #expect(Rules.docComments(file("    package mutating func act(on a: Int) {"), requirements: requirements) == [])
        #expect(Rules.docComments(file("    package mutating func other() {"), requirements: requirements).count == 1)
    }

    @Test("a path of one machine is found", arguments: ["/wo" + "rk/main", "/ro" + "ot/x", "\"/ho" + "me/me/\""])
    func machinePath(path: String) {
        #expect(Rules.machinePaths(file("cd \(path)")).count == 1)
        #expect(Rules.machinePaths(file("net/wo" + "rk/ and frame-wo" + "rk/ and a/ro" + "ot/b")) == [])
    }

    @Test("strings and comments over several lines are no code")
    func codeOnly() {
        let text = "a /* b\nc */ d\nlet t = \"\"\"\n  import Foundation\n\"\"\" + e\n\"x\\\"y\" + f // g\n"
        #expect(file(text).code == ["a ", " d", "let t = ", "", " + e", "\" + f "])
    }
}
