extension Rules {
    /// Every type and every function that other modules see has a doc comment. Left out: what says nothing of its own,
    /// that is members on one line, operators, the witnesses of the library's own protocols, and types inside types.
    static func docComments(_ file: SourceFile) -> [Finding] {
        let code = file.code
        return code.indices.compactMap { index in
            guard let declaration = Declaration(code[index]), !declaration.speaksForItself else { return nil }
            if hasDocComment(above: index, in: file.lines) { return nil }
            return Finding(
                path: file.path,
                line: index + 1,
                objection: "\(declaration.kind) \(declaration.name) has no doc comment"
            )
        }
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
    private static let witnesses: Set<Substring> = ["hash", "encode", "callAsFunction", "makeIterator", "next"]

    init?(_ line: String) {
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
            name.isEmpty || isOnOneLine || (kind == "func" ? Self.witnesses.contains(name) : isInside)
    }
}
