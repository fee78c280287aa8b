internal import NIOConcurrencyHelpers
internal import OutboxCore

/// Why the daemon can't start, or had to end; for people.
struct StartProblem: Error, CustomStringConvertible {
    /// sysexits.h EX_CONFIG, as systemd's documentation uses it.
    static let configuration: Int32 = 78
    static let wrongUse: Int32 = 2
    static let storeFailed: Int32 = 1
    static let other: Int32 = 1

    let description: String
    let exitCode: Int32

    init(_ description: String, exitCode: Int32) {
        self.description = description
        self.exitCode = exitCode
    }

    /// An error without the file's name.
    static func words(_ error: StoreError) -> String {
        switch error {
        case .full(let text), .busy(let text), .failed(let text), .damaged(let text), .refused(let text),
            .locked(let text):
            text
        }
    }

    init(_ error: StoreError, path: String) {
        switch error {
        case .full(let text):
            self.init("\(path): the disk is full: \(text); make room, then start again", exitCode: Self.storeFailed)
        case .busy(let text), .failed(let text): self.init("\(path): \(text)", exitCode: Self.storeFailed)
        case .damaged(let text):
            self.init(
                "\(path) is damaged, and was left as it is: \(text). Bring a copy back (lambda-outbox restore), or "
                    + "save what can be read (lambda-outbox verify, salvage), or set store.on_damage: replace to go on "
                    + "with a new queue and this one kept aside",
                exitCode: Self.storeFailed
            )
        case .refused(let text): self.init("\(path): \(text)", exitCode: Self.configuration)
        case .locked(let text): self.init("\(path): \(text)", exitCode: Self.other)
        }
    }
}

extension StartProblem {
    /// Why the store ended while the daemon was working.
    init(underWay error: StoreError, path: String, onDamage: Configuration.Store.OnDamage) {
        guard case .damaged(let text) = error else {
            self.init(error, path: path)
            return
        }
        let next =
            switch onDamage {
            case .replace:
                "moves it aside and goes on with a new queue; lambda-outbox salvage then reads what can be read of it"
            case .stop:
                "ends there, as store.on_damage is stop: lambda-outbox verify says more, restore brings a copy back, "
                    + "salvage saves what can be read"
            }
        self.init(
            "\(path) is damaged: \(text). Nothing more is written to it; the next start reads all of it and, if it is "
                + "damaged, \(next)",
            exitCode: Self.storeFailed
        )
    }
}

/// The store's failure, handed from the thread that met it to whoever waits for the end.
final class StoreFailure: Sendable {
    private struct State {
        var error: StoreError?
        var waiter: (@Sendable () -> Void)?
    }
    private let state = NIOLockedValueBox(State())

    /// Commit thread, or read thread; the first one counts.
    func happened(_ error: StoreError) {
        state.withLockedValue { state in
            state.error = state.error ?? error
            return state.waiter
        }?()
    }

    var error: StoreError? { state.withLockedValue { $0.error } }

    /// Calls `then` when it happens, or at once if it has.
    func whenHappened(_ then: @escaping @Sendable () -> Void) {
        let already = state.withLockedValue { state in
            state.waiter = then
            return state.error != nil
        }
        if already { then() }
    }
}
