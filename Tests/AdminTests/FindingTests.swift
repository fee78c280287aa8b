import AdminAPI
import Testing

@Suite struct `what is wrong and what to do` {
    private let now = Timestamp(milliseconds: 1_000_000_000)

    private func ago(_ seconds: Int64) -> Timestamp { Timestamp(milliseconds: now.milliseconds - seconds * 1000) }

    private func fine() -> Status {
        Status(
            at: now,
            accepting: true,
            version: "1",
            instanceID: "i",
            uptimeSeconds: 9,
            queued: 12,
            queuedBytes: 100,
            dead: 0,
            deadBytes: 0,
            inFlight: 2,
            oldest: OldestEvent(id: "e", function: "orders", ageSeconds: 3),
            functions: [FunctionStatus(function: "orders", state: "active", queued: 12, dead: 0, inFlight: 2)],
            routes: [
                RouteStatus(
                    name: "r",
                    endpoint: "https://lambda.eu-west-1.amazonaws.com",
                    region: "eu-west-1",
                    state: "active",
                    credentials: "environment",
                    clockSkewSeconds: 1,
                    inFlight: 2
                )
            ],
            store: StoreStatus(
                path: "/q/outbox.db",
                bytes: 4096,
                walBytes: 0,
                diskFreeBytes: 50 << 30,
                usedBytes: 4096,
                maxBytes: 10 << 30,
                maxEvents: 10_000_000,
                minFreeDiskBytes: 1 << 30
            )
        )
    }

    private func found(_ change: (inout Status) -> Void, _ limits: FindingLimits = FindingLimits()) -> [Finding] {
        var status = fine()
        change(&status)
        return status.findings(limits)
    }

    @Test func `nothing, while all is well`() {
        #expect(fine().findings() == [])
    }

    @Test func `a damaged database that stands aside is critical, named, and comes first`() {
        let findings = found { status in
            status.store.damagedFiles = [DamagedDatabase(path: "/q/outbox.db.damaged-20260301T120000Z", bytes: 4096)]
        }
        #expect(findings.map(\.severity) == [.critical])
        #expect(findings.map(\.kind) == [.damage])
        #expect(findings[0].what.contains("/q/outbox.db.damaged-20260301T120000Z (4.0 KiB)"))
        #expect(findings[0].whatToDo.contains("lambda-outbox salvage"))
    }

    @Test func `corrupt dead letters are critical, beside the dead letters as such`() {
        let findings = found { status in
            status.dead = 3
            status.deadLetters = [
                LetterGroup(function: "orders", condition: "corrupt", count: 2, example: "e"),
                LetterGroup(function: "orders", condition: "expired", count: 1, example: "f"),
            ]
        }
        #expect(findings.map(\.kind) == [.damage, .deadLetters])
        #expect(findings[0].severity == .critical)
        #expect(findings[0].what.hasPrefix("2 events were not on disk as accepted"))
    }

    @Test func `a route that is down for long is critical, for a moment only a warning`() {
        func down(_ seconds: Int64) -> [Finding] {
            found { status in
                status.routes[0].state = "suspended"
                status.routes[0].reason = "dns: Couldn't resolve host name (libcurl error 6)"
                status.routes[0].since = ago(seconds)
            }
        }
        #expect(down(301).map(\.severity) == [.critical])
        #expect(down(299).map(\.severity) == [.warning])
        #expect(down(301)[0].kind == .route)
        #expect(down(301)[0].what.contains("5m 1s"))
        #expect(down(301)[0].what.contains("Nothing is lost: 12 events"))
        #expect(down(301)[0].whatToDo.contains("getent hosts lambda.eu-west-1.amazonaws.com"))
    }

