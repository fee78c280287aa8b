#include "FaultDisk.h"
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/// An open file: ours, and behind it the default VFS's.
typedef struct {
    sqlite3_file base;
    sqlite3_file *real;
    /// NULL both: a file on no disk.
    fault_disk *disk;
    fault_node *node;
    bool is_log;
    /// The first sync of a journal or log syncs the folder too, as SQLite's own VFS does.
    bool syncs_folder;
    /// Its latest write was a log's header.
    bool wrote_header;
} fault_file;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;

/// SQLite's own name for the failure of each call.
static const int failures[FAULT_CALLS] = {
    [FAULT_OPEN] = SQLITE_CANTOPEN,
    [FAULT_READ] = SQLITE_IOERR_READ,
    [FAULT_WRITE] = SQLITE_IOERR_WRITE,
    [FAULT_TRUNCATE] = SQLITE_IOERR_TRUNCATE,
    [FAULT_SYNC] = SQLITE_IOERR_FSYNC,
    [FAULT_FILE_SIZE] = SQLITE_IOERR_FSTAT,
    [FAULT_LOCK] = SQLITE_IOERR_LOCK,
    [FAULT_SHM_MAP] = SQLITE_IOERR_SHMMAP,
    [FAULT_SHM_LOCK] = SQLITE_IOERR_SHMLOCK,
    [FAULT_DELETE] = SQLITE_IOERR_DELETE,
    [FAULT_ACCESS] = SQLITE_IOERR_ACCESS,
    [FAULT_FULL_PATH] = SQLITE_CANTOPEN_FULLPATH,
};

// MARK: Deciding

/// Counts the call and says what happens at it. With the mutex held.
static fault_action struck(fault_disk *disk, fault_call call) {
    if (disk->is_held) return FAULT_NOTHING;
    disk->calls[call]++;
    if (disk->end != FAULT_NOTHING) return FAULT_FAIL;
    fault_plan *plan = &disk->plan;
    if (plan->action == FAULT_NOTHING || !(plan->calls & 1u << call)) return FAULT_NOTHING;
    disk->matched++;
    if (disk->matched != plan->at && !(plan->stays && disk->matched > plan->at)) return FAULT_NOTHING;
    disk->struck++;
    if (plan->action == FAULT_KILL || plan->action == FAULT_POWER) disk->end = plan->action;
    return plan->action;
}

/// The code that a struck call fails with. With the mutex held.
static int failure(const fault_disk *disk, fault_call call) {
    bool has_own = disk->end == FAULT_NOTHING && disk->plan.action == FAULT_FAIL && disk->plan.code != SQLITE_IOERR;
    return has_own ? disk->plan.code : failures[call];
}

/// For calls that do all or nothing. SQLITE_OK: it may be done. Takes the mutex.
static int ask(fault_disk *disk, fault_call call) {
    if (!disk) return SQLITE_OK;
    pthread_mutex_lock(&fault_mutex);
    fault_action action = struck(disk, call);
    int code = action == FAULT_NOTHING || action == FAULT_DELAY ? SQLITE_OK : failure(disk, call);
    uint32_t delay = action == FAULT_DELAY ? disk->plan.delay : 0;
    pthread_mutex_unlock(&fault_mutex);
    if (delay) usleep(delay);
    return code;
}

// MARK: Files

static fault_file *of(sqlite3_file *file) { return (fault_file *)file; }

/// Also of a process that has ended: what the kernel would have closed.
static int close_file(sqlite3_file *base) {
    fault_file *file = of(base);
    if (file->node) {
        pthread_mutex_lock(&fault_mutex);
        file->node->handles--;
        pthread_mutex_unlock(&fault_mutex);
    }
    return file->real->pMethods->xClose(file->real);
}

