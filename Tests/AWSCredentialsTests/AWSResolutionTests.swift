import OutboxCore
import Testing

@testable import AWSCredentials

@Suite("Region, endpoint, proxy and CA bundle")
struct AWSResolutionTests {
    private let home: TemporaryFolder

    init() throws {
        home = try TemporaryFolder()
    }

    private func resolve(
        _ environment: [String: String] = [:],
        config: String? = nil,
        credentials: String? = nil,
        _ change: (inout AWSSettings) -> Void = { _ in }
    ) throws -> AWSResolution {
        if let config { try home.write(".aws/config", config) }
        if let credentials { try home.write(".aws/credentials", credentials) }
        var settings = AWSSettings()
        change(&settings)
        return try AWSResolution(
            settings: settings,
            environment: environment.merging(["HOME": home.path]) { mine, _ in mine }
        )
    }

    @Test("the region: configuration, AWS_REGION, AWS_DEFAULT_REGION, profile")
    func region() throws {
        let profile = "[default]\nregion = eu-west-3"
        let both = ["AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "eu-west-2"]
        #expect(try resolve(both, config: profile) { $0.region = "eu-north-1" }.region?.value == "eu-north-1")
        #expect(try resolve(both, config: profile).region == Sourced("eu-west-1", .environment("AWS_REGION")))
        #expect(try resolve(["AWS_DEFAULT_REGION": "eu-west-2"], config: profile).region?.value == "eu-west-2")
        let found = try resolve(["AWS_REGION": ""], config: profile).region
        #expect(found == Sourced("eu-west-3", .sharedFile(path: "\(home.path)/.aws/config", line: 2)))
    }

    @Test("a profile without a region doesn't inherit the default profile's")
    func noInheritance() throws {
        let found = try resolve(["AWS_PROFILE": "a"], config: "[default]\nregion = eu-west-3\n[profile a]\nx = 1")
        #expect(found.region == nil)
        #expect(found.regionProblem.contains("profile \"a\""))
    }

    @Test("without HOME no shared file is looked for")
    func noHome() throws {
        let found = try resolve(["HOME": ""])
        #expect(found.configFile == nil)
        #expect(found.credentialsFile == nil)
        #expect(found.regionProblem.contains("no HOME"))
    }

    @Test("the endpoint: each place gives way to the one before it")
    func endpointOrder() throws {
        var environment = ["AWS_ENDPOINT_URL_LAMBDA": "https://b", "AWS_ENDPOINT_URL": "https://c"]
        let services =
            "[default]\nservices = s\nendpoint_url = https://e\n[services s]\nlambda =\n endpoint_url = https://d"
        #expect(try resolve(environment, config: services) { $0.endpointURL = "https://a" }.endpoint?.value.host == "a")
        #expect(try resolve(environment, config: services).endpoint?.value.host == "b")
        environment["AWS_ENDPOINT_URL_LAMBDA"] = nil
        #expect(try resolve(environment, config: services).endpoint?.value.host == "c")
        #expect(try resolve([:], config: services).endpoint?.value.host == "d")
        #expect(try resolve([:], config: "[default]\nendpoint_url = https://e").endpoint?.value.host == "e")
        #expect(try resolve([:], config: "").endpoint == nil)
    }

    @Test("endpoints of the environment and of profiles can be switched off, ours can't")
    func ignored() throws {
        let environment = ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "TRUE", "AWS_ENDPOINT_URL": "https://c"]
        #expect(try resolve(environment, config: "[default]\nendpoint_url = https://e").endpoint == nil)
        #expect(try resolve(environment) { $0.endpointURL = "https://a" }.endpoint?.value.host == "a")
        let profile = "[default]\nignore_configured_endpoint_urls = true"
        #expect(try resolve(["AWS_ENDPOINT_URL": "https://c"], config: profile).endpoint == nil)
    }

