import Testing

@testable import AWSCredentials

@Suite("Shared files")
struct SharedProfilesTests {
    private func parse(config: String? = nil, credentials: String? = nil) throws -> [String: [String: String]] {
        try SharedProfiles(config: config, configPath: "C", credentials: credentials, credentialsPath: "K")
            .profiles.mapValues { $0.mapValues(\.value) }
    }

    @Test(
        "sections and properties",
        arguments: [
            ("[profile a]\nx = 1", ["a": ["x": "1"]]),
            ("[profile a]\r\nx = 1\r\n", ["a": ["x": "1"]]),
            ("[profile a] # note\nX=1 ; note\ny = 2# kept", ["a": ["x": "1", "y": "2# kept"]]),
            ("[a]\nx = 1\n[default]\ny = 2", ["default": ["y": "2"]]),
            ("[default]\nx = 1\n[profile default]\ny = 2", ["default": ["y": "2"]]),
            ("[profile a]\nx = 1\n[profile a]\ny = 2", ["a": ["x": "1", "y": "2"]]),
            ("[profile a]\nx = 1\n more # text", ["a": ["x": "1\nmore # text"]]),
        ] as [(String, [String: [String: String]])]
    )
    func sections(text: String, expected: [String: [String: String]]) throws {
        #expect(try parse(config: text) == expected)
    }

    @Test("the credentials file wins, property by property")
    func merge() throws {
        let found = try parse(config: "[profile a]\nx = 1\ny = 2", credentials: "[a]\nx = 3\n[profile b]\nz = 4")
        #expect(found == ["a": ["x": "3", "y": "2"]])
    }

    @Test(
        "errors name the line and never show it",
        arguments: [
            ("[profile a]\nSECRET", 2), ("SECRET = 1", 1), ("[profile SECRET", 1), ("[profile a]\n\n SECRET", 3),
            ("[profile a]\ns3 =\n SECRET", 3), ("[profile a]\n= SECRET", 2),
        ]
    )
    func errors(text: String, line: Int) throws {
        let error = try #require(throws: SharedFileError.self) { try parse(credentials: text) }
        #expect(error.line == line)
        #expect(error.path == "K")
        #expect(!"\(error)".contains("SECRET"))
    }

    @Test("a sub-property is found under its property")
    func subProperty() throws {
        let text = "[services s]\nlambda =\n  endpoint_url = https://a\n  other = b\ns3 = x"
        let found = try SharedProfiles(config: text, configPath: "C", credentials: nil, credentialsPath: "K")
        #expect(found.services["s"]?["lambda"]?.subProperty("endpoint_url") == "https://a")
        #expect(found.services["s"]?["s3"]?.subProperty("endpoint_url") == nil)
    }
}
