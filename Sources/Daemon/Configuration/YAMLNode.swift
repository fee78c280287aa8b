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
        case .null: "null"
        case .scalar: "a single value"
        case .list: "a list"
        case .map: "a mapping"
        }
    }
}

extension YAMLNode {
    /// The first text in it that looks as if a template or a shell should have replaced it.
    var placeholder: String? {
        switch content {
        case .scalar(let text, _): Self.isPlaceholder(text) ? text : nil
        case .list(let nodes): nodes.lazy.compactMap(\.placeholder).first
        case .null, .map: nil
        }
    }

    private static func isPlaceholder(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        return zip(bytes, bytes.dropFirst()).contains { first, second in
            second == UInt8(ascii: "{") && (first == UInt8(ascii: "$") || first == UInt8(ascii: "{"))
        }
    }
}
