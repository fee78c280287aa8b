/// The pages of a database as its last whole transaction left them: from the log where it holds them, else from the file.
struct PageSource {
    private let files: DamagedFiles
    let log: LogIndex
    /// This program makes no other databases: whatever a damaged header says.
    let pageSize = 4096
    /// How many pages there may be.
    let count: Int

    init(_ files: DamagedFiles) {
        self.files = files
        log = LogIndex(files, pageSize: pageSize)
        // A log adds at most a page with each frame, whatever number is written in it.
        let inFile = files.databaseBytes / pageSize
        count = max(inFile, min(log.pages.keys.max() ?? 0, inFile + log.frames))
    }

    /// Nothing is kept at the end of a page: this program doesn't ask for it, and a damaged header must not say so.
    var usable: Int { pageSize }

    /// Nil where it can't be read.
    func page(_ number: Int) -> ByteView? {
        guard number > 0, number <= count else { return nil }
        if let offset = log.pages[number] { return files.log(offset, pageSize).map(ByteView.init(bytes:)) }
        return files.database((number - 1) * pageSize, pageSize).map(ByteView.init(bytes:))
    }

    /// A page out of a frame that nothing vouches for.
    func loosePage(at offset: Int) -> ByteView? {
        files.log(offset, pageSize).map(ByteView.init(bytes:))
    }

    /// What a pointer map says of a page (SQLite's file format, "Pointer Map or Ptrmap Pages").
    enum PageUse: UInt8 {
        case root = 1
        case free, firstOverflow, laterOverflow, tree
    }

    /// Nil: the map says nothing that makes sense, or the page is a map itself.
    func use(of number: Int) -> PageUse? {
        guard number > 2, !isMap(number), let map = page(mapOf(number)) else { return nil }
        return map.byte((number - mapOf(number) - 1) * 5).flatMap(PageUse.init(rawValue:))
    }

    /// The page above one of a tree, as the pointer map has it.
    func parent(of number: Int) -> Int? {
        guard use(of: number) == .tree else { return nil }
        return page(mapOf(number))?.uint32((number - mapOf(number) - 1) * 5 + 1)
    }

    private var mapped: Int { usable / 5 + 1 }

    private func mapOf(_ number: Int) -> Int {
        let map = (number - 2) / mapped * mapped + 2
        return map == lockPage ? map + 1 : map
    }

    func isMap(_ number: Int) -> Bool { number >= 2 && mapOf(number) == number }

    /// The page that nothing is ever stored in.
    var lockPage: Int { 0x4000_0000 / pageSize + 1 }
}
