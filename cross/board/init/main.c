/* The first process of the emulated board: makes the userland usable, then runs what the host asks for, one command
 * after the other. cross/board/machine.py is the other end. */
#define _GNU_SOURCE
#include <errno.h>
#include <net/if.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "anon.h"
#include "command.h"
#include "host.h"

enum { BUFFER = 128 * 1024, STRINGS = 4096 };

/* What the host sends: this, then strings, each ending with a zero: folder, arguments, environment. */
struct request {
  uint32_t timeout_ms;
  uint32_t arguments;
  uint32_t variables;
};

/* Shared, so that it is no anonymous memory of the processes that are forked from here. */
static char *buffer;

static _Noreturn void fail(const char *what) {
  int len = snprintf(buffer, BUFFER, "%s: %s", what, strerror(errno));
  host_write(HOST_FAILURE, buffer, (size_t)len);
  for (;;) pause();
}

static void mount_all(void) {
  const char *const systems[][2] = {{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}};
  for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
    if (mount(systems[i][0], systems[i][1], systems[i][0], 0, NULL) < 0) fail(systems[i][1]);
  if (mkdir("/dev/shm", 01777) < 0 || mount("tmpfs", "/dev/shm", "tmpfs", 0, NULL) < 0) fail("/dev/shm");
}

static void loopback_up(void) {
  struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
  int any = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (any < 0 || ioctl(any, SIOCSIFFLAGS, &request) < 0) fail("loopback interface");
  close(any);
}

static int memory_file(const char *name) {
  int file = memfd_create(name, MFD_CLOEXEC);
  if (file < 0) fail(name);
  return file;
}

static void send_file(enum host_stream stream, int file) {
  ssize_t len;
  lseek(file, 0, SEEK_SET);
  while ((len = read(file, buffer, BUFFER)) > 0) host_write(stream, buffer, (size_t)len);
  close(file);
}

static void receive_file(enum host_stream stream, int file) {
  size_t len;
  while ((len = host_read(stream, buffer, BUFFER)) > 0)
    if (write(file, buffer, len) != (ssize_t)len) fail("memory file");
  lseek(file, 0, SEEK_SET);
}

static void send_outcome(const struct outcome *outcome) {
  int len = snprintf(buffer, BUFFER, "status: %d\ntimed_out: %d\nnanoseconds: %lld\npeak_anon_kb: %llu\n%s",
                     outcome->status, outcome->timed_out, (long long)outcome->nanoseconds,
                     (unsigned long long)outcome->peak_anon_pages * 4, outcome->proc_status);
  host_write(HOST_OUTCOME, buffer, (size_t)len);
}

static char *take_strings(char *from, uint32_t count, char **to) {
  for (uint32_t i = 0; i < count; i++, from += strlen(from) + 1) to[i] = from;
  to[count] = NULL;
  return from;
}

static void serve_one(void) {
  static char *arguments[STRINGS], *environment[STRINGS];
  struct request request;
  struct outcome outcome;
  size_t len = host_read(HOST_REQUEST, buffer, BUFFER);
  char strings[len];
  memcpy(&request, buffer, sizeof request);
  memcpy(strings, buffer + sizeof request, len - sizeof request);
  struct command command = {.folder = strings,
                            .arguments = arguments,
                            .environment = environment,
                            .input = memory_file("stdin"),
                            .output = memory_file("stdout"),
                            .errors = memory_file("stderr"),
                            .timeout_ms = request.timeout_ms};
  char *rest = take_strings(strings + strlen(strings) + 1, request.arguments, arguments);
  take_strings(rest, request.variables, environment);
  receive_file(HOST_STDIN, command.input);
  command_run(&command, &outcome);
  close(command.input);
  send_file(HOST_STDOUT, command.output);
  send_file(HOST_STDERR, command.errors);
  send_outcome(&outcome);
}

int main(void) {
  sigset_t child;
  buffer = mmap(NULL, BUFFER, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);
  memset(buffer, 0, BUFFER);
  if (host_setup() < 0) return 1;
  mount_all();
  loopback_up();
  if (anon_setup() < 0) fail("BPF on kmem:rss_stat");
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  for (;;) serve_one();
}