    @Test(arguments: [
        ("connect: connecting took too long", "firewall"),
        ("proxy: the proxy answered 407 to CONNECT", "HTTPS_PROXY"),
        ("tls: clock or certificate: the server's certificate is not valid at this time", "timedatectl"),
        ("tls: a self-signed certificate (libcurl error 60)", "aws.ca_bundle"),
        ("proxy: the proxy answered 407 to CONNECT: it demands a user and password", "USER:PASSWORD@"),
        ("status 407: a proxy demands a user and password", "USER:PASSWORD@"),
        ("status 403 without x-amzn-RequestId: some proxy answered, not Lambda", "captive portal"),
        ("status 200 where Lambda answers 202: some proxy answered", "aws.proxy"),
        ("a 202 without x-amzn-RequestId: some proxy answered, not Lambda", "aws.endpoint_url"),
        ("garbled: the answer was not HTTP (libcurl error 1)", "doesn't speak HTTP"),
        ("ExpiredTokenException (403): the session token has expired", "reload"),
        ("UnrecognizedClientException (403): AWS doesn't know the access key", "reload"),
        ("InvalidSignatureException (403): the clock is off", "timedatectl"),
        ("InvalidSignatureException (403): the signature was refused: wrong secret key, …", "Write new keys"),
        ("OptInRequired (403): the account isn't enabled", "Enable the region"),
        ("SomethingNew (400): a code that lambda-outbox doesn't know", "events show"),
    ])
    func `each reason of a route has its advice`(_ reason: String, _ word: String) {
        let findings = found { status in
            status.routes[0].state = "suspended"
            status.routes[0].reason = reason
            status.routes[0].since = ago(1)
        }
        #expect(findings[0].whatToDo.contains(word))
    }

    @Test(arguments: [
        ("ResourceNotFoundException (404): the function doesn't exist", "Deploy"),
        ("AccessDeniedException (403): the credentials may not", "lambda:InvokeFunction"),
        ("KMSDisabledException (502): can't decrypt", "KMS"),
        ("ENILimitReachedException (502): can't", "VPC"),
        ("ServiceException (500): Lambda had an internal error", "events list --function orders"),
    ])
    func `each reason of a function has its advice`(_ reason: String, _ word: String) {
        let findings = found { status in
            status.functions[0].state = "suspended"
            status.functions[0].reason = reason
        }
        #expect(findings.map(\.severity) == [.warning])
        #expect(findings[0].kind == .function)
        #expect(findings[0].whatToDo.contains(word))
    }

    @Test func `of many suspended functions the worst are named, the rest is counted`() {
        let findings = found { status in
            status.functions = (1...10).map {
                FunctionStatus(function: "f\($0)", state: "suspended", reason: "x", queued: 1, dead: 0, inFlight: 0)
            }
        }
        #expect(findings.count == 4)
        #expect(findings[3].what == "7 more functions are suspended.")
    }

    @Test func `a disk that is nearly full is told before the door closes, and as the door's once it has`() {
        let nearly = found { $0.store.diskFreeBytes = 3 << 29 }
        #expect(nearly.map(\.kind) == [.disk])
        #expect(nearly[0].severity == .warning)
        #expect(nearly[0].whatToDo.contains("/q/outbox.db"))
        let closed = found { status in
            status.store.diskFreeBytes = 1 << 29
            status.accepting = false
            status.refusingBecause = "free disk space is below queue.min_free_disk"
        }
        #expect(closed.map(\.kind) == [.door])
        #expect(closed[0].severity == .critical)
        #expect(closed[0].whatToDo.contains("Free space"))
    }

    @Test func `credentials are told an hour before they expire, and when there are none`() {
        func left(_ seconds: Int64) -> [Finding] { found { $0.routes[0].credentialsExpireAt = ago(-seconds) } }
        #expect(left(3600) == [])
        #expect(left(3599).map(\.severity) == [.warning])
        #expect(left(3599)[0].what.contains("59m 59s"))
        #expect(left(0).map(\.severity) == [.critical])
        let none = found { status in
            status.routes[0].hasCredentials = false
            status.routes[0].credentials = "none: no AWS credentials"
        }
        #expect(none.map(\.kind) == [.credentials])
        #expect(none[0].severity == .critical)
    }

    @Test func `missing credentials that suspend a route are told once`() {
        let findings = found { status in
            status.routes[0].hasCredentials = false
            status.routes[0].state = "suspended"
            status.routes[0].reason = "credentials: no AWS credentials"
            status.routes[0].since = ago(1000)
        }
        #expect(findings.map(\.kind) == [.route])
    }

