#ifndef CLINUX_H
#define CLINUX_H
// What Glibc's Swift module leaves out.
#include <stdbool.h>
#include <stdint.h>

/// eventfd(2), non-blocking, close-on-exec; -1 with errno on error.
int clinux_eventfd(void);

/// Wakes whoever polls the eventfd. Never blocks; a counter at its limit is awake already.
void clinux_eventfd_signal(int descriptor);

/// Takes the pending wake-ups off the eventfd.
void clinux_eventfd_drain(int descriptor);

/// Waits until the descriptor can be read, at most so long.
void clinux_poll(int descriptor, int64_t nanoseconds);

/// Whether the kernel says that its clock is synchronised (adjtimex(2)).
bool clinux_clock_is_synchronised(void);

/// Names the calling thread (at most 15 bytes), for ps and gdb.
void clinux_name_thread(const char *name);

/// No core of this process, whatever its limits and wherever cores go; nor can another process of its user look into it
/// (prctl(2), PR_SET_DUMPABLE). False with errno where the kernel refuses.
bool clinux_forbid_cores(void);

/// CLOCK_BOOTTIME in nanoseconds: goes on while the machine sleeps, never jumps.
int64_t clinux_boottime_ns(void);

/// CLOCK_REALTIME in milliseconds.
int64_t clinux_realtime_ms(void);
#endif
