#define _GNU_SOURCE
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// Stands in front of the C library's. libdispatch asks for a higher priority with each thread, which no plain user gets,
// and complains to syslog each time; the journal keeps the command line beside that, where `send --payload` has a
// payload. So the request is made, and never fails. (Silencing it by the environment before main costs the arguments:
// Swift finds them beside the environment's first place.)
int setpriority(__priority_which_t which, id_t who, int priority) {
    syscall(SYS_setpriority, which, who, priority);
    return 0;
}
