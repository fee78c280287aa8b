/// How far a copy of the queue has come.
package struct CopyProgress: Hashable, Sendable {
    /// Of the whole file; it may grow meanwhile.
    package var pages: Int
    package var left: Int
    /// The copy holds what the last commit left, and its file is closed.
    package var isDone = false

    package init(pages: Int, left: Int) {
        self.pages = pages
        self.left = left
    }
}

extension EventStoreUpkeep where Self: ~Copyable {
    /// A store that has no file has nothing to copy.
    package mutating func beginCopy() throws(StoreError) -> String { throw .failed("this store makes no copies") }

    /// Never called: no copy was begun.
    package mutating func copy(pages: Int) throws(StoreError) -> CopyProgress {
        throw .failed("this store makes no copies")
    }

    /// No copy was begun.
    package mutating func endCopy() {}
}
