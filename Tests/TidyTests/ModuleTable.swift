/// Who may import whom. `docs/ARCHITECTURE.md` shows the same as a picture.
struct ModuleRule {
    /// What Package.swift lists for the target: modules of the project, then products of packages.
    var declared: Set<String>
    /// Modules of the platform, and modules that a declared product is made of.
    var beyond: Set<String> = []

    var allowed: Set<String> { declared.union(beyond) }
}

enum ModuleTable {
    /// Every target under `Sources` that holds Swift. The C targets and system modules depend on nothing.
    static let sources: [String: ModuleRule] = [
        "OutboxCore": ModuleRule(declared: []),
        "Salvage": ModuleRule(declared: ["OutboxCore"]),
        "SigV4": ModuleRule(declared: ["COpenSSL"]),
        "AWSCredentials": ModuleRule(declared: ["OutboxCore", "SigV4"], beyond: ["Glibc", "FoundationEssentials"]),
        "LambdaTransport": ModuleRule(
            declared: ["OutboxCore", "SigV4", "CCurl"],
            beyond: ["Glibc", "FoundationEssentials"]
        ),
        "SQLiteStore": ModuleRule(declared: ["OutboxCore", "CSQLite"], beyond: ["Glibc"]),
        "Engine": ModuleRule(
            declared: ["OutboxCore", "CLinux", "NIOConcurrencyHelpers"],
            beyond: ["Glibc"]
        ),
        "Door": ModuleRule(
            declared: ["OutboxCore", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers", "Logging"],
            beyond: ["Glibc"]
        ),
        "AdminAPI": ModuleRule(declared: []),
        "Admin": ModuleRule(
            declared: ["OutboxCore", "AdminAPI", "Hummingbird", "NIOConcurrencyHelpers", "Logging"],
            beyond: ["Glibc", "FoundationEssentials", "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTPTypes"]
        ),
        "Systemd": ModuleRule(declared: ["CSystemd", "Logging"], beyond: ["Glibc"]),
        "Receiver": ModuleRule(
            declared: ["SigV4", "NIOCore", "NIOPosix", "NIOHTTP1", "NIOConcurrencyHelpers"],
            beyond: ["Glibc", "FoundationEssentials"]
        ),
        "Client": ModuleRule(declared: ["AdminAPI", "CCurl"], beyond: ["Glibc", "FoundationEssentials"]),
        "Daemon": ModuleRule(
            declared: [
                "OutboxCore", "CLinux", "SigV4", "AWSCredentials", "LambdaTransport", "SQLiteStore", "Engine", "Door",
                "AdminAPI", "Admin", "Systemd", "Salvage", "NIOConcurrencyHelpers", "Logging", "ServiceLifecycle",
                "UnixSignals", "Yams",
            ],
            beyond: ["Glibc", "FoundationEssentials"]
        ),
        "lambda-outbox": ModuleRule(
            declared: ["Daemon", "AdminAPI", "Client", "Receiver", "ArgumentParser"],
            beyond: ["Glibc", "FoundationEssentials"]
        ),
    ]

    /// Where a clock or a source of randomness may be read, and why there. Everywhere else both are arguments.
    static let clockHolders: [(path: String, why: String)] = [
        ("Sources/Engine/SystemTime.swift", "the loops' clock"),
        ("Sources/Daemon/", "wires clocks and randomness into everything below"),
        ("Sources/lambda-outbox/", "commands wait and measure for people"),
        ("Sources/Receiver/", "a stand-in: delays answers, dates them, makes up request ids"),
        ("Sources/Client/", "waits for people"),
    ]
}