    @Test("where an invocation goes")
    func targets() throws {
        let plain = try resolve().target(region: "eu-central-1")
        #expect(
            plain
                == RouteTarget(
                    scheme: "https",
                    host: "lambda.eu-central-1.amazonaws.com",
                    port: 443,
                    region: "eu-central-1"
                )
        )
        let both = try resolve(["AWS_USE_FIPS_ENDPOINT": "true", "AWS_USE_DUALSTACK_ENDPOINT": "True"])
        #expect(both.target(region: "us-east-1").host == "lambda-fips.us-east-1.api.aws")
        let custom = try resolve(["AWS_ENDPOINT_URL": "http://127.0.0.1:9001"]).target(region: "us-east-1")
        #expect(custom == RouteTarget(scheme: "http", host: "127.0.0.1", port: 9001, region: "us-east-1"))
    }

    @Test(
        "what is refused names its place",
        arguments: [
            (["AWS_REGION": "Frankfurt"], "", "environment AWS_REGION", "not the name of a region"),
            (["AWS_ENDPOINT_URL": "http://10.1.1.1"], "", "environment AWS_ENDPOINT_URL", "plain http"),
            (["AWS_USE_FIPS_ENDPOINT": "1"], "", "environment AWS_USE_FIPS_ENDPOINT", "neither true nor false"),
            (
                ["AWS_USE_FIPS_ENDPOINT": "true", "AWS_ENDPOINT_URL": "https://h"], "", "environment AWS_ENDPOINT_URL",
                "FIPS"
            ),
            ([:], "[default]\nendpoint_url = ftp://h", "/.aws/config:2", "neither an https"),
            ([:], "[default]\nservices = x", "/.aws/config:2", "services section"),
            ([:], "[default]\nregion", "/.aws/config:2", "Expected an '=' sign"),
            (["HTTPS_PROXY": "http://u:PASSWORD@"], "", "environment HTTPS_PROXY", "not the address of a proxy"),
            (["HOME": "", "AWS_CONFIG_FILE": "~/x"], "", "environment AWS_CONFIG_FILE", "HOME"),
        ] as [([String: String], String, String, String)]
    )
    func refused(environment: [String: String], config: String, place: String, what: String) throws {
        let problem = try #require(throws: AWSProblem.self) { try resolve(environment, config: config) }
        #expect(problem.source.description.hasSuffix(place))
        #expect(problem.what.contains(what))
        #expect(!"\(problem)".contains("PASSWORD"))
    }

    @Test("a broken credentials file hides no region, a config file that can't be read is an error")
    func brokenFiles() throws {
        let found = try resolve(config: "[default]\nregion = eu-west-3", credentials: "[default]\nbroken")
        #expect(found.region?.value == "eu-west-3")
        #expect(throws: AWSProblem.self) { try resolve { $0.configFile = "\(home.path)/gone" } }
        #expect(throws: AWSProblem.self) { try resolve(["AWS_CONFIG_FILE": home.path]) }
        #expect(try resolve(["AWS_CONFIG_FILE": "\(home.path)/gone"]).region == nil)
    }

    @Test("a proxy of the environment isn't used for a loopback endpoint, one of the configuration is")
    func proxy() throws {
        var environment = ["HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": "a.example, b.example"]
        let found = try resolve(environment)
        #expect(found.proxy?.value.text == "http://proxy:3128")
        #expect(found.noProxy == ["a.example", "b.example"])
        #expect(try resolve(environment) { $0.noProxy = ["c"] }.noProxy == ["c"])
        environment["AWS_ENDPOINT_URL"] = "http://localhost:1"
        #expect(try resolve(environment).proxy == nil)
        #expect(try resolve(environment) { $0.proxy = ProxyURL("http://p:1") }.proxy?.value.text == "http://p:1")
    }

    @Test("the CA bundle: configuration, AWS_CA_BUNDLE, profile")
    func caBundle() throws {
        let profile = "[default]\nca_bundle = /c"
        #expect(try resolve(["AWS_CA_BUNDLE": "/b"], config: profile) { $0.caBundle = "/a" }.caBundle?.value == "/a")
        #expect(try resolve(["AWS_CA_BUNDLE": "/b"], config: profile).caBundle?.value == "/b")
        #expect(try resolve([:], config: profile).caBundle?.value == "/c")
    }

    @Test("a bare file name is a systemd credential")
    func systemdCredential() throws {
        let found = try resolve(["CREDENTIALS_DIRECTORY": "/run/credentials/x"]) { $0.credentialsFile = "aws" }
        #expect(found.credentialsFile?.value == "/run/credentials/x/aws")
        #expect(throws: AWSProblem.self) { try resolve { $0.credentialsFile = "aws" } }
    }
}
