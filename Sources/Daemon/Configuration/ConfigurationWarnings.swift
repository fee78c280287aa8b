import AWSCredentials
import Glibc

/// Finds what may be right, but that somebody should know: each keeps the daemon from nothing but its work. For people.
struct ConfigurationWarnings {
    private let loaded: LoadedConfiguration
    private(set) var texts: [String] = []

    /// - Parameter file: nil: there is none.
    init(_ loaded: LoadedConfiguration, file: ConfigurationFile?, environment: [String: String]) {
        self.loaded = loaded
        checkRegions()
        checkSecrets(file, environment)
        checkFile(
            "aws.credentials_file",
            loaded.values.aws.credentialsFile == nil ? nil : loaded.aws.credentialsFile?.value
        )
        checkFile("aws.ca_bundle", loaded.values.aws.caBundle)
        checkGroup()
    }

    private mutating func checkRegions() {
        let lists = [
            ("aws.region", loaded.aws.region.map { [$0.value] } ?? []), ("aws.regions", loaded.values.aws.regions),
        ]
        for (key, regions) in lists {
            for region in regions {
                guard let near = KnownRegions.doubt(region) else { continue }
                note(key, "\(quoted(region)) is no region that this version knows; did you mean \(near)?")
            }
        }
    }

    private mutating func checkSecrets(_ file: ConfigurationFile?, _ environment: [String: String]) {
        if let file, file.isForAll, loaded.values.aws.proxy?.hasPassword == true {
            note("aws.proxy", "it holds a password, but everybody may read \(file.path); run chmod o-r \(file.path)")
        }
        guard let credentials = try? ChainCredentials(settings: loaded.values.aws, environment: environment) else {
            return
        }
        texts += credentials.warnings
    }

    private mutating func checkFile(_ key: String, _ path: String?) {
        guard let path, access(path, R_OK) != 0 else { return }
        let reason = errno
        let (what, meant) =
            reason == ENOENT
            ? ("no such file", "create it, or correct the path")
            : (String(cString: strerror(reason)), "let the daemon's user read it")
        note(key, "\(path): \(what); \(meant)")
    }

    /// By name or number. Where systemd hands the socket in, the group isn't needed.
    private mutating func checkGroup() {
        guard let group = loaded.values.listen.unix.group, UInt32(group) == nil else { return }
        var entry = Glibc.group()
        var found: UnsafeMutablePointer<Glibc.group>?
        var buffer = [CChar](repeating: 0, count: 64 << 10)
        guard getgrnam_r(group, &entry, &buffer, buffer.count, &found) == 0, found == nil else { return }
        note("listen.unix.group", "this machine has no group \(quoted(group)); add it, or correct the name")
    }

    private mutating func note(_ key: String, _ text: String) {
        let elsewhere = key == "aws.region" ? loaded.aws.region?.source.description : nil
        texts.append("\(loaded.sources[key]?.place ?? elsewhere ?? "default"): \(key): \(text)")
    }
}