/// Whether what was read is a page of a b-tree, which begins with its kind. SQLite's file format: page 2 and each 820th
/// behind it, with pages of 4096 bytes, is a pointer map; page 1 begins with the file's header.
static bool is_tree_page(const uint8_t *bytes, int count, sqlite3_int64 offset) {
    if (count != 4096 || offset == 0 || (offset / 4096 - 1) % 820 == 0) return false;
    return bytes[0] == 2 || bytes[0] == 5 || bytes[0] == 10 || bytes[0] == 13;
}

static int read_file(sqlite3_file *base, void *bytes, int count, sqlite3_int64 offset) {
    fault_file *file = of(base);
    if (!file->disk) return file->real->pMethods->xRead(file->real, bytes, count, offset);
    pthread_mutex_lock(&fault_mutex);
    fault_action action = struck(file->disk, FAULT_READ);
    int failed = failure(file->disk, FAULT_READ);
    uint32_t delay = action == FAULT_DELAY ? file->disk->plan.delay : 0;
    pthread_mutex_unlock(&fault_mutex);
    if (delay) usleep(delay);
    if (action == FAULT_FAIL || action == FAULT_KILL || action == FAULT_POWER) return failed;
    int code = file->real->pMethods->xRead(file->real, bytes, count, offset);
    if (code || action == FAULT_NOTHING || action == FAULT_DELAY) return code;
    // What SQLite can't tell from what was written it would build on, and write.
    if (!file->is_log && !is_tree_page(bytes, count, offset)) return SQLITE_OK;
    if (action == FAULT_SHORT) {
        memset(bytes, 0, (size_t)count);
        return SQLITE_IOERR_SHORT_READ;
    }
    for (int i = 0; i < 8 && !file->is_log; i++) ((uint8_t *)bytes)[i] ^= 0xA5;
    return SQLITE_OK;
}

/// Writes the first `count` bytes and notes them. With the mutex held.
static int write_and_note(fault_file *file, const void *bytes, int count, sqlite3_int64 offset) {
    if (count == 0) return SQLITE_OK;
    int code = file->real->pMethods->xWrite(file->real, bytes, count, offset);
    if (code == SQLITE_OK && !fault_node_write(file->node, bytes, count, offset)) code = SQLITE_IOERR_NOMEM;
    return code;
}

static int write_file(sqlite3_file *base, const void *bytes, int count, sqlite3_int64 offset) {
    fault_file *file = of(base);
    if (!file->disk) return file->real->pMethods->xWrite(file->real, bytes, count, offset);
    pthread_mutex_lock(&fault_mutex);
    bool was_alive = file->disk->end == FAULT_NOTHING;
    int code = SQLITE_OK;
    uint32_t delay = 0;
    file->wrote_header = file->is_log && offset == 0;
    switch (struck(file->disk, FAULT_WRITE)) {
    case FAULT_DELAY:
        delay = file->disk->plan.delay;
        // fall through
    case FAULT_NOTHING:
        code = write_and_note(file, bytes, count, offset);
        break;
    case FAULT_SHORT:
        write_and_note(file, bytes, count / 2, offset);
        code = SQLITE_FULL;
        break;
    case FAULT_KILL:
    case FAULT_POWER: {
        // Done, half done or not.
        int part = (int)(fault_random(file->disk) % 3);
        if (was_alive) write_and_note(file, bytes, count * part / 2, offset);
        code = failures[FAULT_WRITE];
        break;
    }
    case FAULT_GARBLE:
    case FAULT_FAIL: code = failure(file->disk, FAULT_WRITE); break;
    }
    pthread_mutex_unlock(&fault_mutex);
    if (delay) usleep(delay);
    return code;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size) {
    fault_file *file = of(base);
    int code = ask(file->disk, FAULT_TRUNCATE);
    if (code == SQLITE_OK) code = file->real->pMethods->xTruncate(file->real, size);
    if (code == SQLITE_OK && file->node) {
        pthread_mutex_lock(&fault_mutex);
        if (!fault_node_truncate(file->node, size)) code = SQLITE_IOERR_NOMEM;
        pthread_mutex_unlock(&fault_mutex);
    }
    return code;
}

