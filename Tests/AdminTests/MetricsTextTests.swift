import AdminAPI
import Foundation
import OutboxCore
import Testing

@testable import Admin

@Suite struct `the metrics` {
    private let lines = Set(MetricsText.text(of: .sample).split(separator: "\n").map(String.init))

    @Test(arguments: [
        "# TYPE lambda_outbox_oldest_event_age_seconds gauge",
        #"lambda_outbox_oldest_event_age_seconds{function="orders"} 7"#,
        #"lambda_outbox_events_queued{function="orders"} 2"#,
        #"lambda_outbox_events_queued{function="(other)"} 3"#,
        #"lambda_outbox_dead_letters{condition="exhausted",function="orders"} 1"#,
        #"lambda_outbox_function_state{function="orders",state="suspended"} 1"#,
        #"lambda_outbox_function_state{function="orders",state="active"} 0"#,
        #"lambda_outbox_rate_limit_per_second{function="orders"} 45.5"#,
        #"lambda_outbox_seconds_to_empty{function="orders"} 12"#,
        "# TYPE lambda_outbox_events_accepted_total counter",
        #"lambda_outbox_events_accepted_total{function="orders",result="accepted"} 5"#,
        #"lambda_outbox_events_accepted_total{function="orders",result="repeat"} 1"#,
        #"lambda_outbox_events_accepted_total{function="orders",result="refused"} 2"#,
        #"lambda_outbox_attempts_total{blame="none",function="orders"} 4"#,
        #"lambda_outbox_attempts_total{blame="unknown",function="orders"} 1"#,
        #"lambda_outbox_handed_over_total{function="orders"} 4"#,
        #"lambda_outbox_route_state{route="eu",state="suspended"} 1"#,
        #"lambda_outbox_credentials_expiry_seconds{route="eu"} 60"#,
        #"lambda_outbox_clock_skew_seconds{route="eu"} -3"#,
        #"lambda_outbox_refusals_total{code="TooManyRequestsException"} 4"#,
        "# TYPE lambda_outbox_accept_duration_seconds histogram",
        #"lambda_outbox_accept_duration_seconds_bucket{le="0.0001"} 1"#,
        #"lambda_outbox_accept_duration_seconds_bucket{le="0.00025"} 2"#,
        #"lambda_outbox_accept_duration_seconds_bucket{le="10"} 2"#,
        #"lambda_outbox_accept_duration_seconds_bucket{le="+Inf"} 3"#,
        "lambda_outbox_accept_duration_seconds_sum 20.000201",
        "lambda_outbox_accept_duration_seconds_count 3",
        #"lambda_outbox_commit_events_bucket{le="4"} 2"#,
        "lambda_outbox_commit_events_sum 6",
        "lambda_outbox_store_bytes 4096",
        "lambda_outbox_disk_free_bytes 1099511627776",
        #"lambda_outbox_build_info{version="1.2.3"} 1"#,
        "process_cpu_seconds_total 1.25",
        "process_start_time_seconds 1700000000.5",
    ])
    func `hold a line for each value`(_ line: String) {
        #expect(lines.contains(line))
    }

    @Test func `no function's name can begin a line of its own`() {
        #expect(lines.contains(#"lambda_outbox_events_queued{function="a\"b\\c\nlambda_outbox_accepting 0"} 0"#))
        #expect(!lines.contains("lambda_outbox_accepting 0"))
    }

    @Test func `tell nothing of a state for what stands for many functions`() {
        #expect(!lines.contains { $0.hasPrefix("lambda_outbox_function_state") && $0.contains("(other)") })
    }

    @Test func `each family has one head, and its samples right behind it`() {
        var seen: Set<Substring> = []
        var current: Substring = ""
        for line in MetricsText.text(of: .sample).split(separator: "\n") {
            if line.hasPrefix("# TYPE ") {
                current = line.split(separator: " ")[2]
                #expect(seen.insert(current).inserted)
            } else if !line.hasPrefix("#") {
                let name = line.prefix { $0 != "{" && $0 != " " }
                #expect(name == current || ["_bucket", "_sum", "_count"].contains { name == current + $0 })
            }
        }
    }

    @Test(.enabled(if: Promtool.path != nil, "promtool is not installed (Debian package prometheus)"))
    func `pass promtool's check`() throws {
        let result = try Promtool.run(["check", "metrics"], input: MetricsText.text(of: .sample))
        #expect(result.status == 0)
        #expect(result.output == "")
    }
}

@Suite struct `labels of functions` {
    @Test func `are bounded in number, and go to those with most events first`() {
        var labels = MetricLabels(max: 2)
        labels.saw([("few", 1), ("many", 9), ("some", 5)])
        #expect(labels.label("many") == "many")
        #expect(labels.label("some") == "some")
        #expect(labels.label("few") == MetricLabels.others)
    }

    @Test func `stay with whom they were given to, so that counters never fall`() {
        var labels = MetricLabels(max: 1)
        labels.saw([("first", 1)])
        labels.saw([("later", 1000), ("first", 0)])
        #expect(labels.label("first") == "first")
        #expect(labels.label("later") == MetricLabels.others)
    }

    @Test func `the rest of tallies is kept too`() {
        var tally = FunctionTally<Int>()
        for number in 0..<FunctionTally<Int>.functionsMax + 3 {
            let function = FunctionIdentity(
                partition: "aws",
                account: "-",
                region: "r",
                name: "f\(number)",
                qualifier: "-"
            )
            tally.add(0, for: number, function)
            tally.add(1, for: number, times: 2, function)
        }
        #expect(tally.rows.count == FunctionTally<Int>.functionsMax)
        #expect(tally.rows.allSatisfy { $0.counts[0] == 1 && $0.counts[1] == 2 })
        #expect(tally.others[0] == 3)
        #expect(tally.others[1] == 6)
    }
}
