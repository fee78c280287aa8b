/// Reads from the text of Package.swift what each target under `Sources` lists as its dependencies.
enum Manifest {
    /// Dependencies by target: names of modules and of products.
    static func dependencies(_ manifest: String) -> [String: Set<String>] {
        let products = productNames(manifest)
        var found: [String: Set<String>] = [:]
        for call in ["module(", ".target(", ".executableTarget("] {
            for range in manifest.ranges(of: call) {
                let arguments = balanced(manifest[manifest.index(before: range.upperBound)...], "(", ")")
                guard let name = quoted(arguments).first, !arguments.contains("path:") else { continue }
                found[name] = names(in: dependencyList(arguments), products: products)
            }
        }
        return found
    }

    /// `let nioCore: Target.Dependency = .product(name: "NIOCore", …)`: nioCore is NIOCore.
    private static func productNames(_ manifest: String) -> [String: String] {
        var names: [String: String] = [:]
        for line in manifest.split(separator: "\n") where line.hasPrefix("let ") && line.contains(".product(") {
            let constant = line.dropFirst(4).prefix(while: { $0 != ":" })
            names[String(constant)] = quoted(line).first
        }
        return names
    }

    /// The list behind `dependencies:`, or the one unlabelled list.
    private static func dependencyList(_ arguments: Substring) -> Substring {
        let behind = arguments.ranges(of: "dependencies:").first.map { arguments[$0.upperBound...] } ?? arguments
        guard let start = behind.firstIndex(of: "[") else { return "" }
        return balanced(behind[start...], "[", "]")
    }

    private static func names(in list: Substring, products: [String: String]) -> Set<String> {
        var names: Set<String> = []
        var rest = list
        while let product = rest.ranges(of: ".product(").first {
            let call = balanced(rest[rest.index(before: product.upperBound)...], "(", ")")
            names.insert(quoted(call).first ?? "")
            rest = Substring(rest[..<product.lowerBound] + rest[call.endIndex...])
        }
        names.formUnion(quoted(rest))
        let words = rest.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "\"") })
        for word in words where !word.hasPrefix("\"") { products[String(word)].map { _ = names.insert($0) } }
        return names
    }

    /// The text up to the bracket that closes the one it starts with, both included.
    private static func balanced(_ text: Substring, _ open: Character, _ close: Character) -> Substring {
        var depth = 0
        for index in text.indices {
            if text[index] == open { depth += 1 }
            if text[index] == close { depth -= 1 }
            if depth == 0 { return text[...index] }
        }
        return text
    }

    private static func quoted(_ text: Substring) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .filter { $0.offset % 2 == 1 }.map { String($0.element) }
    }
}
