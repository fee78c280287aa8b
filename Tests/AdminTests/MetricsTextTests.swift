import AdminAPI
import Testing

@testable import Admin

@Suite struct `the metrics` {
    @Test func `are in the Prometheus text format`() {
        let text = MetricsText.text(of: .sample)
        let lines = text.split(separator: "\n")
        #expect(text.hasSuffix("\n"))
        for line in [
            "# TYPE lambda_outbox_oldest_event_age_seconds gauge",
            #"lambda_outbox_oldest_event_age_seconds{function="orders"} 7"#,
            #"lambda_outbox_events_queued{function="or\"ders"} 2"#,
            #"lambda_outbox_dead_letters{condition="exhausted",function="or\"ders"} 1"#,
            "# TYPE lambda_outbox_events_accepted_total counter",
            #"lambda_outbox_events_accepted_total{result="accepted"} 5"#,
            #"lambda_outbox_attempts_total{blame="function"} 1"#,
            #"lambda_outbox_route_state{route="eu",state="suspended"} 1"#,
            "lambda_outbox_disk_free_bytes 1099511627776",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        for line in lines where !line.hasPrefix("#") { #expect(line.split(separator: " ").count == 2) }
    }

    @Test func `name a bounded number of functions, and add up the rest`() {
        let functions = (1...5).map {
            FunctionStatus(function: "f\($0)", state: "active", queued: $0, dead: 0, inFlight: 1)
        }
        let bounded = MetricsText.bounded(functions, max: 2)
        #expect(bounded.map(\.function) == ["f5", "f4", MetricsText.rest])
        #expect(bounded[2].queued == 6)
        #expect(bounded[2].inFlight == 3)
    }
}
