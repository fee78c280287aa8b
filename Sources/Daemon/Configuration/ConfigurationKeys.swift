import AWSCredentials
import OutboxCore

/// Every key of the configuration file with its kind and bounds, and what a reload does with it, in the order in which
/// they are shown.
enum ConfigurationKeys {
    /// All but the lists of rules.
    static var settings: [SettingKey<Configuration>] {
        listeners + limits + aws + [
            SettingKey("delivery.max_in_flight", .atRestart, \.delivery.maxInFlight, .number(1...4096)),
            SettingKey(
                "delivery.connect_timeout",
                .atRestart,
                \.delivery.connectTimeout,
                .duration(.milliseconds(100) ... .minutes(5))
            ),
            SettingKey(
                "delivery.stall_timeout",
                .atRestart,
                \.delivery.stallTimeout,
                .duration(.seconds(1) ... .hours(1))
            ),
        ] + policy.map { $0.under("defaults", \.defaults) }
    }

    private static var listeners: [SettingKey<Configuration>] {
        [
            SettingKey("listen.unix.path", .atRestart, \.listen.unix.path, .socketPath),
            SettingKey("listen.unix.mode", .atRestart, \.listen.unix.mode, .fileMode),
            SettingKey("listen.unix.group", .atRestart, \.listen.unix.group, ValueKind<String>.name.orNull),
            SettingKey(
                "listen.tcp.address",
                .atRestart,
                \.listen.tcp.address,
                ValueKind<LoopbackAddress>.loopbackAddress.orNull
            ),
            SettingKey(
                "listen.tcp.authentication",
                .atRestart,
                \.listen.tcp.authentication,
                ValueKind<Configuration.TCPListener.Authentication>.word(later: ["sigv4"]).orNull
            ),
            SettingKey("admin.unix.path", .atRestart, \.admin.unix.path, .socketPath),
            SettingKey("admin.unix.mode", .atRestart, \.admin.unix.mode, .fileMode),
            SettingKey(
                "admin.tcp.address",
                .atRestart,
                \.admin.tcp.address,
                ValueKind<LoopbackAddress>.loopbackAddress.orNull
            ),
        ]
    }

    private static var limits: [SettingKey<Configuration>] {
        [
            SettingKey("door.wait", .now, \.door.wait, .duration(.zero ... .minutes(5))),
            SettingKey("door.body_memory", .atRestart, \.door.bodyMemory, .size(64 << 10...64 << 30)),
            SettingKey("door.max_connections", .atRestart, \.door.maxConnections, .number(1...1_000_000)),
            SettingKey("door.idle_timeout", .atRestart, \.door.idleTimeout, .duration(.seconds(1) ... .days(1))),
            SettingKey("door.request_timeout", .atRestart, \.door.requestTimeout, .duration(.seconds(1) ... .hours(1))),
            SettingKey("store.path", .atRestart, \.store.path, .absolutePath),
            SettingKey(
                "store.on_damage",
                .atRestart,
                \.store.onDamage,
                ValueKind<Configuration.Store.OnDamage>.word()
            ),
            SettingKey("queue.max_bytes", .now, \.queue.maxBytes, .size(1 << 20...1 << 50)),
            SettingKey("queue.max_events", .now, \.queue.maxEvents, .number(1...1_000_000_000_000)),
            SettingKey("queue.max_keys", .now, \.queue.maxKeys, .number(1...1_000_000_000)),
            SettingKey("queue.min_free_disk", .now, \.queue.minFreeDisk, .size(0...1 << 50)),
            SettingKey("queue.max_payload", .atRestart, \.queue.maxPayload, .size(1...6 << 20)),
            SettingKey("history.keep", .now, \.history.keep, .duration(.zero ... .days(3650))),
            SettingKey("history.max_events", .now, \.history.maxEvents, .number(0...1_000_000_000)),
        ]
    }

    private static var aws: [SettingKey<Configuration>] {
        let account: [SettingKey<AWSSettings>] = [
            SettingKey("region", .atRestart, \.region, ValueKind<String>.region.orNull),
            SettingKey("regions", .atRestart, \.regions, ValueKind<String>.region.list),
            SettingKey("account_id", .atRestart, \.accountID, ValueKind<String>.account.orNull),
        ]
        return (account + route).map { $0.under("aws", \.aws) }
    }

    /// Keys of `aws` and of a rule of `routes`.
    static var route: [SettingKey<AWSSettings>] {
        [
            SettingKey("endpoint_url", .atRestart, \.endpointURL, ValueKind<String>.endpoint.orNull),
            SettingKey("profile", .atRestart, \.profile, ValueKind<String>.name.orNull),
            SettingKey("credentials_file", .atRestart, \.credentialsFile, ValueKind<String>.secretPath.orNull),
            SettingKey("config_file", .atRestart, \.configFile, ValueKind<String>.secretPath.orNull),
            SettingKey("proxy", .atRestart, \.proxy, ValueKind<ProxyURL>.proxy.orNull),
            SettingKey("no_proxy", .atRestart, \.noProxy, ValueKind<String>.name.list),
            SettingKey("ca_bundle", .atRestart, \.caBundle, ValueKind<String>.absolutePath.orNull),
        ]
    }

    /// Keys of `defaults` and of a rule of `functions`.
    static var policy: [SettingKey<FunctionPolicy>] {
        let age = ValueKind<Span>.duration(.seconds(1) ... .days(3650))
        let delay = ValueKind<Span>.duration(.milliseconds(1) ... .days(7))
        return [
            SettingKey("max_attempts", .now, \.maxAttempts, ValueKind<Int>.number(1...1_000_000).orNull),
            SettingKey("max_age", .now, \.maxAge, age),
            SettingKey("expires_in", .now, \.expiresIn, age.orNull),
            SettingKey("base_delay", .now, \.baseDelay, delay),
            SettingKey("max_delay", .now, \.maxDelay, delay),
            SettingKey("max_in_flight", .now, \.maxInFlight, .number(1...4096)),
            SettingKey("rate", .now, \.rateSetting, ValueKind<Rate>.rate().orNull),
            SettingKey("drain_rate", .now, \.drainRateSetting, .rate(mayBeUnlimited: true)),
            SettingKey("share", .now, \.share, .share),
            SettingKey("soft", .now, \.soft, .flag),
            SettingKey("qualifier", .now, \.qualifier, ValueKind<String>.qualifier.orNull),
            SettingKey("envelope", .now, \.wire.envelope, .word()),
            SettingKey("durable_name", .now, \.wire.durableName, .word()),
            SettingKey("dedupe.by", .now, \.dedupeBy, .dedupeBy),
            SettingKey("dedupe.window", .now, \.dedupeWindow, .duration(.seconds(1) ... .days(366))),
            SettingKey("dedupe.sdk_window", .now, \.sdkWindow, .duration(.seconds(1) ... .days(366))),
        ]
    }
}

extension ValueKind<FunctionPolicy.DedupeBy> {
    /// What makes two events one where the producer gave no key.
    fileprivate static var dedupeBy: ValueKind {
        ValueKind(
            read: { (text, _) throws(Misfit) in
                guard let value = FunctionPolicy.DedupeBy(rawValue: text) else {
                    throw .unknownWord(text, ["key", "content"])
                }
                return value
            },
            write: { .text($0.rawValue) },
            meant: "write key or content"
        )
    }
}