static int sync_file(sqlite3_file *base, int flags) {
    fault_file *file = of(base);
    if (!file->disk) return file->real->pMethods->xSync(file->real, flags);
    pthread_mutex_lock(&fault_mutex);
    bool is_commit = file->is_log && !file->disk->is_checkpointing && !file->wrote_header;
    bool is_skipped = file->disk->skips_commit_syncs && is_commit;
    pthread_mutex_unlock(&fault_mutex);
    if (is_skipped) return SQLITE_OK;
    int code = ask(file->disk, FAULT_SYNC);
    pthread_mutex_lock(&fault_mutex);
    if (code == SQLITE_OK) {
        fault_node_synced(file->node);
        if (file->syncs_folder) fault_disk_folder_synced(file->disk);
        file->syncs_folder = false;
    } else if (code == SQLITE_IOERR_FSYNC && file->disk->end == FAULT_NOTHING) {
        // The kernel's own error. Any other was found before the kernel was asked, and what was written is still to be synced.
        fault_node_sync_failed(file->disk, file->node);
    }
    pthread_mutex_unlock(&fault_mutex);
    return code;
}

static int file_size(sqlite3_file *base, sqlite3_int64 *size) {
    fault_file *file = of(base);
    int code = ask(file->disk, FAULT_FILE_SIZE);
    return code ? code : file->real->pMethods->xFileSize(file->real, size);
}

static int lock_file(sqlite3_file *base, int level) {
    fault_file *file = of(base);
    int code = ask(file->disk, FAULT_LOCK);
    return code ? code : file->real->pMethods->xLock(file->real, level);
}

/// Never fails: the kernel gives up the locks of a process that is gone.
static int unlock_file(sqlite3_file *base, int level) { return of(base)->real->pMethods->xUnlock(of(base)->real, level); }

static int check_lock(sqlite3_file *base, int *result) {
    return of(base)->real->pMethods->xCheckReservedLock(of(base)->real, result);
}

static int control(sqlite3_file *base, int operation, void *argument) {
    return of(base)->real->pMethods->xFileControl(of(base)->real, operation, argument);
}

static int sector_size(sqlite3_file *base) { return of(base)->real->pMethods->xSectorSize(of(base)->real); }

