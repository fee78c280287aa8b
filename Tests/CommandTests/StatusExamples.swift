import AdminAPI

/// The daemon's state in the situations that operators meet; fixed, so that the examples in the manual can be held to it.
struct StatusExample {
    var title: String
    var words: String
    var status: Status

    static let all = [fine, routeDown, functionFailing, diskNearlyFull, doorClosed, credentialsExpiring, slowed]

    private static let now = Timestamp("2026-03-14T03:12:00Z")!
    private static func ago(_ seconds: Int64) -> Timestamp {
        Timestamp(milliseconds: now.milliseconds - seconds * 1000)
    }

    static let fine = StatusExample(
        title: "All is well",
        words: "Events come in and go out. Nothing to do.",
        status: base
    )

    static let routeDown = StatusExample(
        title: "A route is down",
        words: """
            The network, TLS, credentials or the clock keep every event of a region from going out. Events are accepted \
            as before, and no attempt counts against them. A warning in the first five minutes, critical from then on.
            """,
        status: changed { status in
            status.routes[0].state = "suspended"
            status.routes[0].reason = "dns: Couldn't resolve host name (libcurl error 6)"
            status.routes[0].since = ago(1083)
            status.routes[0].nextProbeAt = Timestamp(milliseconds: now.milliseconds + 2000)
            status.routes[0].inFlight = 0
            status.inFlight = 0
            status.queued = 15_204
            status.queuedBytes = 31_137_792
            status.oldest?.ageSeconds = 1084
            status.functions = [
                FunctionStatus(
                    function: "orders",
                    state: "active",
                    queued: 14_900,
                    dead: 0,
                    inFlight: 0,
                    oldestAgeSeconds: 1084
                ),
                FunctionStatus(
                    function: "mail:live",
                    state: "active",
                    queued: 304,
                    dead: 0,
                    inFlight: 0,
                    oldestAgeSeconds: 1080
                ),
            ]
            status.rates.handedOver = 0
            status.counters.attempts["route"] = 541
        }
    )

    static let functionFailing = StatusExample(
        title: "A function keeps failing",
        words: """
            One function answers with errors. Its events wait, and die once they are older than `max_age`; no other \
            function is affected. A warning at first, critical once its oldest event has waited for longer than 10 minutes.
            """,
        status: changed { status in
            status.functions.insert(
                FunctionStatus(
                    function: "invoices",
                    state: "suspended",
                    reason: "AccessDeniedException (403): the credentials may not invoke this function",
                    since: ago(7_500),
                    nextProbeAt: Timestamp(milliseconds: now.milliseconds + 41_000),
                    queued: 412,
                    dead: 3,
                    inFlight: 0,
                    oldestAgeSeconds: 7_512
                ),
                at: 0
            )
            status.functionsTotal = 3
            status.queued += 412
            status.dead = 3
            status.deadBytes = 5_120
            status.oldest = OldestEvent(
                id: "019cea7c-2b80-7000-8000-00003f0c0001",
                function: "invoices",
                ageSeconds: 7_512
            )
            status.deadLetters = [
                LetterGroup(
                    function: "invoices",
                    condition: "expired",
                    count: 3,
                    example: "019cea79-6c60-7000-8000-00003e990001"
                )
            ]
            status.deadLettersTotalGroups = 1
            status.counters.deadLettered = 3
            status.counters.attempts["function"] = 37
        }
    )

    static let diskNearlyFull = StatusExample(
        title: "The disk is nearly full",
        words: "Less than twice `queue.min_free_disk` is free. There is time to act before producers notice.",
        status: changed { $0.store.diskFreeBytes = 1_503_238_554 }
    )

    static let doorClosed = StatusExample(
        title: "The door is closed",
        words: """
            Free space fell below `queue.min_free_disk`, or the queue has reached a limit. Producers get 429 with \
            `Retry-After`; what was accepted before goes on being delivered.
            """,
        status: changed { status in
            status.store.diskFreeBytes = 902_430_720
            status.accepting = false
            status.refusingBecause = "free disk space is below queue.min_free_disk"
            status.counters.refused = 118
        }
    )

