import AWSCredentials
import OutboxCore

/// Every key of the configuration file with its kind and bounds, in the order in which they are shown.
enum ConfigurationKeys {
    /// All but `functions`, which is a list of rules.
    static var settings: [SettingKey<Configuration>] {
        listeners + limits + aws + [
            SettingKey("delivery.max_in_flight", \.delivery.maxInFlight, .number(1...4096)),
            SettingKey(
                "delivery.connect_timeout",
                \.delivery.connectTimeout,
                .duration(.milliseconds(100) ... .minutes(5))
            ),
            SettingKey("delivery.stall_timeout", \.delivery.stallTimeout, .duration(.seconds(1) ... .hours(1))),
        ] + policy.map { $0.under("defaults", \.defaults) }
    }

    private static var listeners: [SettingKey<Configuration>] {
        [
            SettingKey("listen.unix.path", \.listen.unix.path, .socketPath),
            SettingKey("listen.unix.mode", \.listen.unix.mode, .fileMode),
            SettingKey("listen.unix.group", \.listen.unix.group, ValueKind<String>.name.orNull),
            SettingKey("listen.tcp.address", \.listen.tcp.address, ValueKind<LoopbackAddress>.loopbackAddress.orNull),
            SettingKey(
                "listen.tcp.authentication",
                \.listen.tcp.authentication,
                ValueKind<Configuration.TCPListener.Authentication>.word(later: ["sigv4"]).orNull
            ),
            SettingKey("admin.unix.path", \.admin.unix.path, .socketPath),
            SettingKey("admin.unix.mode", \.admin.unix.mode, .fileMode),
            SettingKey("admin.tcp.address", \.admin.tcp.address, ValueKind<LoopbackAddress>.loopbackAddress.orNull),
        ]
    }

    private static var limits: [SettingKey<Configuration>] {
        [
            SettingKey("door.wait", \.door.wait, .duration(.zero ... .minutes(5))),
            SettingKey("door.body_memory", \.door.bodyMemory, .size(64 << 10...64 << 30)),
            SettingKey("door.max_connections", \.door.maxConnections, .number(1...1_000_000)),
            SettingKey("door.idle_timeout", \.door.idleTimeout, .duration(.seconds(1) ... .days(1))),
            SettingKey("door.request_timeout", \.door.requestTimeout, .duration(.seconds(1) ... .hours(1))),
            SettingKey("store.path", \.store.path, .absolutePath),
            SettingKey("queue.max_bytes", \.queue.maxBytes, .size(1 << 20...1 << 50)),
            SettingKey("queue.max_events", \.queue.maxEvents, .number(1...1_000_000_000_000)),
            SettingKey("queue.min_free_disk", \.queue.minFreeDisk, .size(0...1 << 50)),
            SettingKey("queue.max_payload", \.queue.maxPayload, .size(1...6 << 20)),
            SettingKey("history.keep", \.history.keep, .duration(.zero ... .days(3650))),
            SettingKey("history.max_events", \.history.maxEvents, .number(0...1_000_000_000)),
        ]
    }

    private static var aws: [SettingKey<Configuration>] {
        [
            SettingKey("aws.region", \.aws.region, ValueKind<String>.region.orNull),
            SettingKey("aws.regions", \.aws.regions, ValueKind<String>.region.list),
            SettingKey("aws.account_id", \.aws.accountID, ValueKind<String>.account.orNull),
            SettingKey("aws.endpoint_url", \.aws.endpointURL, ValueKind<String>.endpoint.orNull),
            SettingKey("aws.profile", \.aws.profile, ValueKind<String>.name.orNull),
            SettingKey("aws.credentials_file", \.aws.credentialsFile, ValueKind<String>.secretPath.orNull),
            SettingKey("aws.config_file", \.aws.configFile, ValueKind<String>.secretPath.orNull),
            SettingKey("aws.proxy", \.aws.proxy, ValueKind<ProxyURL>.proxy.orNull),
            SettingKey("aws.no_proxy", \.aws.noProxy, ValueKind<String>.name.list),
            SettingKey("aws.ca_bundle", \.aws.caBundle, ValueKind<String>.absolutePath.orNull),
        ]
    }

    /// Keys of `defaults` and of a rule of `functions`.
    static var policy: [SettingKey<FunctionPolicy>] {
        let age = ValueKind<Span>.duration(.seconds(1) ... .days(3650))
        let delay = ValueKind<Span>.duration(.milliseconds(1) ... .days(7))
        return [
            SettingKey("max_attempts", \.maxAttempts, ValueKind<Int>.number(1...1_000_000).orNull),
            SettingKey("max_age", \.maxAge, age),
            SettingKey("expires_in", \.expiresIn, age.orNull),
            SettingKey("base_delay", \.baseDelay, delay),
            SettingKey("max_delay", \.maxDelay, delay),
            SettingKey("max_in_flight", \.maxInFlight, .number(1...4096)),
            SettingKey("share", \.share, .share),
            SettingKey("soft", \.soft, .flag),
            SettingKey("qualifier", \.qualifier, ValueKind<String>.qualifier.orNull),
            SettingKey("dedupe.by", \.dedupeBy, .dedupeBy),
            SettingKey("dedupe.window", \.dedupeWindow, .duration(.seconds(1) ... .days(366))),
            SettingKey("dedupe.sdk_window", \.sdkWindow, .duration(.seconds(1) ... .days(366))),
        ]
    }

    static var later: [LaterKey] {
        [
            LaterKey("door.synchronous", harmless: ["refuse"]),
            LaterKey("store.on_damage", harmless: ["replace"]),
            LaterKey("history.file"),
            LaterKey("dead_letters.retention"),
            LaterKey("routes"),
            LaterKey("producers"),
            LaterKey("access.operators"),
            LaterKey("access.viewers"),
        ] + laterPolicy.map { $0.under("defaults") }
    }

    static var laterPolicy: [LaterKey] {
        [
            LaterKey("rate"),
            LaterKey(
                "drain_rate",
                harmless: ["unlimited"],
                ignored: ("500/s", "a backlog is sent as fast as max_in_flight allows")
            ),
            LaterKey("envelope", harmless: ["none"]),
            LaterKey("durable_name", harmless: ["none"]),
        ]
    }
}

extension ValueKind<FunctionPolicy.DedupeBy> {
    /// What makes two events one where the producer gave no key.
    fileprivate static var dedupeBy: ValueKind {
        let meant = "write key or content"
        return ValueKind(
            read: { (text, _) throws(Misfit) in
                guard let value = FunctionPolicy.DedupeBy(rawValue: text) else {
                    throw Misfit(what: "\(quoted(text)) is not known", meant: meant)
                }
                return value
            },
            write: { $0.rawValue },
            meant: meant
        )
    }
}
