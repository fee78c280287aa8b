#include "FaultDisk.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

pthread_mutex_t fault_mutex = PTHREAD_MUTEX_INITIALIZER;
static fault_disk *disks;

uint64_t fault_random(fault_disk *disk) {
    uint64_t z = disk->random += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

static bool one_in(fault_disk *disk, unsigned n) { return fault_random(disk) % n == 0; }

fault_disk *fault_disk_of(const char *path) {
    if (!path) return NULL;
    for (fault_disk *disk = disks; disk; disk = disk->next) {
        size_t length = strlen(disk->folder);
        if (strncmp(path, disk->folder, length) == 0 && path[length] == '/' && !strchr(path + length + 1, '/'))
            return disk;
    }
    return NULL;
}

// MARK: Content

/// Lets the content be `size` bytes, new ones zero. False: no memory.
static bool resize(uint8_t **content, int64_t *length, int64_t size) {
    uint8_t *grown = realloc(*content, size > 0 ? (size_t)size : 1);
    if (!grown) return false;
    if (size > *length) memset(grown + *length, 0, (size_t)(size - *length));
    *content = grown;
    *length = size;
    return true;
}

/// Does to the content what `op` did to the file, or part of it. False: no memory.
static bool apply(uint8_t **content, int64_t *length, const fault_op *op, int64_t from, int64_t count) {
    if (op->length < 0) return resize(content, length, op->offset);
    int64_t end = op->offset + from + count;
    if (end > *length && !resize(content, length, end)) return false;
    memcpy(*content + op->offset + from, op->bytes + from, (size_t)count);
    return true;
}

static void forget_ops(fault_node *node) {
    for (int index = 0; index < node->op_count; index++) free(node->ops[index].bytes);
    node->op_count = 0;
}

static void free_node(fault_node *node) {
    forget_ops(node);
    free(node->ops);
    free(node->safe);
    free(node->path);
    free(node);
}

/// The whole file. NULL: it can't be read.
static uint8_t *read_file(const char *path, int64_t *size, struct stat *facts) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return NULL;
    uint8_t *bytes = NULL;
    if (fstat(descriptor, facts) == 0 && (bytes = malloc((size_t)facts->st_size + 1))) {
        *size = 0;
        ssize_t got;
        while (*size < facts->st_size
               && (got = pread(descriptor, bytes + *size, (size_t)(facts->st_size - *size), *size)) > 0)
            *size += got;
    }
    close(descriptor);
    return bytes;
}

/// Whether the file is what the node's safe content and its operations make. False where there is no memory to tell.
static bool is_known(const fault_node *node, const uint8_t *bytes, int64_t size) {
    uint8_t *content = NULL;
    int64_t length = 0;
    bool is_same = resize(&content, &length, node->safe_size);
    if (is_same) memcpy(content, node->safe, (size_t)node->safe_size);
    for (int index = 0; is_same && index < node->op_count; index++)
        is_same = apply(&content, &length, &node->ops[index], 0, node->ops[index].length);
    is_same = is_same && length == size && memcmp(content, bytes, (size_t)size) == 0;
    free(content);
    return is_same;
}

fault_node *fault_node_open(fault_disk *disk, const char *path, bool is_new) {
    struct stat facts;
    if (stat(path, &facts) != 0) return NULL;
    fault_node *node = disk->nodes;
    while (node && (node->is_deleted || node->inode != facts.st_ino || node->device != facts.st_dev))
        node = node->next;
    if (node && node->handles > 0) {
        node->handles++;
        return node;
    }
    int64_t size = 0;
    uint8_t *bytes = read_file(path, &size, &facts);
    char *name = strdup(path);
    if (!node && bytes && name && (node = calloc(1, sizeof *node))) {
        node->device = facts.st_dev;
        node->inode = facts.st_ino;
        node->is_new = is_new;
        node->next = disk->nodes;
        disk->nodes = node;
    } else if (node && bytes && (node->has_lost || is_known(node, bytes, size))) {
        free(bytes);
        bytes = NULL;
    }
    if (!node || !name) {
        free(bytes);
        free(name);
        return NULL;
    }
    if (bytes) {
        forget_ops(node);
        free(node->safe);
        node->safe = bytes;
        node->safe_size = size;
    }
    free(node->path);
    node->path = name;
    node->handles = 1;
    return node;
}