    @Test func `a clock that is off is told long before AWS refuses`() {
        func off(_ seconds: Int64) -> [Finding] { found { $0.routes[0].clockSkewSeconds = seconds } }
        #expect(off(60) == [])
        #expect(off(-61).map(\.severity) == [.warning])
        #expect(off(-61)[0].what.contains("ahead of"))
        #expect(off(240).map(\.severity) == [.critical])
        #expect(off(240)[0].what.contains("4m 0s behind"))
        #expect(off(300)[0].what.contains("AWS takes no request"))
        for seconds in [301, -1200] as [Int64] {
            #expect(off(seconds)[0].what.contains("signed with AWS's time, so events go out"))
        }
    }

    @Test func `a queue that is nearly full, by bytes or by events`() {
        #expect(found { $0.store.usedBytes = 8 << 30 }.map(\.kind) == [.queue])
        #expect(found { $0.queued = 8_000_000 }.map(\.kind) == [.queue])
        #expect(found { $0.queued = 7_000_000 } == [])
    }

    @Test func `many idempotency keys are told before events with a key are refused, and when they are`() {
        func keys(_ count: Int, refusing: Bool = false) -> [Finding] {
            found {
                $0.store.keys = count
                $0.store.maxKeys = 10_000_000
                if refusing { $0.refusingBecause = "as many idempotency keys are remembered" }
            }
        }
        #expect(keys(7_000_000) == [])
        for findings in [keys(8_000_000), keys(10_000_000, refusing: true)] {
            #expect(findings.map(\.kind) == [.queue] && findings.first?.severity == .warning)
            #expect(findings.first?.whatToDo.contains("queue.max_keys") == true)
        }
    }

    @Test func `one function's full share doesn't count as a closed door`() {
        let findings = found { $0.refusingBecause = "this function holds its share of the queue" }
        #expect(findings.map(\.kind) == [.queue])
        #expect(findings[0].severity == .warning)
    }

    @Test func `age and dead letters count by the limits that are given`() {
        var limits = FindingLimits()
        limits.ageSecondsMax = 2
        #expect(found({ _ in }, limits).map(\.kind) == [.age])
        #expect(found { $0.oldest?.ageSeconds = 601 }.map(\.severity) == [.critical])
        limits = FindingLimits()
        limits.deadMax = 5
        let dead = { (status: inout Status) in
            status.dead = 6
            status.deadLetters = [LetterGroup(function: "orders", condition: "exhausted", count: 6, example: "e-9")]
        }
        #expect(found(dead, limits).map(\.kind) == [.deadLetters])
        #expect(found(dead, limits)[0].whatToDo.contains("dead redrive --function orders"))
        limits.deadMax = 6
        #expect(found(dead, limits) == [])
    }

    @Test func `events that wait for too long are told once, with the cause where it is known`() {
        let function = found { status in
            status.functions[0].state = "suspended"
            status.functions[0].oldestAgeSeconds = 601
            status.oldest?.ageSeconds = 601
        }
        #expect(function.map(\.kind) == [.function])
        #expect(function.map(\.severity) == [.critical])
        let route = found { status in
            status.routes[0].state = "suspended"
            status.routes[0].since = ago(10)
            status.oldest?.ageSeconds = 601
        }
        #expect(route.map(\.kind) == [.route])
        #expect(route.map(\.severity) == [.critical])
        let unknown = found { status in
            status.functions[0].state = "suspended"
            status.oldest = OldestEvent(id: "e", function: "mail", ageSeconds: 601)
        }
        #expect(unknown.map(\.kind) == [.age, .function])
    }

    @Test func `the worst comes first`() {
        let findings = found { status in
            status.dead = 1
            status.accepting = false
            status.refusingBecause = "the queue holds queue.max_events events"
            status.functions[0].state = "suspended"
        }
        #expect(findings.map(\.severity) == [.critical, .warning, .warning])
    }
}
