package import OutboxCore

/// How segments of keys are made.
package struct KeyOptions: Hashable, Sendable {
    /// Entries of a segment: half of what its lane holds, within these.
    package var capacityMin = 4096
    package var capacityMax = 1 << 19
    /// No segment is closed for its age before it is so old.
    package var ageMin = Span.seconds(1)
    /// Entries that a commit without any looks at, of a segment that is over.
    package var sliceMin = 256

    package init() {}
}
