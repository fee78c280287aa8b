// swift-tools-version: 6.2
import PackageDescription

/// Only for `scripts/mutants`, which builds in a folder of its own: a program whose planted bugs can be switched on.
let planted: [SwiftSetting] = Context.environment["OUTBOX_PLANTED_BUGS"] == "1" ? [.define("PLANTED_BUGS")] : []

let settings: [SwiftSetting] =
    [
        .swiftLanguageMode(.v6),
        .treatAllWarnings(as: .error),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
        .enableUpcomingFeature("InternalImportsByDefault"),
    ] + planted

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioLocks: Target.Dependency = .product(name: "NIOConcurrencyHelpers", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdTesting: Target.Dependency = .product(name: "HummingbirdTesting", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let signals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

func module(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency] = [], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

func system(_ name: String, pkgConfig: String, package: String) -> Target {
    .systemLibrary(name: name, pkgConfig: pkgConfig, providers: [.apt([package])])
}

let package = Package(
    name: "lambda-outbox",
    products: [.executable(name: "lambda-outbox", targets: ["lambda-outbox"])],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    ],
    targets: [
        .target(name: "CLinux"),
        system("CSQLite", pkgConfig: "sqlite3", package: "libsqlite3-dev"),
        system("CCurl", pkgConfig: "libcurl", package: "libcurl4-openssl-dev"),
        system("COpenSSL", pkgConfig: "libcrypto", package: "libssl-dev"),
        system("CSystemd", pkgConfig: "libsystemd", package: "libsystemd-dev"),

        module("OutboxCore"),
        module("Salvage", ["OutboxCore"]),
        module("SigV4", ["COpenSSL"]),
        module("AWSCredentials", ["OutboxCore", "SigV4"]),
        module("LambdaTransport", ["OutboxCore", "SigV4", "CCurl"]),
        .target(
            name: "SQLiteStore",
            dependencies: ["OutboxCore", "CSQLite"],
            resources: [.embedInCode("migrations")],
            swiftSettings: settings
        ),
        module("Engine", ["OutboxCore", "CLinux", nioLocks]),
        module("Door", ["OutboxCore", nioCore, nioPosix, nioHTTP1, nioLocks, logging]),
        module("AdminAPI"),
        module("Admin", ["OutboxCore", "AdminAPI", hummingbird, nioLocks, logging]),
        module("Systemd", ["CSystemd", logging]),
        module("Receiver", ["SigV4", nioCore, nioPosix, nioHTTP1, nioLocks]),
        module("Client", ["AdminAPI", "CCurl"]),
        module(
            "Daemon",
            [
                "OutboxCore", "CLinux", "SigV4", "AWSCredentials", "LambdaTransport", "SQLiteStore", "Engine", "Door",
                "AdminAPI", "Admin", "Systemd", "Salvage", nioLocks, logging, lifecycle, signals, yams,
            ]
        ),
        .executableTarget(
            name: "lambda-outbox",
            dependencies: ["Daemon", "AdminAPI", "Client", "Receiver", arguments],
            swiftSettings: settings
        ),

        .target(
            name: "TestSupport",
            dependencies: ["OutboxCore"],
            path: "Tests/TestSupport",
            exclude: ["Databases"],
            swiftSettings: settings
        ),
        .target(name: "CFaultVFS", dependencies: ["CSQLite"], path: "Tests/CFaultVFS"),
        .target(
            name: "Simulation",
            dependencies: ["CFaultVFS", "CSQLite", "Engine", "OutboxCore", "SQLiteStore", "TestSupport"],
            path: "Tests/Simulation",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["OutboxCore", "Simulation"],
            path: "Tests/Simulate",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "faultsweep",
            dependencies: ["Simulation"],
            path: "Tests/FaultSweep",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "storebench",
            dependencies: ["LambdaTransport", "OutboxCore", "SigV4", "SQLiteStore"],
            path: "Benchmarks/StoreBench",
            swiftSettings: settings
        ),
        tests("OutboxCoreTests", ["OutboxCore", "TestSupport"]),
        tests("SalvageTests", ["Salvage", "OutboxCore", "SigV4", "SQLiteStore", "TestSupport", "CSQLite"]),
        tests("SigV4Tests", ["SigV4", "TestSupport"]),
        tests("AWSCredentialsTests", ["AWSCredentials", "TestSupport"]),
        tests("LambdaTransportTests", ["LambdaTransport", "OutboxCore", "SigV4", "TestSupport"]),
        tests("SQLiteStoreTests", ["SQLiteStore", "TestSupport", "CSQLite"]),
        tests("FaultTests", ["OutboxCore", "SQLiteStore", "Simulation", "TestSupport"]),
        tests("EngineTests", ["Engine", "OutboxCore", "Simulation", "TestSupport"]),
        tests(
            "DoorTests",
            ["Door", "OutboxCore", "TestSupport", nioCore, nioPosix, nioHTTP1, nioLocks, nioEmbedded, logging]
        ),
        tests(
            "AdminTests",
            ["Admin", "AdminAPI", "OutboxCore", "TestSupport", hummingbird, hummingbirdTesting, logging, yams]
        ),
        tests("ReceiverTests", ["Receiver", "SigV4", "TestSupport", nioCore, nioPosix, nioHTTP1]),
        tests(
            "CommandTests",
            [
                "lambda-outbox", "Admin", "AdminAPI", "Client", "OutboxCore", "TestSupport", nioLocks, hummingbird,
                logging,
            ],
            exclude: ["Golden"]
        ),
        tests("SystemdTests", ["Systemd", nioLocks, logging]),
        tests("ConfigurationTests", ["Daemon", "AWSCredentials", "OutboxCore", "TestSupport"]),
        tests(
            "DaemonTests",
            ["Daemon", "Admin", "AdminAPI", "Engine", "OutboxCore", "SQLiteStore", "TestSupport", nioLocks]
        ),
        tests("SimulateTests", ["simulate"]),
        tests("TidyTests"),
    ]
)
