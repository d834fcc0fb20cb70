/* Executes ten million instructions, and a few more. */
int main(void) {
  unsigned turns = 5000000;
  __asm__ volatile("1: subs %0, %0, #1\n bne 1b" : "+r"(turns)::"cc");
  return 0;
}
