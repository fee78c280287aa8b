import Testing

@testable import Systemd

@Suite("The status line")
struct ServiceStateTests {
    @Test func `a quiet daemon says what it holds`() {
        #expect(
            ServiceState(queued: 12, inFlight: 3, dead: 1).line
                == "accepting events; 12 queued, 3 in flight, 1 dead letter"
        )
    }

    @Test func `it says why it refuses, and what is suspended`() {
        let state = ServiceState(
            queued: 5,
            inFlight: 0,
            dead: 0,
            refusing: "the disk is nearly full",
            routes: [("eu-central-1", "dns: no such\nname"), ("eu-west-1", "tls")],
            functions: 2
        )
        #expect(
            state.line == "refusing new events: the disk is nearly full; 5 queued, 0 in flight, 0 dead letters; "
                + #"route eu-central-1 and 1 other suspended: dns: no such\u{a}name; 2 functions suspended"#
        )
    }

    @Test func `a long reason does not fill the screen`() {
        let reason = String(repeating: "x", count: 4000)
        #expect(ServiceState(queued: 0, inFlight: 0, dead: 0, routes: [("r", reason)]).line.utf8.count < 300)
    }
}
