#include "CFaultVFS.h"
#include <sqlite3.h>
#include <stddef.h>

// SQLite's allocations, of which one can be refused. They are counted by thread: tests run beside each other.
static sqlite3_mem_methods system_memory;
static _Thread_local uint64_t calls, fails_at;
static _Thread_local bool stays_so, has_struck, is_held;
static _Thread_local int64_t held_bytes;

static bool refuses(void) {
    if (is_held) return false;
    calls++;
    bool refused = fails_at && (calls == fails_at || (stays_so && calls > fails_at));
    has_struck |= refused;
    return refused;
}

static void *allocate(int size) {
    void *memory = refuses() ? NULL : system_memory.xMalloc(size);
    if (memory) held_bytes += system_memory.xSize(memory);
    return memory;
}

static void *grow(void *memory, int size) {
    int before = memory ? system_memory.xSize(memory) : 0;
    void *grown = refuses() ? NULL : system_memory.xRealloc(memory, size);
    if (grown) held_bytes += system_memory.xSize(grown) - before;
    return grown;
}

static void give_back(void *memory) {
    if (memory) held_bytes -= system_memory.xSize(memory);
    system_memory.xFree(memory);
}

/// Before anything uses SQLite: its allocator can't be changed later.
__attribute__((constructor)) static void install(void) {
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &system_memory) != SQLITE_OK) return;
    sqlite3_mem_methods methods = system_memory;
    methods.xMalloc = allocate;
    methods.xRealloc = grow;
    methods.xFree = give_back;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}

void fault_memory_arm(uint64_t at, bool stays) {
    calls = 0;
    fails_at = at;
    stays_so = stays;
    has_struck = false;
}

bool fault_memory_disarm(void) {
    fails_at = 0;
    return has_struck;
}

void fault_memory_hold(bool held) { is_held = held; }

uint64_t fault_memory_calls(void) { return calls; }

int64_t fault_memory_held(void) { return held_bytes; }

bool fault_memory_struck(void) { return has_struck; }
