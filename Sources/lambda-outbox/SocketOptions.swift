import ArgumentParser
import Client
import FoundationEssentials

/// Where a daemon's socket is: option, else folder, else environment, else the place that the packages use.
enum SocketPlace {
    static func path(
        of role: SocketAddress.Role,
        option: String?,
        directory: String?,
        environment: [String: String]
    ) -> String {
        if let option { return option }
        if let directory { return directory.hasSuffix("/") ? "\(directory)\(role).sock" : "\(directory)/\(role).sock" }
        if let path = environment[SocketProblem.variable(of: role)], !path.isEmpty { return path }
        return "/run/lambda-outbox/\(role).sock"
    }
}

/// For commands that ask or order the daemon.
struct AdminOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's admin socket (also LAMBDA_OUTBOX_ADMIN).", valueName: "path"),
        completion: .file()
    )
    var admin: String?

    @Option(
        help: ArgumentHelp("The folder of a daemon run with serve --directory.", valueName: "folder"),
        completion: .directory
    )
    var directory: String?

    var path: String {
        SocketPlace.path(
            of: .admin,
            option: admin,
            directory: directory,
            environment: ProcessInfo.processInfo.environment
        )
    }

    func client() -> AdminClient { AdminClient(socketPath: path) }
}

/// For commands that hand events over.
struct DoorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The daemon's door socket (also LAMBDA_OUTBOX_DOOR).", valueName: "path"),
        completion: .file()
    )
    var door: String?

    @Option(
        help: ArgumentHelp("The folder of a daemon run with serve --directory.", valueName: "folder"),
        completion: .directory
    )
    var directory: String?

    var path: String {
        SocketPlace.path(
            of: .door,
            option: door,
            directory: directory,
            environment: ProcessInfo.processInfo.environment
        )
    }
}

/// For commands that print what they find.
struct FormatOptions: ParsableArguments {
    @Flag(help: "Print JSON, one object a line.")
    var json = false
}
