import Engine
import OutboxCore
import TestSupport

/// The body of a commit loop over a store that may fail, with nobody on the delivery side.
///
/// - Parameter folder: for the reserve.
func quietCommitter(
    _ store: FailingStore,
    _ folder: TemporaryDirectory,
    ballastBytes: Int = 0,
    freeDisk: Int? = nil
) -> Committer<FailingStore> {
    Committer(
        store: store,
        limits: CommitLimits(),
        settings: CommitSettings(history: (.hours(24), 1_000), roomWait: .zero, policies: PolicyTable()),
        ballast: Ballast(path: folder.file("ballast"), bytes: ballastBytes),
        ages: EventAges(),
        freeDisk: { freeDisk },
        tellDelivery: { _ in }
    )
}
