#ifndef FAULTDISK_H
#define FAULTDISK_H
// What the VFS knows of its disks. Everything here is called with the mutex held.
#include "CFaultVFS.h"
#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

extern pthread_mutex_t fault_mutex;

/// A write (bytes) or a truncation (no bytes, length -1) that no sync has made safe.
typedef struct {
    int64_t offset;
    int64_t length;
    uint8_t *bytes;
} fault_op;

/// One file, by its inode: a rename doesn't change what is on the disk.
typedef struct fault_node {
    struct fault_node *next;
    dev_t device;
    ino_t inode;
    char *path;
    int handles;
    /// The content that is safe.
    uint8_t *safe;
    int64_t safe_size;
    fault_op *ops;
    int op_count, op_room;
    /// Its name came, or went, and the folder was not synced since.
    bool is_new, is_deleted;
    /// A sync of it failed: the kernel shows what the disk may not have.
    bool has_lost;
} fault_node;

struct fault_disk {
    fault_disk *next;
    char *folder;
    uint64_t random;
    fault_node *nodes;
    fault_plan plan;
    uint64_t matched;
    uint64_t calls[FAULT_CALLS];
    uint64_t struck;
    fault_action end;
    bool skips_commit_syncs, is_held;
    /// A connection holds the checkpointer's lock.
    bool is_checkpointing;
};

/// The disk that a path lies on; NULL: none.
fault_disk *fault_disk_of(const char *path);

/// A random number.
uint64_t fault_random(fault_disk *disk);

/// The node of an open file. Content that was changed behind the VFS's back counts as safe. NULL: no memory, no file.
fault_node *fault_node_open(fault_disk *disk, const char *path, bool is_new);

/// Notes what was done and isn't safe. False: no memory.
bool fault_node_write(fault_node *node, const void *bytes, int64_t length, int64_t offset);
bool fault_node_truncate(fault_node *node, int64_t size);

/// A sync that went well: all is safe.
void fault_node_synced(fault_node *node);

/// A sync that failed: the kernel holds the pages for clean, whether they reached the disk or not. A later sync won't
/// write them.
void fault_node_sync_failed(fault_disk *disk, fault_node *node);

/// The folder was synced: names are as they are now.
void fault_disk_folder_synced(fault_disk *disk);

/// The file at the path was deleted.
void fault_node_deleted(fault_disk *disk, const char *path);

#endif