    static let credentialsExpiring = StatusExample(
        title: "Credentials are about to expire",
        words: "Told an hour before. Once they have expired, the route is down until there are new ones.",
        status: changed { status in
            status.routes[0].credentials = "profile \"outbox\" in /etc/lambda-outbox/credentials"
            status.routes[0].credentialsExpireAt = Timestamp(milliseconds: now.milliseconds + 1_394_000)
        }
    )

    static let slowed = StatusExample(
        title: "A function is held back",
        words: """
            RATE is what was handed over per second of late, EMPTY IN the time until the function's queue is empty if \
            nothing is added, WHY what holds it back: AWS's throttling, or a setting of the configuration. \
            `lambda-outbox functions show NAME` has all settings. Nothing to do, unless it takes too long.
            """,
        status: changed { status in
            status.functions = [
                FunctionStatus(
                    function: "orders",
                    state: "active",
                    queued: 182_000,
                    dead: 0,
                    inFlight: 8,
                    oldestAgeSeconds: 590,
                    pace: FunctionPaceStatus(
                        handedOverPerSecond: 499.2,
                        limitedBy: .drainRate,
                        limitPerSecond: 500,
                        inFlightLimit: 64,
                        secondsToEmpty: 364,
                        drainRate: 500,
                        maxInFlight: 64
                    )
                ),
                FunctionStatus(
                    function: "mail:live",
                    state: "active",
                    queued: 5_400,
                    dead: 0,
                    inFlight: 1,
                    oldestAgeSeconds: 130,
                    pace: FunctionPaceStatus(
                        handedOverPerSecond: 43.1,
                        limitedBy: .throttle,
                        limitPerSecond: 45.2,
                        inFlightLimit: 12,
                        secondsToEmpty: 120,
                        rate: 80,
                        drainRate: 500,
                        maxInFlight: 64
                    )
                ),
            ]
            status.queued = 187_400
            status.queuedBytes = 383_795_200
            status.oldest?.ageSeconds = 590
            status.rates.handedOver = 542.3
        }
    )

    private static func changed(_ change: (inout Status) -> Void) -> Status {
        var status = base
        change(&status)
        return status
    }

    private static var base: Status {
        var counters = Counters()
        counters.accepted = 4_180_233
        counters.repeats = 1_204
        counters.handedOver = 4_180_219
        counters.attempts = ["none": 4_180_219, "throttle": 88]
        return Status(
            at: now,
            accepting: true,
            version: "0.1.0",
            instanceID: "3f0c1d5e",
            uptimeSeconds: 1_049_000,
            queued: 14,
            queuedBytes: 28_672,
            dead: 0,
            deadBytes: 0,
            inFlight: 9,
            oldest: OldestEvent(id: "019ceaee-f9c0-7000-8000-0000400a0001", function: "orders", ageSeconds: 1),
            functions: [
                FunctionStatus(
                    function: "orders",
                    state: "active",
                    queued: 11,
                    dead: 0,
                    inFlight: 7,
                    oldestAgeSeconds: 1,
                    pace: FunctionPaceStatus(
                        handedOverPerSecond: 31.6,
                        inFlightLimit: 64,
                        secondsToEmpty: 1,
                        drainRate: 500,
                        maxInFlight: 64
                    )
                ),
                FunctionStatus(
                    function: "mail:live",
                    state: "active",
                    queued: 3,
                    dead: 0,
                    inFlight: 2,
                    oldestAgeSeconds: 0
                ),
            ],
            routes: [
                RouteStatus(
                    name: "https://lambda.eu-central-1.amazonaws.com eu-central-1",
                    endpoint: "https://lambda.eu-central-1.amazonaws.com",
                    region: "eu-central-1",
                    state: "active",
                    credentials: "environment",
                    clockSkewSeconds: 0,
                    inFlight: 9
                )
            ],
            rates: Rates(accepted: 37.4, handedOver: 37.2),
            store: StoreStatus(
                path: "/var/lib/lambda-outbox/outbox.db",
                bytes: 12_582_912,
                walBytes: 4_194_304,
                diskFreeBytes: 53_687_091_200,
                usedBytes: 10_485_760,
                maxBytes: 10 << 30,
                maxEvents: 10_000_000,
                minFreeDiskBytes: 1 << 30
            ),
            counters: counters
        )
    }
}
