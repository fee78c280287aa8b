extension Rules {
    /// Every type and every function that other modules see has a doc comment. Left out: what says nothing of its own,
    /// that is members on one line, operators, types inside types, and witnesses of a protocol, which documents them.
    static func docComments(_ file: SourceFile, requirements: Set<String>) -> [Finding] {
        file.code.indices.compactMap { index in
            guard let declaration = Declaration(file.code[index], requirements: requirements) else { return nil }
            if declaration.speaksForItself || hasDocComment(above: index, in: file.lines) { return nil }
            return Finding(
                path: file.path,
                line: index + 1,
                objection: "\(declaration.kind) \(declaration.name) has no doc comment"
            )
        }
    }

    /// The names of the functions that the protocols of these files require.
    static func requirements(_ files: [SourceFile]) -> Set<String> {
        var names: Set<String> = ["hash", "encode"]
        for file in files {
            var inProtocol = false
            for line in file.code {
                if line.hasPrefix("}") { inProtocol = false }
                if line.split(separator: " ").prefix(3).contains("protocol") { inProtocol = !line.hasSuffix("}") }
                if inProtocol, let start = line.ranges(of: "func ").first?.upperBound {
                    names.insert(String(line[start...].prefix(while: { $0.isLetter || $0.isNumber || $0 == "_" })))
                }
            }
        }
        return names
    }

    private static func hasDocComment(above index: Int, in lines: [Substring]) -> Bool {
        for line in lines[..<index].reversed() {
            let text = line.drop(while: \.isWhitespace)
            if text.hasPrefix("@") || text.hasPrefix("#if") { continue }
            return text.hasPrefix("///") || text.hasSuffix("*/")
        }
        return false
    }
}

/// The first line of a declaration with `package` or `public` before it.
private struct Declaration {
    var kind: Substring
    var name: Substring
    var speaksForItself: Bool

    private static let modifiers: Set<Substring> = [
        "static", "final", "mutating", "nonmutating", "consuming", "borrowing", "indirect", "override", "convenience",
    ]
    private static let kinds: Set<Substring> = ["struct", "class", "enum", "actor", "protocol", "func"]

    init?(_ line: String, requirements: Set<String>) {
        var words = line.split(whereSeparator: \.isWhitespace)
        while let word = words.first, word.hasPrefix("@") { words.removeFirst() }
        guard let level = words.first, level == "package" || level == "public" else { return nil }
        words.removeFirst()
        while let word = words.first, Self.modifiers.contains(word) { words.removeFirst() }
        guard words.count >= 2, Self.kinds.contains(words[0]) else { return nil }
        kind = words[0]
        name = words[1].prefix(while: { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "`" })
        let isOnOneLine = line.contains("{") && line.hasSuffix("}")
        let isInside = line.first?.isWhitespace == true
        speaksForItself =
            name.isEmpty || isOnOneLine || (kind == "func" ? requirements.contains(String(name)) : isInside)
    }
}
