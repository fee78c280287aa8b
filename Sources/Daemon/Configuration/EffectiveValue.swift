/// A value of the configuration as it is shown: in YAML by `description`, in JSON by `encode`. Holds no secret.
package enum EffectiveValue: Hashable, Sendable {
    /// null: nothing is set.
    case none
    case flag(Bool)
    case number(Int64)
    /// Also durations, sizes and the like, with their units.
    case text(String)
    case list([EffectiveValue])
}

extension EffectiveValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .none: "null"
        case .flag(let flag): "\(flag)"
        case .number(let number): "\(number)"
        case .text(let text): yamlText(text)
        case .list(let values): "[\(values.map(\.description).joined(separator: ", "))]"
        }
    }
}

extension EffectiveValue: Encodable {
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .none: try container.encodeNil()
        case .flag(let flag): try container.encode(flag)
        case .number(let number): try container.encode(number)
        case .text(let text): try container.encode(text)
        case .list(let values): try container.encode(values)
        }
    }
}

/// A text as YAML: plain where it can't be taken for anything else, else in double quotes.
func yamlText(_ text: String) -> String {
    let isPlain =
        text.utf8.first.map { isWordByte($0) || $0 == UInt8(ascii: "/") } == true
        && text.utf8.first != UInt8(ascii: "-")
        && text.utf8.allSatisfy { isWordByte($0) || "./:%$@+".utf8.contains($0) } && !text.hasSuffix(":")
        && !["null", "true", "false", "yes", "no", "on", "off", "y", "n"].contains(text.lowercased())
        && text.utf8.contains { !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    if isPlain { return text }
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\" + String(scalar)
        case _ where scalar.properties.generalCategory == .control:
            let digits = String(scalar.value, radix: 16)
            result += "\\u" + String(repeating: "0", count: 4 - digits.utf8.count) + digits
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result + "\""
}
