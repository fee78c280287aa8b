import AWSCredentials

/// The configuration file, read but not understood yet.
struct ConfigurationFile {
    var path: String
    var text: String

    /// nil: there is none, and none is needed.
    static func find(path: String?, directory: String?) throws(ConfigurationErrors) -> ConfigurationFile? {
        guard let file = path ?? (directory == nil ? Configuration.defaultFile : nil) else { return nil }
        switch readFile(file) {
        case .text(let text, _): return ConfigurationFile(path: file, text: text)
        case .missing where path == nil: return nil
        case .missing: throw error(file, "no such file", meant: "create it, or correct the path")
        case .unreadable(let reason): throw error(file, reason, meant: "name a readable YAML file of at most 1 MiB")
        }
    }

    /// nil: nothing but comments.
    func parse() throws(ConfigurationErrors) -> YAMLNode? {
        do throws(YAMLDocument.Fault) {
            return try YAMLDocument.parse(text)
        } catch {
            throw Self.error("\(path):\(error.line):\(error.column)", error.what, meant: error.meant)
        }
    }

    private static func error(_ place: String, _ what: String, meant: String) -> ConfigurationErrors {
        ConfigurationErrors([ConfigurationProblem(place: place, what: what, meant: meant)])
    }
}
