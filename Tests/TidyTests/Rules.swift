/// What must not stand in the sources. Each rule is a function of one file, so that it can be tried on a planted one.
enum Rules {
    static let linesMax = 400

    static func imports(_ file: SourceFile, table: [String: ModuleRule]) -> [Finding] {
        guard let rule = table[file.target] else {
            return [Finding(path: file.path, line: 1, objection: "module \(file.target) is not in the table")]
        }
        return each(file.code, of: file) { line in
            guard let module = importedModule(line), !rule.allowed.contains(module) else { return nil }
            return "\(file.target) must not import \(module)"
        }
    }

    /// The module that a line imports, whatever its access level, attributes and kind: `package import struct A.B` is A.
    static func importedModule(_ line: String) -> String? {
        var words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
        while let word = words.first, word.hasPrefix("@") || accessLevels.contains(word) { words.removeFirst() }
        guard words.first == "import" else { return nil }
        words.removeFirst()
        if let kind = words.first, importKinds.contains(kind) { words.removeFirst() }
        return words.first?.split(whereSeparator: { $0 == "." || $0 == ";" }).first.map(String.init)
    }

    private static let accessLevels: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    private static let importKinds: Set<Substring> = [
        "struct", "class", "enum", "protocol", "typealias", "func", "let", "var",
    ]

    static func uncheckedConcurrency(_ file: SourceFile) -> [Finding] {
        let code = file.code
        return code.indices.compactMap { index in
            let line = code[index]
            guard isUnchecked(line) else { return nil }
            // One comment may stand above several such lines.
            let above = code[..<index].lastIndex { !isUnchecked($0) } ?? -1
            if above >= 0, file.lines[above].drop(while: \.isWhitespace).hasPrefix("//") { return nil }
            return Finding(
                path: file.path,
                line: index + 1,
                objection: "needs a comment right above: which lock or thread protects it"
            )
        }
    }

    private static func isUnchecked(_ line: some StringProtocol) -> Bool {
        line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)")
    }

    static func clocks(_ file: SourceFile, holders: [(path: String, why: String)]) -> [Finding] {
        if holders.contains(where: { file.path.hasPrefix($0.path) }) { return [] }
        return each(file.code, of: file) { line in
            let words = line.contains("using:") ? clockWords : clockWords + drawWords
            return words.first(where: { contains(line, word: $0) }).map { "reads a clock or randomness: \($0)" }
        }
    }

    private static let clockWords = [
        "Date()", "Date.now", "Date(timeIntervalSinceNow", "ContinuousClock", "SuspendingClock", "DispatchTime.now",
        "DispatchWallTime.now", "NIODeadline.now", "clock_gettime", "gettimeofday", "time(nil)", "systemUptime",
        "SystemRandomNumberGenerator", "UUID()", "arc4random", "getrandom(", "RAND_bytes",
    ]
    /// Draw from the system's generator unless they are handed one.
    private static let drawWords = [".random(", ".randomElement(", ".shuffled("]

    static func leftOpen(_ file: SourceFile) -> [Finding] {
        each(file.lines.map(String.init), of: file) { line in
            ["TO" + "DO", "FIX" + "ME", "XX" + "X"].first(where: { contains(line, word: $0) }).map {
                "left open: \($0)"
            }
        }
    }

    static func mutex(_ file: SourceFile) -> [Finding] {
        each(file.code, of: file) { line in
            if importedModule(line) == "Synchronization" || contains(line, word: "Mutex<")
                || contains(line, word: "Mutex(")
            {
                return "ThreadSanitizer does not see Mutex: use NIOLockedValueBox"
            }
            return nil
        }
    }

    static func length(_ file: SourceFile) -> [Finding] {
        if file.lines.count <= linesMax { return [] }
        return [Finding(path: file.path, line: file.lines.count, objection: "longer than \(linesMax) lines")]
    }

    /// Folders of one developer's machine have no place in what others check out.
    static func machinePaths(_ file: SourceFile) -> [Finding] {
        each(file.lines.map(String.init), of: file) { line in
            ["/wo" + "rk/", "/ro" + "ot/", "/ho" + "me/"].first(where: { contains(line, word: $0) }).map {
                "a path of one machine: \($0)"
            }
        }
    }

    private static func each(
        _ lines: [String],
        of file: SourceFile,
        _ objection: (String) -> String?
    ) -> [Finding] {
        lines.indices.compactMap { index in
            objection(lines[index]).map { Finding(path: file.path, line: index + 1, objection: $0) }
        }
    }

    /// Whether a line has these characters where no name or path runs into them from the left.
    private static func contains(_ line: String, word: String) -> Bool {
        line.ranges(of: word).contains { range in
            guard let before = line[..<range.lowerBound].last, word.first?.isPunctuation != true || word.hasPrefix("/")
            else {
                return true
            }
            return !(before.isLetter || before.isNumber || "_-./".contains(before))
        }
    }
}
