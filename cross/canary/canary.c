/* A program that needs ARMv7 when it is compiled for ARMv7: the emulated ARM1176 must refuse its barrier, or the
 * emulator proves nothing. Compiled for ARMv6 it runs there. */
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

int main(void) {
  volatile uint32_t constant = 0x12345678;
  atomic_thread_fence(memory_order_seq_cst);
  return printf("%x\n", (unsigned)constant) == 9 ? 0 : 1;
}
