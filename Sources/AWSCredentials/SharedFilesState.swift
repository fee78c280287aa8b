/// Both shared files as last read.
struct SharedFilesState {
    let locations: SharedFileLocations
    private(set) var profiles = SharedProfiles()
    /// Why they can't be used, for people.
    private(set) var problem: String?
    private var configIdentity: FileIdentity?
    private var credentialsIdentity: FileIdentity?

    /// Reads both files.
    init(locations: SharedFileLocations) {
        self.locations = locations
        let config = locations.config.map { readFile($0.value) } ?? .missing
        let credentials = locations.credentials.map { readFile($0.value) } ?? .missing
        configIdentity = config.identity
        credentialsIdentity = credentials.identity
        problem =
            Self.problem(config, locations.config) ?? Self.problem(credentials, locations.credentials)
        if problem != nil { return }
        do throws(SharedFileError) {
            profiles = try SharedProfiles(
                config: config.text,
                configPath: path(.config),
                credentials: credentials.text,
                credentialsPath: path(.credentials)
            )
        } catch {
            problem = "\(error); correct the file"
        }
    }

    /// Whether a file is another one now, or was written since it was read. One that couldn't be read counts as changed.
    var isStale: Bool {
        locations.config.flatMap { FileIdentity.of($0.value) } != configIdentity
            || locations.credentials.flatMap { FileIdentity.of($0.value) } != credentialsIdentity
    }

    func path(_ file: SharedProfiles.File) -> String {
        (file == .config ? locations.config : locations.credentials)?.value ?? ""
    }

    /// Both paths, for people.
    var places: String {
        let paths = [locations.credentials?.value, locations.config?.value].compactMap(\.self)
        return paths.isEmpty ? "no file (HOME is not set)" : paths.joined(separator: " and ")
    }

    /// Files with secrets that others than their owner may read.
    var warnings: [String] {
        var shared: [String] = []
        if credentialsIdentity?.isShared == true { shared.append(path(.credentials)) }
        let hasSecretInConfig = profiles.profiles.values.contains { $0["aws_secret_access_key"]?.file == .config }
        if configIdentity?.isShared == true, hasSecretInConfig { shared.append(path(.config)) }
        return shared.map { "\($0) holds secrets, but group or others may read it; chmod 600 \($0)" }
    }

    private static func problem(_ content: FileContent, _ location: Sourced<String>?) -> String? {
        guard let location else { return nil }
        switch content {
        case .text: return nil
        case .unreadable(let reason): return "\(location.value): \(reason); let the daemon's user read it"
        case .missing:
            guard case .configuration(let key) = location.source else { return nil }
            return "\(location.value): no such file (\(key)); create it, or correct the path"
        }
    }
}
