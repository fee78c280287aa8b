extension Status {
    /// Databases that were moved aside, and rows of this one that weren't what was written any more.
    func damageFindings(_ limits: FindingLimits) -> [Finding] {
        let files = store.damagedFiles
        var findings: [Finding] = []
        if !files.isEmpty {
            let named = files.suffix(limits.namedMax).map { "\($0.path) (\(Wording.size($0.bytes)))" }
            let more = files.count - named.count
            let which = named.joined(separator: ", ") + (more > 0 ? ", and \(Wording.count(more, "more file"))" : "")
            let isOne = files.count == 1
            findings.append(
                Finding(
                    .critical,
                    .damage,
                    what: "\(isOne ? "A damaged queue was" : "Damaged queues were") moved aside: \(which). What "
                        + "\(isOne ? "it holds" : "they hold") is neither delivered nor lost.",
                    whatToDo:
                        "lambda-outbox verify \(files[files.count - 1].path) says what is wrong, lambda-outbox salvage "
                        + "saves what can be read. Then move it to another folder. Check the disk and the memory of this host."
                )
            )
        }
        let corrupt = deadLetters.filter { $0.condition == "corrupt" }.reduce(0) { $0 + $1.count }
        if corrupt > 0 {
            findings.append(
                Finding(
                    .critical,
                    .damage,
                    what:
                        "\(Wording.count(corrupt, "event")) \(corrupt == 1 ? "was" : "were") not on disk as accepted, and "
                        + "\(corrupt == 1 ? "is a dead letter" : "are dead letters") (corrupt).",
                    whatToDo:
                        "Check the disk and the memory of this host; lambda-outbox verify looks at all of the queue. "
                        + "lambda-outbox dead list --condition corrupt shows which; a redrive sends none of them."
                )
            )
        }
        return findings
    }
}
