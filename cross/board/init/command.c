#define _GNU_SOURCE
#include "command.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "anon.h"

/* What a shell answers. */
enum { CANNOT_EXECUTE = 126, NOT_FOUND = 127 };

static int64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * INT64_C(1000000000) + time.tv_nsec;
}

static void become(const struct command *command, int go, volatile int64_t *started) {
  char byte;
  sigset_t none;
  setsid();
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  dup2(command->input, STDIN_FILENO);
  dup2(command->output, STDOUT_FILENO);
  dup2(command->errors, STDERR_FILENO);
  if (chdir(command->folder) == 0 && read(go, &byte, 1) == 1) {
    environ = command->environment;
    *started = now();
    execvp(command->arguments[0], command->arguments);
  }
  dprintf(STDERR_FILENO, "%s: %s\n", command->arguments[0], strerror(errno));
  _exit(errno == ENOENT ? NOT_FOUND : CANNOT_EXECUTE);
}

static void read_status(pid_t process, char *text, size_t size) {
  char path[32];
  snprintf(path, sizeof path, "/proc/%d/status", process);
  int file = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t len = file < 0 ? 0 : read(file, text, size - 1);
  text[len > 0 ? len : 0] = '\0';
  close(file);
}

/* A process to wait for, or 0 when the deadline is over. */
static pid_t next_change(int *status, int64_t deadline) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  for (;;) {
    pid_t changed = waitpid(-1, status, WNOHANG | __WALL);
    if (changed != 0) return changed;
    int64_t left = deadline - now();
    if (left <= 0) return 0;
    const struct timespec patience = {left / 1000000000, left % 1000000000};
    sigtimedwait(&child, NULL, &patience);
  }
}

/* Lets the process go on after a stop that tracing it brings about. */
static void resume(pid_t process, int status, struct outcome *outcome) {
  int event = status >> 16;
  if (event == PTRACE_EVENT_EXIT) {
    int64_t stopped = now();
    read_status(process, outcome->proc_status, sizeof outcome->proc_status);
    outcome->nanoseconds -= now() - stopped;
  }
  if (event == PTRACE_EVENT_STOP && WSTOPSIG(status) != SIGTRAP)
    ptrace(PTRACE_LISTEN, process, 0, 0);
  else
    ptrace(PTRACE_CONT, process, 0, event ? 0 : WSTOPSIG(status));
}

static void clear_away(void) {
  kill(-1, SIGKILL);
  while (waitpid(-1, NULL, __WALL) > 0 || errno == EINTR);
}

void command_run(const struct command *command, struct outcome *outcome) {
  int64_t *started = mmap(NULL, sizeof *started, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  int go[2], status;
  pid_t process, changed;

  memset(outcome, 0, sizeof *outcome);
  pipe2(go, O_CLOEXEC);
  process = fork();
  if (process == 0) become(command, go[0], started);
  ptrace(PTRACE_SEIZE, process, 0, PTRACE_O_TRACEEXIT);
  anon_watch(process);
  int64_t deadline = now() + command->timeout_ms * INT64_C(1000000);
  write(go[1], "", 1);
  for (;;) {
    changed = next_change(&status, deadline);
    if (changed == process && !WIFSTOPPED(status)) break;
    if (changed == process) {
      resume(process, status, outcome);
    } else if (changed == 0) {
      outcome->timed_out = true;
      kill(process, SIGKILL);
      deadline = INT64_MAX;
    }
  }
  outcome->nanoseconds += now() - *started;
  outcome->status = status;
  outcome->peak_anon_pages = anon_peak_pages();
  anon_watch(0);
  clear_away();
  close(go[0]);
  close(go[1]);
  munmap(started, sizeof *started);
}
