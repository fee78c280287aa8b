extension Dispatcher {
    /// How a function's events stand on the wire, by the policy that holds now.
    package func wireForm(of key: FunctionKey) -> WireForm {
        functions[key]?.policy.wire ?? WireForm()
    }
}
