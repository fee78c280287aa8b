#include <stdlib.h>

// libdispatch complains to syslog whenever it may not raise a thread's priority, which is always; and the journal keeps
// the command line with each line of syslog, where `send --payload` has a payload. Before main, as threads start early.
__attribute__((constructor)) static void silence_dispatch(void) { setenv("LIBDISPATCH_LOG", "NO", 0); }
