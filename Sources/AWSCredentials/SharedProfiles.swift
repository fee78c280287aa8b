/// Both shared files together: profiles, SSO sessions and services, merged as all AWS SDKs merge them.
package struct SharedProfiles: Hashable, Sendable {
    package enum File: Hashable, Sendable { case config, credentials }

    package struct Property: Hashable, Sendable {
        package var value: String
        package var file: File
        /// From 1.
        package var line: Int
    }

    /// Properties by lower-cased name.
    package typealias Properties = [String: Property]

    package private(set) var profiles: [String: Properties] = [:]
    package private(set) var ssoSessions: [String: Properties] = [:]
    package private(set) var services: [String: Properties] = [:]

    /// No files.
    package init() {}

    /// Sections and properties whose names no SDK knows are passed over. A property of the credentials file wins over
    /// the config file's.
    ///
    /// - Parameters:
    ///   - config: the text of the config file; nil or empty: there is none.
    ///   - configPath: stands in errors only.
    package init(
        config: String?,
        configPath: String,
        credentials: String?,
        credentialsPath: String
    ) throws(SharedFileError) {
        try addConfig(SharedFile(text: config ?? "", path: configPath))
        for section in try SharedFile(text: credentials ?? "", path: credentialsPath).sections
        where Self.isName(section.header) {
            Self.merge(section, of: .credentials, into: &profiles[section.header, default: [:]])
        }
    }

    private mutating func addConfig(_ file: SharedFile) {
        let keys = file.sections.map { SectionKey($0.header) }
        let hasPrefixedDefault = keys.contains(SectionKey(prefix: "profile", name: "default"))
        for (section, key) in zip(file.sections, keys) where Self.isName(key.name) {
            switch key.prefix {
            case nil where key.name == "default" && !hasPrefixedDefault, "profile":
                Self.merge(section, of: .config, into: &profiles[key.name, default: [:]])
            case "sso-session": Self.merge(section, of: .config, into: &ssoSessions[key.name, default: [:]])
            case "services": Self.merge(section, of: .config, into: &services[key.name, default: [:]])
            default: break
            }
        }
    }

    private static func merge(_ section: SharedFile.Section, of file: File, into properties: inout Properties) {
        for (name, property) in section.properties where isName(name) {
            properties[name] = Property(value: property.value, file: file, line: property.line)
        }
    }

    /// What profile, section and property names may be made of.
    private static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "-_/.%@:+".utf8.contains(byte)
                }
            }
    }
}

extension SharedProfiles.Property {
    /// The value of a sub-property (`lambda =` followed by indented `endpoint_url = …` lines); the last one wins.
    package func subProperty(_ name: String) -> String? {
        guard value.utf8.first == UInt8(ascii: "\n") else { return nil }
        var found: String?
        for line in value.utf8.split(separator: UInt8(ascii: "\n")) {
            if let (key, value) = Substring(line).splitAtEquals, key.lowercased() == name { found = String(value) }
        }
        return found
    }
}

/// `[profile orders]` is prefix `profile`, name `orders`; `[orders]` has no prefix.
private struct SectionKey: Equatable {
    var prefix: String?
    var name: String

    init(prefix: String?, name: String) {
        self.prefix = prefix
        self.name = name
    }

    init(_ header: String) {
        let blank = header.utf8.firstIndex { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        prefix = blank.map { String(header[..<$0]) }
        name = blank.map { String(header[$0...].trimmed) } ?? header
    }
}
