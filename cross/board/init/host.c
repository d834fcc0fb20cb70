#include "host.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

/* Where the breakpoint is: a place that no program has code at, below the stack. */
#define HOST_CALL 0xb8000000

/* `nop; bx lr`. The host stops the board at the nop, serves the call, puts its answer into r0 and goes on behind it. */
static const uint32_t CODE[] = {0xe1a00000, 0xe12fff1e};

typedef size_t host_call(enum host_stream stream, void *data, size_t len);

int host_setup(void) {
  char *code = mmap((void *)HOST_CALL, sizeof CODE, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  if (code == MAP_FAILED) return -1;
  memcpy(code, CODE, sizeof CODE);
  __builtin___clear_cache(code, code + sizeof CODE);
  return 0;
}

void host_write(enum host_stream stream, void *data, size_t len) { ((host_call *)HOST_CALL)(stream, data, len); }

size_t host_read(enum host_stream stream, void *data, size_t len) {
  return ((host_call *)HOST_CALL)(stream, data, len);
}
