import AWSCredentials
import OutboxCore

extension ValueKind<GlobPattern> {
    /// Means functions: name, name:qualifier or full ARN. What can't match any function is refused.
    static var pattern: ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                guard (1...256).contains(text.utf8.count) else {
                    throw Misfit(what: "\(quoted(text)) matches no function", meant: patternMeant)
                }
                let isAllowed = { (byte: UInt8) in isWordByte(byte) || "*?:$.".utf8.contains(byte) }
                if text.utf8.allSatisfy(isAllowed), !looksLikeExpression(text) {
                    try checkParts(text)
                    return GlobPattern(text)
                }
                if text.utf8.contains(UInt8(ascii: ",")) || text.utf8.contains(UInt8(ascii: " ")) {
                    throw Misfit(what: "\(quoted(text)) is more than one pattern", meant: "write a rule for each")
                }
                throw Misfit(
                    what: "\(quoted(text)) is no pattern, but looks like a regular expression",
                    meant: "write * for any characters and ? for one, as in \"orders-*\""
                )
            },
            write: { .text($0.text) },
            meant: patternMeant
        )
    }
}

private let patternMeant = "write a name, name:qualifier or ARN; * stands for any characters, ? for one"

/// `.*` and `.?` stand for something in other languages; $ only begins the word $LATEST here.
private func looksLikeExpression(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    let isDotted = zip(bytes, bytes.dropFirst()).contains { $0 == UInt8(ascii: ".") && "*?".utf8.contains($1) }
    let isDollar = bytes.enumerated().contains { index, byte in
        byte == UInt8(ascii: "$")
            && (index == 0 || bytes[index - 1] != UInt8(ascii: ":")
                || !"$LATEST".utf8.starts(with: literal(bytes[index...])))
    }
    return isDotted || isDollar
}

/// Up to the first wildcard.
private func literal(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    bytes.prefix { !"*?".utf8.contains($0) }
}

/// Checks parts between colons as far as it is known which they are: a `*` may stand for several.
private func checkParts(_ text: String) throws(Misfit) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let isOpen = text.utf8.contains(UInt8(ascii: "*"))
    guard parts[0] == "arn" else {
        if parts.count > 2, !parts[0].utf8.contains(UInt8(ascii: "*")) {
            throw Misfit(what: "\(quoted(text)) has too many colons", meant: "write name:qualifier, or the full ARN")
        }
        if parts.contains(where: \.isEmpty) {
            throw Misfit(what: "\(quoted(text)) has nothing beside a colon", meant: patternMeant)
        }
        return
    }
    for (part, check) in zip(parts, arnParts) {
        if !check.isRight(part) {
            throw Misfit(what: "\(quoted(text)): \(quoted(String(part))) is \(check.what)", meant: check.meant)
        }
        if part.utf8.contains(UInt8(ascii: "*")) { return }
    }
    if parts.count > 8 || (parts.count < 7 && !isOpen) {
        throw Misfit(
            what: "\(quoted(text)) is no whole ARN of a function",
            meant: "write arn:aws:lambda:REGION:ACCOUNT:function:NAME, with :QUALIFIER if it has one"
        )
    }
}

private struct ARNPart {
    var what: String
    var meant: String
    var isRight: (Substring) -> Bool

    /// One of some words, or a pattern that fits one.
    static func word(_ words: [String], _ what: String) -> ARNPart {
        ARNPart(what: what, meant: "write \(words[0])") { part in
            words.contains { GlobPattern(String(part)).matches($0) }
        }
    }
}

private var arnParts: [ARNPart] {
    [
        ARNPart.word(["arn"], "no ARN"),
        ARNPart(what: "no partition of AWS", meant: "write aws, aws-cn, aws-us-gov or the like") { part in
            isPattern(part) || part.hasPrefix("aws")
        },
        .word(["lambda"], "not Lambda's service name"),
        ARNPart(what: "no region", meant: "write one such as eu-central-1, or *") {
            isPattern($0) || isRegionName(String($0))
        },
        ARNPart(what: "no account", meant: "write its twelve digits, or *") { part in
            part.contains("*")
                || part.utf8.count == 12
                    && part.utf8.allSatisfy {
                        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) || $0 == UInt8(ascii: "?")
                    }
        },
        .word(["function"], "not the word function"),
        ARNPart(what: "no name", meant: "write the function's name, or *") { !$0.isEmpty },
        ARNPart(what: "no qualifier", meant: "write an alias or a version, or remove the colon") { !$0.isEmpty },
    ]
}

private func isPattern(_ part: Substring) -> Bool {
    part.utf8.contains { "*?".utf8.contains($0) }
}