static fault_op *add(fault_node *node) {
    if (node->op_count == node->op_room) {
        int room = node->op_room ? 2 * node->op_room : 64;
        fault_op *grown = realloc(node->ops, (size_t)room * sizeof *grown);
        if (!grown) return NULL;
        node->ops = grown;
        node->op_room = room;
    }
    return &node->ops[node->op_count];
}

bool fault_node_write(fault_node *node, const void *bytes, int64_t length, int64_t offset) {
    fault_op *op = add(node);
    uint8_t *copy = malloc((size_t)length + 1);
    if (!op || !copy) {
        free(copy);
        return false;
    }
    memcpy(copy, bytes, (size_t)length);
    *op = (fault_op){.offset = offset, .length = length, .bytes = copy};
    node->op_count++;
    return true;
}

bool fault_node_truncate(fault_node *node, int64_t size) {
    fault_op *op = add(node);
    if (!op) return false;
    *op = (fault_op){.offset = size, .length = -1};
    node->op_count++;
    return true;
}

void fault_node_synced(fault_node *node) {
    for (int index = 0; index < node->op_count; index++)
        apply(&node->safe, &node->safe_size, &node->ops[index], 0, node->ops[index].length);
    forget_ops(node);
}

void fault_node_sync_failed(fault_disk *disk, fault_node *node) {
    for (int index = 0; index < node->op_count; index++)
        if (one_in(disk, 2)) apply(&node->safe, &node->safe_size, &node->ops[index], 0, node->ops[index].length);
    forget_ops(node);
    node->has_lost = true;
}

void fault_disk_folder_synced(fault_disk *disk) {
    fault_node **link = &disk->nodes;
    while (*link) {
        fault_node *node = *link;
        node->is_new = false;
        if (node->is_deleted && node->handles == 0) {
            *link = node->next;
            free_node(node);
        } else {
            link = &node->next;
        }
    }
}

void fault_node_deleted(fault_disk *disk, const char *path) {
    for (fault_node *node = disk->nodes; node; node = node->next)
        if (!node->is_deleted && strcmp(node->path, path) == 0) node->is_deleted = true;
}

// MARK: A power cut

/// A sector that was under way holds neither the old nor the new, where these differ.
static void garble(fault_disk *disk, fault_node *node, const fault_op *op, int64_t from, int64_t count) {
    for (int64_t index = from; index < from + count; index++) {
        int64_t place = op->offset + index;
        if (place < node->safe_size && node->safe[place] != op->bytes[index])
            node->safe[place] = (uint8_t)fault_random(disk);
    }
}

/// Lets chance decide what of an operation is on the disk. The bytes around a torn write are as they were: SQLite relies
/// on that (SQLITE_IOCAP_POWERSAFE_OVERWRITE).
static void settle(fault_disk *disk, fault_node *node, const fault_op *op, int64_t sector) {
    uint64_t chance = fault_random(disk) % 8;
    if (chance < 3) {
        apply(&node->safe, &node->safe_size, op, 0, op->length);
    } else if (op->length < 0 || chance < 6) {
        // The size may be there without the bytes.
        int64_t end = op->offset + op->length;
        if (op->length > 0 && end > node->safe_size && one_in(disk, 4)) resize(&node->safe, &node->safe_size, end);
    } else {
        for (int64_t from = 0; from < op->length;) {
            int64_t count = sector - (op->offset + from) % sector;
            if (count > op->length - from) count = op->length - from;
            if (one_in(disk, 2)) apply(&node->safe, &node->safe_size, op, from, count);
            else if (one_in(disk, 8)) garble(disk, node, op, from, count);
            from += count;
        }
    }
}

/// The name of the node's file now, which may have been renamed; empty: it has none.
static void find_name(const fault_disk *disk, const fault_node *node, char *name, size_t room) {
    name[0] = 0;
    DIR *folder = opendir(disk->folder);
    if (!folder) return;
    for (struct dirent *entry = readdir(folder); entry && !name[0]; entry = readdir(folder))
        if (entry->d_ino == node->inode) snprintf(name, room, "%s/%s", disk->folder, entry->d_name);
    closedir(folder);
}

static bool write_file(const char *path, const uint8_t *bytes, int64_t size) {
    int descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return false;
    int64_t done = 0;
    while (done < size) {
        ssize_t count = pwrite(descriptor, bytes + done, (size_t)(size - done), done);
        if (count <= 0) break;
        done += count;
    }
    close(descriptor);
    return done == size;
}

