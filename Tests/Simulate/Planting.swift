/// Switches a planted bug on; only a build that has them can.
func plant(_ name: String) throws {
    throw Problem(text: "this build has no planted bugs (asked for '\(name)')")
}
