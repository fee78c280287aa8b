package import OutboxCore

/// Copying for a backup, in slices on the connection that writes. An error here is the copy's, never the queue's.
extension SQLiteStore {
    package mutating func beginCopy() throws(StoreError) -> String {
        let target = Self.copyPath(path)
        endCopy()
        do throws(SQLiteError) {
            copying = try connection.copy(into: try DatabaseCopy.createTarget(target))
        } catch {
            DatabaseFile.remove(target)
            throw error.storeError
        }
        return target
    }

    package mutating func copy(pages: Int) throws(StoreError) -> CopyProgress {
        var isDone = false
        var progress = CopyProgress(pages: 0, left: 0)
        do throws(SQLiteError) {
            isDone = try copying?.step(pages: pages) ?? true
            progress = copying?.progress ?? progress
        } catch {
            endCopy()
            throw error.storeError
        }
        if isDone {
            copying = nil
            progress.left = 0
            progress.isDone = true
        }
        return progress
    }

    package mutating func endCopy() {
        copying = nil
        DatabaseFile.remove(Self.copyPath(path))
    }
}