/// What is simulated is an ordinary disk, whatever the one below can do.
static int characteristics(sqlite3_file *base) {
    (void)base;
    return SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int shm_map(sqlite3_file *base, int region, int size, int extends, void volatile **memory) {
    fault_file *file = of(base);
    int code = ask(file->disk, FAULT_SHM_MAP);
    return code ? code : file->real->pMethods->xShmMap(file->real, region, size, extends, memory);
}

static int shm_lock(sqlite3_file *base, int offset, int count, int flags) {
    fault_file *file = of(base);
    bool locks = flags & SQLITE_SHM_LOCK;
    int code = locks ? ask(file->disk, FAULT_SHM_LOCK) : SQLITE_OK;
    if (code == SQLITE_OK) code = file->real->pMethods->xShmLock(file->real, offset, count, flags);
    // SQLite's file format: the second lock is the checkpointer's.
    if (code == SQLITE_OK && offset <= 1 && 1 < offset + count && file->disk) {
        pthread_mutex_lock(&fault_mutex);
        file->disk->is_checkpointing = locks;
        pthread_mutex_unlock(&fault_mutex);
    }
    return code;
}

static void shm_barrier(sqlite3_file *base) { of(base)->real->pMethods->xShmBarrier(of(base)->real); }

static int shm_unmap(sqlite3_file *base, int deletes) {
    return of(base)->real->pMethods->xShmUnmap(of(base)->real, deletes);
}

/// Version 2: the file itself is never mapped, so that each read and write is a call.
static const sqlite3_io_methods methods = {
    2, close_file, read_file, write_file, truncate_file, sync_file, file_size, lock_file, unlock_file, check_lock,
    control, sector_size, characteristics, shm_map, shm_lock, shm_barrier, shm_unmap, NULL, NULL,
};

// MARK: The VFS

static int open_file(sqlite3_vfs *self, const char *path, sqlite3_file *base, int flags, int *out_flags) {
    (void)self;
    fault_file *file = of(base);
    memset(file, 0, sizeof *file);
    file->real = (sqlite3_file *)(file + 1);
    pthread_mutex_lock(&fault_mutex);
    fault_disk *disk = fault_disk_of(path);
    pthread_mutex_unlock(&fault_mutex);
    int code = ask(disk, FAULT_OPEN);
    if (code) return code;
    int exists = 1;
    if (disk) real_vfs->xAccess(real_vfs, path, SQLITE_ACCESS_EXISTS, &exists);
    code = real_vfs->xOpen(real_vfs, path, file->real, flags, out_flags);
    if (code) return code;
    if (disk) {
        pthread_mutex_lock(&fault_mutex);
        file->node = fault_node_open(disk, path, !exists);
        pthread_mutex_unlock(&fault_mutex);
        if (!file->node) {
            file->real->pMethods->xClose(file->real);
            return SQLITE_NOMEM;
        }
    }
    file->disk = disk;
    file->is_log = flags & SQLITE_OPEN_WAL;
    file->syncs_folder = (flags & SQLITE_OPEN_CREATE)
        && (flags & (SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL));
    // Last: SQLite closes what has methods.
    base->pMethods = &methods;
    return SQLITE_OK;
}

static int delete_file(sqlite3_vfs *self, const char *path, int syncs_folder) {
    (void)self;
    pthread_mutex_lock(&fault_mutex);
    fault_disk *disk = fault_disk_of(path);
    pthread_mutex_unlock(&fault_mutex);
    int code = ask(disk, FAULT_DELETE);
    if (code == SQLITE_OK) code = real_vfs->xDelete(real_vfs, path, disk ? 0 : syncs_folder);
    if (code == SQLITE_OK && disk) {
        pthread_mutex_lock(&fault_mutex);
        fault_node_deleted(disk, path);
        if (syncs_folder) fault_disk_folder_synced(disk);
        pthread_mutex_unlock(&fault_mutex);
    }
    return code;
}

static int access_file(sqlite3_vfs *self, const char *path, int flags, int *result) {
    (void)self;
    pthread_mutex_lock(&fault_mutex);
    fault_disk *disk = fault_disk_of(path);
    pthread_mutex_unlock(&fault_mutex);
    int code = ask(disk, FAULT_ACCESS);
    return code ? code : real_vfs->xAccess(real_vfs, path, flags, result);
}

static int full_path(sqlite3_vfs *self, const char *path, int room, char *result) {
    (void)self;
    pthread_mutex_lock(&fault_mutex);
    fault_disk *disk = fault_disk_of(path);
    pthread_mutex_unlock(&fault_mutex);
    int code = ask(disk, FAULT_FULL_PATH);
    return code ? code : real_vfs->xFullPathname(real_vfs, path, room, result);
}

static void make_vfs(void) {
    real_vfs = sqlite3_vfs_find(NULL);
    if (!real_vfs) return;
    // Time, randomness and libraries are the real VFS's: those functions don't look at their first argument.
    vfs = *real_vfs;
    vfs.pNext = NULL;
    vfs.zName = "fault";
    vfs.szOsFile = (int)sizeof(fault_file) + real_vfs->szOsFile;
    vfs.xOpen = open_file;
    vfs.xDelete = delete_file;
    vfs.xAccess = access_file;
    vfs.xFullPathname = full_path;
    sqlite3_vfs_register(&vfs, 1);
}

int fault_vfs_register(void) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_vfs);
    return vfs.zName ? SQLITE_OK : SQLITE_ERROR;
}
