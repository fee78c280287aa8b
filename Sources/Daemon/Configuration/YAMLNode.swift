/// A node of the configuration file, with its place.
struct YAMLNode {
    struct Entry {
        var key: String
        var line: Int
        var column: Int
        var value: YAMLNode
    }

    enum Content {
        case null
        /// `isPlain`: without quotes, so that it may be a number or a truth value.
        case scalar(String, isPlain: Bool)
        case list([YAMLNode])
        case map([Entry])
    }

    var content: Content
    /// From 1.
    var line: Int
    /// From 1, in Unicode scalars.
    var column: Int

    /// What kind of thing it is, for people.
    var kind: String {
        switch content {
        case .null: "nothing"
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a mapping"
        }
    }
}

extension YAMLNode {
    /// The first text in it that looks as if a template or a shell should have replaced it.
    var placeholder: String? { firstText(where: Self.isPlaceholder) }

    /// The first text in it with characters that word processors put where plain ones were meant: typographic quotes,
    /// spaces that don't break.
    var typography: String? { firstText { $0.unicodeScalars.contains { "“”„‘’«»\u{A0}".unicodeScalars.contains($0) } } }

    private func firstText(where isOne: (String) -> Bool) -> String? {
        switch content {
        case .scalar(let text, _): isOne(text) ? text : nil
        case .list(let nodes): nodes.compactMap { $0.firstText(where: isOne) }.first
        case .null, .map: nil
        }
    }

    /// `${X}` and `{{ x }}` anywhere; `$X` alone, but for the alias $LATEST.
    private static func isPlaceholder(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        let isBraced = zip(bytes, bytes.dropFirst()).contains { first, second in
            second == UInt8(ascii: "{") && (first == UInt8(ascii: "$") || first == UInt8(ascii: "{"))
        }
        let isName = bytes.first == UInt8(ascii: "$") && bytes.dropFirst().allSatisfy(isWordByte)
        return isBraced || (isName && text != "$LATEST")
    }
}
