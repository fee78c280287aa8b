import AWSCredentials
import Glibc
import OutboxCore

/// Finds what may be right, but that somebody should know: each keeps the daemon from nothing but its work. For people.
struct ConfigurationWarnings {
    private let loaded: LoadedConfiguration
    private(set) var texts: [String] = []

    /// - Parameter file: nil: there is none.
    init(_ loaded: LoadedConfiguration, file: ConfigurationFile?, environment: [String: String]) {
        self.loaded = loaded
        checkRegions()
        checkSecrets(file, environment)
        for resolution in [loaded.aws] + loaded.routes {
            checkFile(resolution.credentialsFile)
            checkFile(resolution.caBundle)
        }
        checkGroup()
        checkRoutes()
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
        for proxy in ([loaded.aws] + loaded.routes).compactMap(\.proxy) {
            guard let file, file.isForAll, proxy.value.hasPassword, case .configuration(let key) = proxy.source else {
                continue
            }
            note(key, "it holds a password, but everybody may read \(file.path); run chmod o-r \(file.path)")
        }
        for settings in [loaded.values.aws] + loaded.values.routes.map(\.aws) {
            guard let credentials = try? ChainCredentials(settings: settings, environment: environment) else {
                continue
            }
            texts += credentials.warnings.filter { !texts.contains($0) }
        }
    }

    /// Only what the configuration itself names.
    private mutating func checkFile(_ setting: Sourced<String>?) {
        guard let path = setting?.value, case .configuration(let key)? = setting?.source, access(path, R_OK) != 0 else {
            return
        }
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

    /// Functions of other regions than the configured ones can't come in.
    private mutating func checkRoutes() {
        let regions = [loaded.aws.region?.value].compactMap(\.self) + loaded.aws.regions
        for (index, rule) in loaded.values.routes.enumerated() {
            guard let pattern = rule.match.region, !regions.contains(where: { pattern.matches($0) }) else { continue }
            note(
                "routes[\(index)].match.region",
                "\(quoted(pattern.text)) is none of the regions that functions may be in; add it to aws.regions"
            )
        }
    }

    private mutating func note(_ key: String, _ text: String) {
        let elsewhere = key == "aws.region" ? loaded.aws.region?.source.description : nil
        let warning = "\(loaded.sources[key]?.place ?? elsewhere ?? "default"): \(key): \(text)"
        if !texts.contains(warning) { texts.append(warning) }
    }
}
