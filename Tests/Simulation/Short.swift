import Engine
import OutboxCore

/// Messages in a trace: short.
extension DeliveryMessage {
    var short: String {
        switch self {
        case .accepted(let events, let last, let complete, _):
            "accepted \(events.map(\.sequence)), last \(last)\(complete ? "" : ", incomplete")"
        case .claimed(let page, _):
            "claimed \(page.events.map(\.sequence)) through \(page.throughSequence), "
                + "skipped \(page.skipped.count), exhausted \(page.exhausted)"
        case .committed(let sequences): "committed \(sequences)"
        case .pauses(let rules, _): "pauses \(rules.map(\.pattern.text))"
        case .withdraw(let sequences, _): "withdraw \(sequences)"
        case .force(let event): "force \(event.sequence)"
        case .snapshot: "snapshot"
        case .reconfigure: "reconfigure"
        default: "\(self)"
        }
    }
}

extension CommitMessage {
    var short: String {
        switch self {
        case .outcomes(let commands): "outcomes \(commands.count)"
        case .claim(let request):
            "claim \(request.lane), skip \(request.skip.map(\.rawValue).sorted()), held \(request.held.sorted()), "
                + "at most \(request.eventsMax)"
        case .operate(let commands, _): "operate \(commands)"
        case .copy: "copy"
        case .reconfigure: "reconfigure"
        default: "\(self)"
        }
    }
}
