#ifndef CFAULTVFS_H
#define CFAULTVFS_H
// A VFS for SQLite whose disks fail when they are told to, and lose power the way disks do. For tests only.
//
// It lies over the default VFS and becomes the default itself. Files in a folder that was mounted as a disk are watched;
// all others are passed through. Of a watched file it knows what a sync made safe, and each write and truncation since:
// a power cut keeps, drops or tears each of those. Nothing is really synced, so it is quick. One mutex protects all.
#include <stdbool.h>
#include <stdint.h>

/// The calls that are counted, and can fail.
typedef enum {
    FAULT_OPEN, FAULT_READ, FAULT_WRITE, FAULT_TRUNCATE, FAULT_SYNC, FAULT_FILE_SIZE, FAULT_LOCK, FAULT_SHM_MAP,
    FAULT_SHM_LOCK, FAULT_DELETE, FAULT_ACCESS, FAULT_FULL_PATH, FAULT_CALLS
} fault_call;

/// What happens at the call.
typedef enum {
    FAULT_NOTHING,
    /// It does nothing and fails with `code`.
    FAULT_FAIL,
    /// A write writes half and fails with SQLITE_FULL, as where the disk fills up under it; a read of a log or of a table's
    /// or an index's page finds the file's end before its first byte, other reads are done; other calls just fail.
    FAULT_SHORT,
    /// A read of a table's or an index's page gives other first bytes than were written, which SQLite sees; a read of
    /// anything else is done; other calls just fail.
    FAULT_GARBLE,
    /// The process is gone: this call may have been done, in part, or not; every later one fails until the restart.
    FAULT_KILL,
    /// The power is gone: as FAULT_KILL, and then the restart must be by `fault_disk_cut_power`.
    FAULT_POWER,
    /// It takes `delay` microseconds and is done.
    FAULT_DELAY
} fault_action;

typedef struct {
    fault_action action;
    /// An SQLite result code. SQLITE_IOERR stands for the extended code of the call.
    int code;
    /// Bits by fault_call: which calls count.
    uint32_t calls;
    /// The how-manieth of those it is, from 1.
    uint64_t at;
    /// Every such call from there on, instead of one.
    bool stays;
    uint32_t delay;
} fault_plan;

typedef struct fault_disk fault_disk;

/// Makes the VFS SQLite's default; may be called again. An SQLite result code.
int fault_vfs_register(void);

/// Watches the files right in a folder, given by its absolute path without links. NULL: no memory.
fault_disk *fault_disk_mount(const char *folder, uint64_t seed);

/// No file of it may be open.
void fault_disk_unmount(fault_disk *disk);

/// From now on the plan holds, and its count begins; it takes the place of an earlier one. FAULT_NOTHING takes it away.
void fault_disk_arm(fault_disk *disk, fault_plan plan);

/// While it is held no call counts and none is struck.
void fault_disk_hold(fault_disk *disk, bool held);

/// How many calls of these kinds there were since the mount.
uint64_t fault_disk_calls(fault_disk *disk, uint32_t calls);

/// How many calls a plan has struck since the mount.
uint64_t fault_disk_struck(fault_disk *disk);

/// What ended it: FAULT_KILL, FAULT_POWER, or FAULT_NOTHING where it lives.
fault_action fault_disk_end(fault_disk *disk);

/// Open files.
int fault_disk_open_files(fault_disk *disk);

/// After the end of the process: the files stay as the kernel has them. No file may be open.
void fault_disk_restart(fault_disk *disk);

/// The power goes off and comes back: each unsynced write, truncation, created and deleted file is kept, dropped or
/// torn, by chance. No file may be open. False with errno where a file can't be written.
bool fault_disk_cut_power(fault_disk *disk);

/// As if `PRAGMA synchronous = NORMAL` held: commits don't sync the log, checkpoints do. Shows that a test sees it.
void fault_disk_skip_commit_syncs(fault_disk *disk, bool skip);

/// The `at`-th allocation of SQLite on this thread from now on fails, and with `stays` all later ones; 0: none does.
void fault_memory_arm(uint64_t at, bool stays);

/// None fails from now on; what was counted stays. Whether one had failed.
bool fault_memory_disarm(void);

/// While it is held no allocation of this thread counts and none fails.
void fault_memory_hold(bool held);

/// Allocations of SQLite on this thread since the last arming.
uint64_t fault_memory_calls(void);

/// Bytes that SQLite has allocated on this thread and not given back, since the thread began. For runs that begin and end
/// on one thread.
int64_t fault_memory_held(void);

/// Whether an allocation was refused since the last arming.
bool fault_memory_struck(void);

/// Kinds of calls of the kernel's that the program makes itself, by the C library's names.
enum {
    FAULT_CALL_OPEN = 1 << 0,
    FAULT_CALL_READ = 1 << 1,
    /// Truncation included.
    FAULT_CALL_WRITE = 1 << 2,
    FAULT_CALL_SYNC = 1 << 3,
    /// rename, link, unlink.
    FAULT_CALL_NAME = 1 << 4,
    /// Sizes, facts and free space.
    FAULT_CALL_LOOK = 1 << 5,
    FAULT_CALL_LOCK = 1 << 6,
    /// Space and memory for a mapping.
    FAULT_CALL_MAP = 1 << 7,
};

/// The `at`-th of these calls on this thread from now on fails with `error`, and with `stays` all later ones; 0: they are
/// only counted.
void fault_calls_arm(uint32_t which, uint64_t at, int error, bool stays);

/// None fails from now on. Whether one had failed.
bool fault_calls_disarm(void);

/// Such calls on this thread since the last arming.
uint64_t fault_calls_count(void);

#endif
