import TestSupport
import Testing

@testable import AWSCredentials

@Suite("Shared files by the cases that all AWS SDKs share")
struct PublishedProfileTests {
    private static let folder = "config/smithy-rs/"

    private struct ParserFile: Decodable {
        struct Case: Decodable {
            struct Input: Decodable {
                var configFile: String?
                var credentialsFile: String?
            }
            struct Output: Decodable {
                struct Config: Decodable {
                    var profiles: [String: [String: String]]?
                    var sso_sessions: [String: [String: String]]?
                }
                var config: Config?
                var errorContaining: String?
            }
            var name: String
            var input: Input
            var output: Output
        }
        var tests: [Case]
    }

    // Published data: only where it is at hand.
    @Test(
        "every published parser case",
        .enabled(if: Vectors.has(folder + "profile-parser-tests.json"), Comment(rawValue: Vectors.areAbsent))
    )
    func parserCases() throws {
        let cases = try Vectors.decode(Self.folder + "profile-parser-tests.json", as: ParserFile.self).tests
        #expect(cases.count == 65)
        for test in cases {
            let comment = Comment(rawValue: test.name)
            do {
                let found = try SharedProfiles(
                    config: test.input.configFile,
                    configPath: "config",
                    credentials: test.input.credentialsFile,
                    credentialsPath: "credentials"
                )
                #expect(test.output.errorContaining == nil, comment)
                let values = { (sections: [String: SharedProfiles.Properties]) in
                    sections.mapValues { $0.mapValues(\.value) }
                }
                #expect(values(found.profiles) == test.output.config?.profiles, comment)
                #expect(values(found.ssoSessions) == test.output.config?.sso_sessions ?? [:], comment)
            } catch {
                let expected = try #require(test.output.errorContaining, comment)
                #expect(error.reason.contains(expected), comment)
            }
        }
    }

    private struct LocationFile: Decodable {
        struct Case: Decodable {
            var name: String
            var environment: [String: String]
            var platform: String
            var profile: String?
            var configLocation: String
            var credentialsLocation: String
        }
        var tests: [Case]
    }

    // Published data: only where it is at hand. Cases of other systems say nothing about this one.
    @Test(
        "every published location case",
        .enabled(if: Vectors.has(folder + "file-location-tests.json"), Comment(rawValue: Vectors.areAbsent))
    )
    func locationCases() throws {
        let cases = try Vectors.decode(Self.folder + "file-location-tests.json", as: LocationFile.self).tests
            .filter { $0.platform == "linux" }
        #expect(cases.count == 4)
        for test in cases {
            let locations = try SharedFileLocations(settings: AWSSettings(), environment: test.environment)
            #expect(locations.config?.value == test.configLocation, Comment(rawValue: test.name))
            #expect(locations.credentials?.value == test.credentialsLocation, Comment(rawValue: test.name))
            let profile = ProfileChoice(settings: AWSSettings(), environment: test.environment)
            #expect(profile.name.value == test.profile ?? "default", Comment(rawValue: test.name))
        }
    }
}
