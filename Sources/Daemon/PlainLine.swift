/// A text as one line of plain characters: those that move a terminal's cursor, break the line or turn the direction of
/// writing are written as `\u{1b}`.
func plainLine(_ text: String) -> String {
    var result = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator:
            result += "\\u{\(String(scalar.value, radix: 16))}".unicodeScalars
        default: result.append(scalar)
        }
    }
    return String(result)
}
