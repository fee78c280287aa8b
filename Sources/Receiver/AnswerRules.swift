/// Which functions get which answers, from text like `orders=500,flaky=429:0.3,slow=202@2s,first=500*2`.
///
/// Each rule is `NAME=ANSWER[*COUNT][:PROBABILITY][>RATE][@LATENCY]`; NAME may hold `*` and `?` and is compared with the
/// function's bare name and with `name:qualifier`. A rule with a count holds for the first requests of each function,
/// one with a probability for that part of them, one with a rate for what comes above so many a second, of all functions
/// that fit together, after a tenth of a second's worth at once. Where a rule doesn't hold the next one that fits is
/// asked; where none holds the answer is 202.
///
/// ANSWER is an HTTP status, an error code, or one of `202-no-id`, `html`, `cut`, `half`, `hang`. After a slash an error
/// takes seconds for Retry-After and a reason for throttling: `429/CallerRateLimitExceeded/3`.
package struct AnswerRules: Hashable, Sendable, CustomStringConvertible {
    /// The text it was made from.
    package let description: String
    let rules: [AnswerRule]

    /// 202 for all.
    package init() {
        description = ""
        rules = []
    }

    package init(parsing text: String) throws(AnswerSyntaxError) {
        var rules: [AnswerRule] = []
        for part in text.split(whereSeparator: { $0 == "," || $0.isNewline }) {
            guard let part = part.trimmed, !part.isEmpty else { continue }
            do {
                rules.append(try AnswerRule(part))
            } catch {
                throw AnswerSyntaxError("in \"\(part)\": \(error.problem)")
            }
        }
        self.rules = rules
        description = text
    }
}

struct AnswerRule: Hashable, Sendable {
    var pattern: Glob
    var kind: AnswerKind
    /// How many requests of each function it holds for; nil: all.
    var count: Int?
    var probability = 1.0
    /// It holds for requests above so many a second; nil: whatever the rate.
    var abovePerSecond: Double?
    /// nil: the receiver's own.
    var latencyMilliseconds: Int64?

    init(_ text: Substring) throws(AnswerSyntaxError) {
        guard let equalSign = text.firstIndex(of: "="), let name = text[..<equalSign].trimmed, !name.isEmpty else {
            throw AnswerSyntaxError("a rule is NAME=ANSWER")
        }
        pattern = Glob(String(name))
        let value = text[text.index(after: equalSign)...]
        let end = value.firstIndex(where: Self.isMark) ?? value.endIndex
        kind = try AnswerKind(value[..<end].trimmed ?? "")
        var rest = value[end...]
        while let mark = rest.first {
            let after = rest.dropFirst()
            let end = after.firstIndex(where: Self.isMark) ?? after.endIndex
            let word = after[..<end].trimmed ?? ""
            switch mark {
            case "*": count = try Self.count(word)
            case ":": probability = try Self.probability(word)
            case ">": abovePerSecond = try Self.rate(word)
            default: latencyMilliseconds = try Self.latency(word)
            }
            rest = after[end...]
        }
    }

    private static func isMark(_ character: Character) -> Bool {
        character == "*" || character == ":" || character == ">" || character == "@"
    }

    private static func count(_ text: Substring) throws(AnswerSyntaxError) -> Int {
        guard let count = Int(text), count >= 0 else {
            throw AnswerSyntaxError("\"*\(text)\" is no number of requests, such as *2")
        }
        return count
    }

    private static func probability(_ text: Substring) throws(AnswerSyntaxError) -> Double {
        guard let probability = Double(text), (0...1).contains(probability) else {
            throw AnswerSyntaxError("\":\(text)\" is no probability from 0 to 1, such as :0.3")
        }
        return probability
    }

    private static func rate(_ text: Substring) throws(AnswerSyntaxError) -> Double {
        guard let rate = Double(text), rate > 0, rate <= 1e6 else {
            throw AnswerSyntaxError("\">\(text)\" is no number of requests a second, such as >50")
        }
        return rate
    }

    private static func latency(_ text: Substring) throws(AnswerSyntaxError) -> Int64 {
        let units: [(String, Double)] = [("ms", 1), ("s", 1000), ("m", 60_000)]
        for (unit, milliseconds) in units where text.hasSuffix(unit) {
            guard let number = Double(text.dropLast(unit.count)), number >= 0, number * milliseconds <= 86_400_000
            else {
                break
            }
            return Int64(number * milliseconds)
        }
        throw AnswerSyntaxError("\"@\(text)\" is no time, such as @50ms or @2s")
    }
}

/// What is wrong with a text of answer rules, with an example of a right one.
package struct AnswerSyntaxError: Error, Hashable, CustomStringConvertible {
    let problem: String

    init(_ problem: String) {
        self.problem = problem
    }

    package var description: String {
        "\(problem). Example: orders=500,billing=404,flaky=429:0.3,slow=202@2s,first=500*2,busy=429>50,cutter=cut"
    }
}

extension Substring {
    /// Without white space at its ends.
    fileprivate var trimmed: Substring? {
        guard let first = firstIndex(where: { !$0.isWhitespace }), let last = lastIndex(where: { !$0.isWhitespace })
        else { return nil }
        return self[first...last]
    }
}
