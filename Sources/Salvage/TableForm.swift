/// The tables that a salvage looks into.
enum Table: String, CaseIterable {
    case schema = "sqlite_schema"
    case meta, functions, producers, attempts, history, events
    case deadLetters = "dead_letters"
    /// Of schema version 4 and older.
    case keys = "idempotency_keys"
    case entries = "key_entries"

    /// What a row's columns hold, in the order they are stored in. Columns that a later schema adds stand behind.
    var form: [Column] {
        switch self {
        case .schema: [.text, .text, .text, .integer, .optionalText]
        case .meta:
            [
                .row, .text, .integer, .integer, .text, .integer, .integer, .integer, .integer, .integer, .integer,
                .integer,
            ]
        case .functions:
            [.row, .text, .text, .text, .text, .text, .integer, .integer, .integer, .optionalText, .optionalInteger]
                + [.optionalInteger]
        case .producers: [.row, .text]
        case .attempts:
            [.integer, .integer, .integer, .integer, .integer, .text, .optionalText, .optionalInteger, .optionalText]
                + [.optionalText, .optionalText, .integer, .integer, .integer]
        case .history:
            [.row, .integer, .integer, .integer, .integer, .integer, .optionalInteger, .integer, .integer, .integer]
                + [.integer, .integer, .integer, .integer, .optionalText]
        case .events:
            [.row, .integer, .optionalInteger, .integer, .integer, .optionalInteger, .integer, .integer, .integer]
                + [.integer, .integer, .integer, .integer, .integer] + Self.keyAndHeaders(between: []) + [.blob, .blob]
        case .deadLetters:
            [.row, .integer, .integer, .integer, .optionalInteger, .integer, .integer, .integer, .integer, .integer]
                + [.integer, .integer, .integer]
                + Self.keyAndHeaders(between: [.integer, .text, .text, .optionalText, .text]) + [.blob, .blob]
        case .keys:
            [.integer, .integer, .integer, .text, .blob, .integer, .integer, .integer, .optionalInteger]
        case .entries: [.row, .blob]
        }
    }

    private static func keyAndHeaders(between: [Column]) -> [Column] {
        [.optionalInteger, .optionalInteger, .optionalText] + between
            + [.optionalText, .optionalText, .optionalText, .optionalText]
    }

    /// Where the table's tree begins in a database that this program made: for one whose schema can't be read.
    var usualRoot: Int {
        switch self {
        case .schema: 1
        case .meta: 3
        case .functions: 4
        case .producers: 6
        case .events: 9
        case .deadLetters: 12
        case .attempts: 16
        case .history: 17
        case .keys: 19
        case .entries: 25
        }
    }

    /// The table has no row numbers: its rows stand in a tree of the kind of an index.
    var isWithoutRowID: Bool { self == .attempts || self == .keys }

    /// Databases of an older version do without it.
    var isMissingInOlder: Bool { self == .entries }

    /// Rows of these are what is salvaged.
    var holdsRecords: Bool { [.events, .deadLetters, .keys, .entries].contains(self) }

    enum Column {
        /// The row's number: stored as NULL.
        case row
        case integer, optionalInteger, text, optionalText, blob

        func fits(_ value: Record.Value) -> Bool {
            switch (self, value) {
            case (_, .missing): true
            case (.row, .null), (.integer, .integer), (.text, .text), (.blob, .blob): true
            case (.optionalInteger, .null), (.optionalInteger, .integer): true
            case (.optionalText, .null), (.optionalText, .text): true
            default: false
            }
        }
    }

    /// Columns that later schemas may have added.
    private static let laterColumnsMax = 12

    func fits(_ record: Record) -> Bool {
        let form = form
        guard (form.count...form.count + Self.laterColumnsMax).contains(record.values.count) else { return false }
        return zip(form, record.values).allSatisfy { $0.fits($1) }
    }

    /// The table that a row must be of, by its columns alone; nil: of none that is looked for.
    static func holding(_ record: Record, isIndex: Bool) -> Table? {
        allCases.first { $0 != .schema && $0.isWithoutRowID == isIndex && $0.fits(record) }
    }
}
