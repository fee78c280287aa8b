package import AWSCredentials
import OutboxCore

/// The configuration as it holds: the file's values over the defaults, with the environment's and the options', and
/// where each came from.
package struct LoadedConfiguration: Sendable {
    package var values: Configuration
    /// Region, endpoint and the like, found through the environment and the AWS shared files too.
    package var aws: AWSResolution
    /// The same for each rule of `routes`.
    package var routes: [AWSResolution]
    /// nil: there is none.
    package var file: String?
    /// As `load` was called, so that the same can be read again.
    package var path: String?
    package var directory: String?
    /// By full key (`queue.max_bytes`, `functions[0].max_age`); a key that isn't here has its built-in default.
    package var sources: [String: ValueSource]
    /// For people, to be shown once: things that are taken, but that somebody should know.
    package var warnings: [String]
}

extension Configuration {
    /// Read where no other file is named; it may be missing.
    package static let defaultFile = "/etc/lambda-outbox/config.yaml"

    /// Reads and checks everything; all mistakes are reported together.
    ///
    /// - Parameters:
    ///   - path: the file; nil: `defaultFile`, or no file at all where `directory` is given.
    ///   - directory: one folder for sockets and state, over whatever the file says.
    ///   - environment: the process's, captured once at its start.
    package static func load(
        path: String?,
        directory: String? = nil,
        environment: [String: String]
    ) throws(ConfigurationErrors) -> LoadedConfiguration {
        let file = try ConfigurationFile.find(path: path, directory: directory)
        var reader = ConfigurationReader(file: file?.path ?? "")
        if let file, let root = try file.parse() { reader.read(root) }

        var values = reader.values
        var sources = reader.sources
        var problems = reader.problems
        applyStateDirectory(environment, to: &values, &sources)
        if let directory { problems += apply(directory: directory, to: &values, &sources) }
        problems += ConfigurationChecks(values: values, sources: sources, failed: reader.failed).problems

        let aws: AWSResolution
        var routes: [AWSResolution] = []
        do throws(AWSProblem) {
            aws = try AWSResolution(settings: values.aws, environment: environment)
            for rule in values.routes {
                routes.append(try AWSResolution(settings: rule.aws, environment: environment))
            }
        } catch {
            throw errors(problems + [problem(error, sources)])
        }
        for resolution in [aws] + routes {
            let found = ownListenerProblems(values, resolution, sources)
            problems += found.filter { !problems.contains($0) }
        }
        if !problems.isEmpty { throw errors(problems) }
        var loaded = LoadedConfiguration(
            values: values,
            aws: aws,
            routes: routes,
            file: file?.path,
            path: path,
            directory: directory,
            sources: sources,
            warnings: []
        )
        loaded.warnings = ConfigurationWarnings(loaded, file: file, environment: environment).texts
        return loaded
    }

    /// systemd's folder for state, unless the file names the database.
    private static func applyStateDirectory(
        _ environment: [String: String],
        to values: inout Configuration,
        _ sources: inout [String: ValueSource]
    ) {
        let folder = environment["STATE_DIRECTORY"]?.split(separator: ":").first
        guard let folder, folder.hasPrefix("/"), sources["store.path"] == nil else { return }
        values.store.path = "\(folder)/outbox.db"
        sources["store.path"] = .environment("STATE_DIRECTORY")
    }

    private static func apply(
        directory: String,
        to values: inout Configuration,
        _ sources: inout [String: ValueSource]
    ) -> [ConfigurationProblem] {
        guard directory.hasPrefix("/") else {
            return [
                ConfigurationProblem(
                    place: "--directory",
                    what: "not an absolute path",
                    meant: "write one that begins with /"
                )
            ]
        }
        var folder = Substring(directory)
        while folder.hasSuffix("/") { folder = folder.dropLast() }
        values.listen.unix.path = "\(folder)/door.sock"
        values.admin.unix.path = "\(folder)/admin.sock"
        values.store.path = "\(folder)/outbox.db"
        for key in ["listen.unix.path", "admin.unix.path", "store.path"] { sources[key] = .directoryOption }
        guard values.admin.unix.path.utf8.count > socketPathBytesMax else { return [] }
        return [
            ConfigurationProblem(
                place: "--directory",
                what: "the path is too long for Unix sockets in it (\(socketPathBytesMax) bytes)",
                meant: "choose a shorter one"
            )
        ]
    }

    private static func ownListenerProblems(
        _ values: Configuration,
        _ aws: AWSResolution,
        _ sources: [String: ValueSource]
    ) -> [ConfigurationProblem] {
        guard let endpoint = aws.endpoint,
            let listener = OwnListeners(values).name(host: endpoint.value.host, port: endpoint.value.port)
        else { return [] }
        let problem = AWSProblem(
            endpoint.source,
            "the endpoint is this daemon's own listener (\(listener))",
            meant: "unset it for the daemon: it is for the programs that send"
        )
        return [self.problem(problem, sources)]
    }

    private static func problem(_ problem: AWSProblem, _ sources: [String: ValueSource]) -> ConfigurationProblem {
        let place: String
        if case .configuration(let key) = problem.source {
            place = sources[key]?.place ?? key
        } else {
            place = problem.source.description
        }
        return ConfigurationProblem(place: place, what: problem.what, meant: problem.meant)
    }

    /// In the order of the file; what isn't in the file comes last.
    private static func errors(_ problems: [ConfigurationProblem]) -> ConfigurationErrors {
        let ranked = problems.enumerated().map { (problem: $1, rank: filePosition($1.place) ?? [.max, .max, $0]) }
        return ConfigurationErrors(ranked.sorted { $0.rank.lexicographicallyPrecedes($1.rank) }.map(\.problem))
    }

    private static func filePosition(_ place: String) -> [Int]? {
        let numbers = place.split(separator: ":").suffix(2).compactMap { Int($0) }
        return numbers.count == 2 ? numbers : nil
    }
}
