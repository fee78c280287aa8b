import Foundation
import OutboxCore
import Testing

@testable import AWSCredentials

@Suite("Credentials")
struct ChainCredentialsTests {
    private let home: TemporaryFolder
    private let now = WallTime(milliseconds: 1_700_000_000_000)
    private let keys = ["AWS_ACCESS_KEY_ID": "AKENV", "AWS_SECRET_ACCESS_KEY": "SECRET-ENV"]

    init() throws {
        home = try TemporaryFolder()
    }

    private func chain(_ environment: [String: String] = [:], profile: String? = nil) throws -> ChainCredentials {
        var settings = AWSSettings()
        settings.profile = profile
        return try ChainCredentials(
            settings: settings,
            environment: environment.merging(["HOME": home.path]) { mine, _ in mine }
        )
    }

    private func reason(_ chain: ChainCredentials) throws -> String {
        guard case .failure(let problem) = chain.credentials(now: now) else {
            throw Unexpected()
        }
        #expect(!problem.reason.contains("SECRET-"))
        return problem.reason
    }

    private struct Unexpected: Error {}

    private func profile(_ id: String) -> String {
        "aws_access_key_id = \(id)\naws_secret_access_key = SECRET-\(id)\n"
    }

    @Test("environment variables come first")
    func environmentFirst() throws {
        try home.write(".aws/credentials", "[default]\n" + profile("AKFILE"))
        let found = try chain(keys.merging(["AWS_SESSION_TOKEN": "T"]) { $1 }).credentials(now: now).get()
        #expect(
            found
                == Credentials(
                    accessKeyID: "AKENV",
                    secretAccessKey: "SECRET-ENV",
                    sessionToken: "T",
                    source: "environment"
                )
        )
    }

    @Test("a profile of the configuration comes before the environment, one of AWS_PROFILE doesn't")
    func explicitProfile() throws {
        try home.write(".aws/credentials", "[a]\n" + profile("AKA"))
        #expect(try chain(keys, profile: "a").credentials(now: now).get().accessKeyID == "AKA")
        #expect(try chain(keys.merging(["AWS_PROFILE": "a"]) { $1 }).credentials(now: now).get().accessKeyID == "AKENV")
        #expect(try chain(["AWS_PROFILE": "a"]).credentials(now: now).get().accessKeyID == "AKA")
        #expect(try chain(["AWS_DEFAULT_PROFILE": "a"]).credentials(now: now).get().accessKeyID == "AKA")
        #expect(
            try chain(["AWS_PROFILE": "a", "AWS_DEFAULT_PROFILE": "b"]).credentials(now: now).get().accessKeyID == "AKA"
        )
    }

    @Test("static keys of both files, with the token of the same file")
    func staticKeys() throws {
        let config = try home.write(".aws/config", "[profile c]\n" + profile("AKC") + "aws_session_token = TC\n")
        let file = try home.write(".aws/credentials", "[a]\n" + profile("AKA") + "aws_session_token = TA\n")
        let a = try chain(profile: "a").credentials(now: now).get()
        #expect(a.sessionToken == "TA")
        #expect(a.source == "profile \"a\" in \(file)")
        let c = try chain(profile: "c").credentials(now: now).get()
        #expect(c.sessionToken == "TC")
        #expect(c.source == "profile \"c\" in \(config)")
    }

    @Test("keys, secret and token of two files are never mixed")
    func notMixed() throws {
        try home.write(".aws/config", "[default]\naws_secret_access_key = SECRET-X\naws_session_token = T\n")
        try home.write(".aws/credentials", "[default]\naws_access_key_id = AK\n")
        #expect(try reason(chain()).contains("no aws_secret_access_key"))
        try home.write(".aws/credentials", "[default]\n" + profile("AK"))
        #expect(try chain().credentials(now: now).get().sessionToken == nil)
    }

    @Test(
        "what this version can't do is named, never passed over",
        arguments: [
            ("role_arn = arn:aws:iam::1:role/r\nsource_profile = b", "role_arn"),
            ("web_identity_token_file = /t\nrole_arn = r", "role_arn"), ("sso_session = s", "sso_session"),
            ("sso_start_url = u\nsso_account_id = 1", "sso_start_url"),
            ("credential_process = /bin/x", "credential_process"),
            ("login_session = x", "login_session"),
        ]
    )
    func unsupported(text: String, key: String) throws {
        try home.write(".aws/config", "[profile a]\n" + text + "\n" + profile("AK"))
        let found = try reason(chain(profile: "a"))
        #expect(found.contains(key))
        #expect(found.contains("not in this version"))
        #expect(found.contains("aws_access_key_id"))
    }

    @Test("keys of the credentials file come before a process, keys of the config file after it")
    func processOrder() throws {
        try home.write(".aws/config", "[default]\ncredential_process = /bin/x\n")
        try home.write(".aws/credentials", "[default]\n" + profile("AK"))
        #expect(try chain().credentials(now: now).get().accessKeyID == "AK")
    }

    @Test(
        "reasons why there are none",
        arguments: [
            ([:], "no AWS credentials: looked at AWS_ACCESS_KEY_ID"),
            (["AWS_ACCESS_KEY_ID": "AK"], "AWS_SECRET_ACCESS_KEY is not"),
            (["AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": ""], "AWS_SECRET_ACCESS_KEY is not"),
            (["AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "SECRET-X"], "looked at AWS_ACCESS_KEY_ID"),
            (["AWS_PROFILE": "gone"], "there is no profile \"gone\""),
            (["AWS_WEB_IDENTITY_TOKEN_FILE": "/t", "AWS_ROLE_ARN": "r"], "web identity"),
            (["AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://localhost/x"], "container endpoint"),
            (["HOME": ""], "HOME is not set"),
        ] as [([String: String], String)]
    )
    func reasons(environment: [String: String], expected: String) throws {
        #expect(try reason(chain(environment)).contains(expected))
    }

    @Test("an expired key of the environment says that only a restart helps")
    func expired() throws {
        let environment = keys.merging(["AWS_CREDENTIAL_EXPIRATION": "2023-11-14T22:13:20Z"]) { $1 }
        #expect(try reason(chain(environment)).contains("restart"))
        let found = try chain(environment).credentials(now: WallTime(milliseconds: now.milliseconds - 1)).get()
        #expect(found.expiration == now)
        #expect(try reason(chain(keys.merging(["AWS_CREDENTIAL_EXPIRATION": "soon"]) { $1 })).contains("no time"))
    }

    @Test("files are read again when they changed, and only then")
    func reload() throws {
        let chain = try chain()
        #expect(try reason(chain).contains("no AWS credentials"))
        #expect(!chain.reload())

        try home.write(".aws/credentials", "[default]\n" + profile("AK1"))
        #expect(try reason(chain).contains("no AWS credentials"))
        #expect(chain.reload())
        #expect(try chain.credentials(now: now).get().accessKeyID == "AK1")
        #expect(!chain.reload())

        try home.write(".aws/credentials", "[default]\n" + profile("AK2"))
        #expect(chain.reload())
        #expect(try chain.credentials(now: now).get().accessKeyID == "AK2")

        try home.write(".aws/credentials", "[default]\n# nothing else\n" + profile("AK2"))
        #expect(!chain.reload())

        try FileManager.default.removeItem(atPath: "\(home.path)/.aws/credentials")
        #expect(chain.reload())
        #expect(try reason(chain).contains("no AWS credentials"))
    }

    @Test(
        "keys that can't stand in a header are refused",
        arguments: [
            ("AK 1", "SECRET-X", "T", "access key id"), ("AK/1", "SECRET-X", "T", "access key id"),
            ("AK", "SECRET-\u{1}", "T", "secret access key"), ("AK", "SECRET-X", "T\r\nX: y", "session token"),
        ]
    )
    func headerSafe(id: String, secret: String, token: String, what: String) throws {
        let environment = [
            "AWS_ACCESS_KEY_ID": id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token,
        ]
        #expect(try reason(chain(environment)).contains(what))
        try home.write(
            ".aws/credentials",
            "[default]\naws_access_key_id = AK\n more\naws_secret_access_key = SECRET-X\n"
        )
        #expect(try reason(chain()).contains("access key id"))
    }

    @Test("a broken file is named with its line, and recovers")
    func broken() throws {
        let file = try home.write(".aws/credentials", "[default]\nSECRET-X\n")
        let chain = try chain()
        #expect(try reason(chain).hasPrefix("\(file):2: "))
        try home.write(".aws/credentials", "[default]\n" + profile("AK"))
        #expect(chain.reload())
        #expect(try chain.credentials(now: now).get().accessKeyID == "AK")
    }

    @Test("a file that isn't one, or is too large, is refused")
    func unusableFiles() throws {
        var settings = AWSSettings()
        settings.credentialsFile = home.path
        #expect(try reason(ChainCredentials(settings: settings, environment: [:])).contains("not a regular file"))
        settings.credentialsFile = "/dev/zero"
        #expect(try reason(ChainCredentials(settings: settings, environment: [:])).contains("not a regular file"))
        settings.credentialsFile = try home.write("big", String(repeating: "#\n", count: 600_000))
        #expect(try reason(ChainCredentials(settings: settings, environment: [:])).contains("larger than 1 MiB"))
        settings.credentialsFile = "\(home.path)/gone"
        #expect(try reason(ChainCredentials(settings: settings, environment: [:])).contains("no such file"))
    }

    @Test("secrets that others may read are a warning, not an error")
    func sharedSecrets() throws {
        let file = try home.write(".aws/credentials", "[default]\n" + profile("AK"), mode: 0o640)
        let chain = try chain()
        #expect(chain.warnings.count == 1)
        #expect(chain.warnings.first?.hasPrefix(file) == true)
        #expect(try chain.credentials(now: now).get().accessKeyID == "AK")
        try home.write(".aws/credentials", "[default]\n" + profile("AK"))
        try home.write(".aws/config", "[default]\nregion = eu-west-1\n", mode: 0o644)
        _ = chain.reload()
        #expect(chain.warnings.isEmpty)
    }

    @Test("many threads may ask while files are read again")
    func threads() async throws {
        try home.write(".aws/credentials", "[default]\n" + profile("AK"))
        let chain = try chain()
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for _ in 0..<50 {
                        if task == 0 { _ = chain.reload() }
                        #expect((try? chain.credentials(now: now).get())?.accessKeyID == "AK")
                    }
                }
            }
        }
    }
}
