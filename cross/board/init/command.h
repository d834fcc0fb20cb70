/* Runs one command and measures it. */
#ifndef COMMAND_H
#define COMMAND_H

#include <stdbool.h>
#include <stdint.h>

struct command {
  const char *folder;
  char **arguments;
  char **environment;
  int input, output, errors; /* descriptors */
  uint32_t timeout_ms;
};

struct outcome {
  int status; /* as wait gives it */
  bool timed_out;
  int64_t nanoseconds;      /* from exec to the end */
  uint64_t peak_anon_pages; /* of the command's own process, as are the rest */
  char proc_status[2048];   /* /proc/PID/status as it was last, which has the peak of the memory */
};

/* Nothing that the command started is left afterwards. SIGCHLD must be blocked. */
void command_run(const struct command *command, struct outcome *outcome);

#endif
