/* Loads from an odd address, in the way that its argument names: an ARM1176 does so for words and halfwords alone. Any
 * other must end this program, or an emulator that runs the library says nothing of how that is aligned. */
#include <stdint.h>
#include <string.h>

static uint8_t bytes[32] __attribute__((aligned(8))) = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};

int main(int argc, char **argv) {
  const uint8_t *odd = bytes + 1;
  uint32_t low = 0, high = 0;
  if (argc != 2) return 2;
  if (!strcmp(argv[1], "ldr"))
    __asm__ volatile("ldr %0, [%1]" : "=r"(low) : "r"(odd) : "memory");
  else if (!strcmp(argv[1], "ldrh"))
    __asm__ volatile("ldrh %0, [%1]" : "=r"(low) : "r"(odd) : "memory");
  else if (!strcmp(argv[1], "ldrd"))
    __asm__ volatile("ldrd r2, r3, [%2]\n\tmov %0, r2\n\tmov %1, r3" : "=r"(low), "=r"(high) : "r"(odd) : "r2", "r3", "memory");
  else if (!strcmp(argv[1], "ldm"))
    __asm__ volatile("ldm %2, {r2, r3}\n\tmov %0, r2\n\tmov %1, r3" : "=r"(low), "=r"(high) : "r"(odd) : "r2", "r3", "memory");
  else if (!strcmp(argv[1], "vldr"))
    __asm__ volatile("vldr d0, [%1]\n\tvmov %0, s0" : "=r"(low) : "r"(odd) : "d0", "memory");
  else
    return 2;
  return (low & 0xff) == 1 ? 0 : 1;
}
