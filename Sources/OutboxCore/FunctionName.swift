/// Which regions a function's name may lead to: the configuration's `aws.region` and `aws.regions`.
package struct FunctionNaming: Hashable, Sendable {
    package var region: String
    package var furtherRegions: Set<String>

    package init(region: String, furtherRegions: Set<String> = []) {
        self.region = region
        self.furtherRegions = furtherRegions
    }

    package func allows(_ other: String) -> Bool { other == region || furtherRegions.contains(other) }
}

/// Reads a function's name as Lambda's Invoke API takes it: `name`, `name:alias`, partial and full ARNs.
///
/// Never stricter than AWS's own pattern, with two exceptions that keep requests from going astray: a region must look
/// like one and be configured, and a name that consists of dots can't stand in a path.
package enum FunctionName {
    /// Twice AWS's limits, which have grown before: Lambda itself has the last word.
    package static let textBytesMax = 512
    package static let qualifierBytesMax = 256

    /// - Parameters:
    ///   - name: the name, percent-decoded already.
    ///   - qualifier: what the request's `Qualifier` said, decoded; nil if it had none.
    package static func parse(
        _ name: String,
        qualifier: String? = nil,
        naming: FunctionNaming
    ) throws(Refusal) -> FunctionIdentity {
        guard !name.isEmpty, name.utf8.count <= textBytesMax else {
            throw Refusal(.validation, "The function name must have 1 to \(textBytesMax) bytes.")
        }
        guard name.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: "$") }) else {
            throw Refusal(
                .validation,
                "The function name holds a character that none has. Use a name, name:alias, or an ARN."
            )
        }
        var parts = Parts(name)
        try parts.readPrefix(naming: naming)
        var identity = try parts.readRest(naming: naming)
        if let qualifier {
            try check(qualifier: qualifier)
            guard identity.qualifier == "-" || identity.qualifier == qualifier else {
                throw Refusal(
                    .invalidParameterValue,
                    "The derived qualifier from the function name does not match the specified qualifier."
                )
            }
            identity.qualifier = qualifier
        }
        return identity
    }

    fileprivate static func isNameByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    fileprivate static func check(qualifier: String) throws(Refusal) {
        guard (1...qualifierBytesMax).contains(qualifier.utf8.count),
            qualifier.utf8.allSatisfy({ isNameByte($0) || $0 == UInt8(ascii: "$") })
        else {
            throw Refusal(.validation, "The qualifier must be a version, an alias, or $LATEST.")
        }
        // `-` is the word for "none" in a function's identity.
        guard qualifier != "-" else { throw Refusal(.validation, "The qualifier `-` names no version and no alias.") }
    }
}

/// The colon-separated parts of a name, eaten from the front.
private struct Parts {
    private var parts: ArraySlice<Substring>
    private var isARN = false
    private var partition = ""
    private var region: String?

    init(_ text: String) {
        parts = text.split(separator: ":", omittingEmptySubsequences: false)[...]
    }

    /// `arn:partition:lambda:` and the region, where they are there.
    mutating func readPrefix(naming: FunctionNaming) throws(Refusal) {
        if parts.first == "arn", parts.count > 2 {
            let fields = Array(parts.prefix(3))
            guard fields[1].isEmpty || fields[1].hasPrefix("aws"),
                fields[1].utf8.allSatisfy({ $0 != UInt8(ascii: "$") && $0 != UInt8(ascii: ".") }),
                fields[2] == "lambda"
            else {
                throw Refusal(.validation, "The ARN must begin with arn:aws:lambda:, or its partition's name for aws.")
            }
            isARN = true
            partition = String(fields[1])
            parts = parts.dropFirst(3)
        }
        guard parts.count >= 2, let first = parts.first, isRegion(first, naming: naming) else { return }
        guard AWSRegion.looksLikeRegion(first) else {
            throw Refusal(.invalidParameterValue, "The region in the function's ARN is out of form.")
        }
        guard naming.allows(String(first)) else {
            throw Refusal(
                .invalidParameterValue,
                "The region \(first) is not configured. Add it to aws.regions, or name a function in \(naming.region)."
            )
        }
        region = String(first)
        parts = parts.dropFirst()
    }

    /// Whether the part in front stands for a region. Without `arn:` in front, `blue-green-1:live` is a name and an
    /// alias, unless that region is configured.
    private func isRegion(_ first: Substring, naming: FunctionNaming) -> Bool {
        if isARN { return AWSRegion.looksLikeRegion(first) || !Self.isTail(parts) }
        return naming.allows(String(first)) || (AWSRegion.looksLikeRegion(first) && !Self.isTail(parts))
    }

    /// Whether these can be `[account:][function:]name[:qualifier]`.
    private static func isTail(_ parts: ArraySlice<Substring>) -> Bool { tail(parts) != nil }

    private typealias Tail = (account: String, name: Substring, qualifier: Substring?)

    private static func tail(_ whole: ArraySlice<Substring>) -> Tail? {
        var parts = whole
        var account = "-"
        if parts.count >= 2, let first = parts.first, isAccount(first) {
            account = String(first)
            parts = parts.dropFirst()
        }
        if parts.first == "function", parts.count >= 2 {
            // A function may itself be called "function".
            let isName = parts.count == 2 && parts.last == ""
            parts = isName ? parts.dropLast() : parts.dropFirst()
        }
        guard let name = parts.first, parts.count <= 2, !name.isEmpty else { return nil }
        return (account, name, parts.count == 2 ? parts.last : nil)
    }

    private static func isAccount(_ text: Substring) -> Bool {
        text.utf8.count == 12 && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    func readRest(naming: FunctionNaming) throws(Refusal) -> FunctionIdentity {
        guard let tail = Self.tail(parts), tail.name.utf8.allSatisfy(FunctionName.isNameByte),
            tail.name.utf8.contains(where: { $0 != UInt8(ascii: ".") })
        else {
            throw Refusal(.validation, "The function name is out of form. Use a name, name:alias, or an ARN.")
        }
        if let qualifier = tail.qualifier { try FunctionName.check(qualifier: String(qualifier)) }
        let region = region ?? naming.region
        return FunctionIdentity(
            partition: partition.isEmpty ? AWSRegion.partition(of: region) : partition,
            account: tail.account,
            region: region,
            name: String(tail.name),
            qualifier: tail.qualifier.map(String.init) ?? "-"
        )
    }
}
