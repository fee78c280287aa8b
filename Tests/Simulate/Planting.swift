import OutboxCore

#if PLANTED_BUGS
    /// Switches a planted bug on, before anything else runs.
    func plant(_ name: String) throws { Planted.active = name }

    /// Whether a run has come to the bug's place.
    var wasPlantedReached: Bool { Planted.wasReached }
#else
    /// Switches a planted bug on; only a build that has them can.
    func plant(_ name: String) throws {
        throw Problem(text: "this build has no planted bugs (asked for '\(name)'): see scripts/mutants")
    }

    /// Whether a run has come to the bug's place.
    var wasPlantedReached: Bool { false }
#endif
