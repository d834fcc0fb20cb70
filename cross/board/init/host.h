/* The way to the machine that emulates this one: a breakpoint, which cross/board/machine.py sets.
 *
 * The board stands still while the host answers, so the host's pace never shows in the board's time. The buffer must
 * be resident and written to before: the host reads and writes physical memory and cannot raise a page fault. */
#ifndef HOST_H
#define HOST_H

#include <stddef.h>

/* In the order that machine.py knows. */
enum host_stream { HOST_REQUEST, HOST_STDIN, HOST_STDOUT, HOST_STDERR, HOST_OUTCOME, HOST_FAILURE };

/* Before all else; 0, or -1 with errno. */
int host_setup(void);
void host_write(enum host_stream stream, void *data, size_t len);
/* Waits, with the board's time standing still, until there is something; its length, at most `len`, 0 at the end. */
size_t host_read(enum host_stream stream, void *data, size_t len);

#endif