/// The index of the log is a file in memory in all but name.
static void remove_indexes(const fault_disk *disk) {
    DIR *folder = opendir(disk->folder);
    if (!folder) return;
    for (struct dirent *entry = readdir(folder); entry; entry = readdir(folder)) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, "-shm") != 0) continue;
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", disk->folder, entry->d_name);
        unlink(path);
    }
    closedir(folder);
}

bool fault_disk_cut_power(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    int64_t sector = one_in(disk, 2) ? 512 : 4096;
    // Often nothing of it is there: the disk had written nothing yet.
    bool drops_all = one_in(disk, 4);
    bool is_done = true;
    for (fault_node *node = disk->nodes; node; node = node->next) {
        for (int index = 0; index < node->op_count && !drops_all; index++)
            settle(disk, node, &node->ops[index], sector);
        forget_ops(node);
        char name[4096];
        if (node->is_deleted) {
            // Back again, unless there is another of its name.
            if (one_in(disk, 2) && access(node->path, F_OK) != 0)
                is_done &= write_file(node->path, node->safe, node->safe_size);
            continue;
        }
        find_name(disk, node, name, sizeof name);
        if (!name[0]) continue;
        if (node->is_new && one_in(disk, 2)) is_done &= unlink(name) == 0;
        else is_done &= write_file(name, node->safe, node->safe_size);
    }
    remove_indexes(disk);
    // What is there now is safe, and is looked at anew.
    for (fault_node *node = disk->nodes, *next; node; node = next) {
        next = node->next;
        free_node(node);
    }
    disk->nodes = NULL;
    disk->end = FAULT_NOTHING;
    disk->plan = (fault_plan){.action = FAULT_NOTHING};
    pthread_mutex_unlock(&fault_mutex);
    return is_done;
}

// MARK: Disks

fault_disk *fault_disk_mount(const char *folder, uint64_t seed) {
    fault_disk *disk = calloc(1, sizeof *disk);
    char *name = strdup(folder);
    if (!disk || !name) {
        free(disk);
        free(name);
        return NULL;
    }
    disk->folder = name;
    disk->random = seed;
    pthread_mutex_lock(&fault_mutex);
    disk->next = disks;
    disks = disk;
    pthread_mutex_unlock(&fault_mutex);
    return disk;
}

void fault_disk_unmount(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    fault_disk **link = &disks;
    while (*link != disk) link = &(*link)->next;
    *link = disk->next;
    for (fault_node *node = disk->nodes, *next; node; node = next) {
        next = node->next;
        free_node(node);
    }
    free(disk->folder);
    free(disk);
    pthread_mutex_unlock(&fault_mutex);
}

void fault_disk_arm(fault_disk *disk, fault_plan plan) {
    pthread_mutex_lock(&fault_mutex);
    disk->plan = plan;
    disk->matched = 0;
    pthread_mutex_unlock(&fault_mutex);
}

void fault_disk_hold(fault_disk *disk, bool held) {
    pthread_mutex_lock(&fault_mutex);
    disk->is_held = held;
    pthread_mutex_unlock(&fault_mutex);
}

uint64_t fault_disk_calls(fault_disk *disk, uint32_t calls) {
    pthread_mutex_lock(&fault_mutex);
    uint64_t sum = 0;
    for (int call = 0; call < FAULT_CALLS; call++)
        if (calls & 1u << call) sum += disk->calls[call];
    pthread_mutex_unlock(&fault_mutex);
    return sum;
}

uint64_t fault_disk_struck(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    uint64_t struck = disk->struck;
    pthread_mutex_unlock(&fault_mutex);
    return struck;
}

fault_action fault_disk_end(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    fault_action end = disk->end;
    pthread_mutex_unlock(&fault_mutex);
    return end;
}

int fault_disk_open_files(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    int count = 0;
    for (fault_node *node = disk->nodes; node; node = node->next) count += node->handles;
    pthread_mutex_unlock(&fault_mutex);
    return count;
}

void fault_disk_restart(fault_disk *disk) {
    pthread_mutex_lock(&fault_mutex);
    // A fault that has not come stays.
    if (disk->end != FAULT_NOTHING) disk->plan = (fault_plan){.action = FAULT_NOTHING};
    disk->end = FAULT_NOTHING;
    pthread_mutex_unlock(&fault_mutex);
}

void fault_disk_skip_commit_syncs(fault_disk *disk, bool skip) {
    pthread_mutex_lock(&fault_mutex);
    disk->skips_commit_syncs = skip;
    pthread_mutex_unlock(&fault_mutex);
}
