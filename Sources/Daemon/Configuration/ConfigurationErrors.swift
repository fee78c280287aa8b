/// One mistake in the configuration.
package struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
    /// `FILE:LINE:COLUMN`, or what else holds the wrong value: `environment AWS_REGION`, `--directory`.
    package var place: String
    package var what: String
    package var meant: String

    package init(place: String, what: String, meant: String) {
        self.place = place
        self.what = what
        self.meant = meant
    }

    package var description: String { "\(place): \(what); \(meant)" }
}

/// All mistakes of a configuration, in the order of the file. Never empty.
package struct ConfigurationErrors: Error, Hashable, Sendable, CustomStringConvertible {
    package var problems: [ConfigurationProblem]

    package init(_ problems: [ConfigurationProblem]) {
        self.problems = problems
    }

    /// One line a mistake.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}

/// Where a value of the effective configuration came from.
package enum ValueSource: Hashable, Sendable, CustomStringConvertible {
    case builtIn
    case file(String, line: Int, column: Int)
    case environment(String)
    /// An AWS shared file.
    case sharedFile(String, line: Int)
    /// `--directory`.
    case directoryOption

    package var description: String {
        switch self {
        case .builtIn: "default"
        case .file(let path, let line, _): "\(path):\(line)"
        case .environment(let name): "environment \(name)"
        case .sharedFile(let path, let line): "\(path):\(line)"
        case .directoryOption: "--directory"
        }
    }

    /// As errors name it.
    var place: String {
        if case .file(let path, let line, let column) = self { "\(path):\(line):\(column)" } else { description }
    }
}
