extension Dispatcher {
    /// How a function's events stand on the wire, by the policy that holds now.
    package func wireForm(of key: FunctionKey) -> WireForm {
        functions[key]?.policy.wire ?? WireForm()
    }

    /// Which event an attempt that has just ended was for; nil once its outcome is on disk.
    package func attempted(_ sequence: Int64) -> (id: EventID, function: FunctionIdentity)? {
        window[sequence].map { ($0.event.id, $0.event.function) }
    }
}
