/* Drives the C ABI without Python: load, call, answer, refuse, cancel, and one instance from several threads.
 *
 * usage: driver ARTIFACT PUBLIC-KEY-HEX ARGUMENTS
 *
 * ARTIFACT is a tool that imports logging. Prints the tool's answer, then "N checks passed"; exits 1 at the first
 * check that fails. */
#define _DEFAULT_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "../../native/edge.h"

static const char LOG_RECORD[] = "zeroclaw:plugin/logging@0.1.0#log-record";
static const char EXECUTE[] = "zeroclaw:plugin/tool@0.1.0#execute";

static int passed;

#define CHECK(condition)                                                      \
  do {                                                                        \
    if (!(condition)) {                                                       \
      fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);         \
      exit(1);                                                                \
    }                                                                         \
    passed++;                                                                 \
  } while (0)

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

/* A tuple of one string, as native/src/values.rs describes it. */
static size_t one_string(const uint8_t *text, size_t len, uint8_t *out) {
  const uint32_t one = 1, size = (uint32_t)len;
  out[0] = '(';
  memcpy(out + 1, &one, 4);
  out[5] = 'u';
  memcpy(out + 6, &size, 4);
  memcpy(out + 10, text, len);
  return 10 + len;
}

static edge_plugin *load(edge_engine *engine, const char *path, const char *trust, const char *provides,
                         int32_t expected) {
  edge_plugin *plugin = NULL;
  edge_bytes why = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  int32_t status = edge_plugin_load(engine, fd, NULL, 0, bytes(trust), strlen(trust), NULL, 0, bytes(provides),
                                    strlen(provides), &plugin, NULL, &why);
  close(fd);
  if (status != expected) fprintf(stderr, "status %#x: %.*s\n", (unsigned)status, (int)why.len, (char *)why.data);
  CHECK(status == expected);
  CHECK((status == EDGE_OK) == (plugin != NULL));
  CHECK((status == EDGE_OK) == (why.len == 0));
  edge_bytes_free(&why);
  return plugin;
}

static edge_instance *instance_of(edge_plugin *plugin) {
  const edge_instance_options defaults = {.fixed = 1};
  edge_instance *instance = NULL;
  CHECK(edge_instance_new(plugin, &defaults, &instance, NULL) == EDGE_OK);
  return instance;
}

static void start(edge_instance *instance, const char *name, const char *json) {
  edge_bytes merged = {0};
  uint8_t params[4096];
  CHECK(edge_arguments(bytes(json), strlen(json), NULL, 0, &merged, NULL) == EDGE_OK);
  CHECK(merged.len < sizeof params - 10);
  size_t len = one_string(merged.data, merged.len, params);
  edge_bytes_free(&merged);
  CHECK(edge_call_start(instance, bytes(name), strlen(name), params, len, NULL) == EDGE_OK);
}

/* Steps to the end of the call, answering each log record with nothing. */
static int32_t drive(edge_instance *instance, edge_step *step, int *records) {
  for (;;) {
    int32_t kind = edge_call_step(instance, step);
    if (kind == EDGE_STEP_HOST) {
      CHECK(step->host == 0);
      CHECK(step->len > 5 && step->data[0] == '(');
      CHECK(edge_call_step(instance, step) == EDGE_STATE);
      CHECK(edge_call_answer(instance, NULL, 0, NULL) == EDGE_OK);
      ++*records;
    } else if (kind != EDGE_STEP_SLICE && kind != EDGE_STEP_WAIT) {
      return kind;
    }
  }
}

static void calls(edge_engine *engine, const char *path, const char *trust, const char *arguments) {
  edge_plugin *plugin = load(engine, path, trust, LOG_RECORD, EDGE_OK);
  edge_bytes description = {0};
  CHECK(edge_plugin_describe(plugin, &description) == EDGE_OK && description.data[0] == '{');
  edge_bytes_free(&description);

  edge_step step = {0};
  edge_stats stats = {0};
  edge_instance *instance = instance_of(plugin);
  edge_plugin_free(plugin);
  int records = 0;

  CHECK(edge_call_step(instance, &step) == EDGE_STATE);
  CHECK(edge_call_answer(instance, NULL, 0, NULL) == EDGE_STATE);
  start(instance, "no-such-function", arguments);
  CHECK(edge_call_start(instance, bytes(EXECUTE), strlen(EXECUTE), NULL, 0, NULL) == EDGE_STATE);
  CHECK(drive(instance, &step, &records) == EDGE_NO_EXPORT);

  start(instance, EXECUTE, arguments);
  CHECK(drive(instance, &step, &records) == EDGE_STEP_DONE);
  CHECK(records > 0);
  CHECK(edge_call_stats(instance, &stats) == EDGE_OK && stats.fuel > 0 && stats.memory_bytes > 0);
  CHECK(stats.host_calls == (uint32_t)records);
  fwrite(step.data, 1, step.len, stdout);
  printf("\nfuel %llu\n", (unsigned long long)stats.fuel);

  CHECK(edge_call_start(instance, bytes(EXECUTE), strlen(EXECUTE), bytes("(\1\0\0\0N"), 6, NULL) == EDGE_OK);
  CHECK(drive(instance, &step, &records) == EDGE_VALUE);

  start(instance, EXECUTE, arguments);
  CHECK(edge_call_cancel(instance) == EDGE_OK);
  CHECK(edge_call_step(instance, &step) == EDGE_CANCELLED);
  CHECK(edge_call_start(instance, bytes(EXECUTE), strlen(EXECUTE), NULL, 0, NULL) == EDGE_STATE);
  edge_instance_free(instance);
}

static void failed_host(edge_engine *engine, const char *path, const char *trust, const char *arguments) {
  edge_plugin *plugin = load(engine, path, trust, LOG_RECORD, EDGE_OK);
  edge_instance *instance = instance_of(plugin);
  edge_step step = {0};
  start(instance, EXECUTE, arguments);
  int32_t kind;
  while ((kind = edge_call_step(instance, &step)) == EDGE_STEP_SLICE) {
  }
  CHECK(kind == EDGE_STEP_HOST);
  CHECK(edge_call_fail(instance, bytes("the log is full"), 15) == EDGE_OK);
  CHECK(edge_call_step(instance, &step) == EDGE_HOST_FAILED);
  CHECK(step.len >= 15 && memcmp(step.data, "the log is full", 15) == 0);
  edge_instance_free(instance);
  edge_plugin_free(plugin);
}

static void refusals(edge_engine *engine, const char *path, const char *trust) {
  static const char OTHER[] = "ed25519 0700000000000000000000000000000000000000000000000000000000000000 other\n";
  edge_bytes why = {0};
  edge_plugin *plugin = NULL;
  load(engine, path, OTHER, LOG_RECORD, EDGE_UNTRUSTED);
  load(engine, path, "", LOG_RECORD, EDGE_UNTRUSTED);
  load(engine, path, "ed25519 07\n", LOG_RECORD, EDGE_OPTIONS);
  load(engine, path, trust, "", EDGE_MISSING_IMPORT);
  load(engine, "/dev/null", trust, LOG_RECORD, EDGE_NOT_ARTIFACT);
  CHECK(edge_plugin_load(engine, -1, NULL, 0, NULL, 0, NULL, 0, NULL, 0, &plugin, NULL, &why) == EDGE_IO && why.len > 0);
  edge_bytes_free(&why);
  CHECK(edge_package_describe(-1, NULL, 0, NULL, NULL, &why) == EDGE_IO && why.len > 0);
  edge_bytes_free(&why);
  CHECK(edge_head_describe(bytes("EDGEPKG1"), 8, NULL, 0, NULL, &why) == EDGE_NOT_PACKAGE && why.len > 0);
  edge_bytes_free(&why);
  CHECK(edge_trust_read(bytes("wasmtime 48\n"), 12, NULL, NULL) == EDGE_OPTIONS);
  CHECK(edge_arguments(bytes("[1]"), 3, NULL, 0, &why, NULL) == EDGE_ARGUMENTS);
}

static uint64_t enter(edge_counters *counters, const char *name, uint64_t memory, edge_count *why) {
  return edge_counters_enter(counters, bytes(name), strlen(name), memory, 100, UINT64_MAX, 2, 3, 1000, why);
}

static void counting(void) {
  char path[] = "/tmp/edge-counters-XXXXXX";
  int fd = mkstemp(path);
  edge_counters *counters = NULL, *other = NULL;
  edge_count count = {0};
  edge_bytes why = {0};
  CHECK(fd >= 0 && edge_counters_open(fd, NULL, 0, &counters, NULL) == EDGE_OK);
  CHECK(edge_counters_open(-1, NULL, 0, &other, &why) == EDGE_IO && other == NULL && why.len > 0);
  edge_bytes_free(&why);

  uint64_t first = enter(counters, "a", 60, NULL), second = enter(counters, "a", 40, NULL);
  CHECK(first != 0 && second != 0 && first != second);
  CHECK(enter(counters, "b", 1, &count) == 0 && count.kind == EDGE_COUNT_MEMORY);
  CHECK(count.memory == 100 && count.calls == 2 && count.free == UINT64_MAX);
  CHECK(enter(counters, "a", 0, &count) == 0 && count.kind == EDGE_COUNT_BUSY && count.calls == 2);
  CHECK(edge_counters_leave(counters, first) == 0 && edge_counters_leave(counters, first) == 0);
  CHECK(edge_counters_live(counters, 1000, &count) == EDGE_OK && count.calls == 1 && count.memory == 40);
  CHECK(edge_counters_leave(counters, enter(counters, "a", 60, NULL)) == 0);
  CHECK(enter(counters, "a", 0, &count) == 0 && count.kind == EDGE_COUNT_RATE && count.wait == 61);
  CHECK(enter(counters, "", 0, &count) == 0 && count.kind == EDGE_COUNT_NAME);

  int again = open(path, O_RDWR | O_CLOEXEC);
  CHECK(again >= 0 && edge_counters_open(again, NULL, 0, &other, NULL) == EDGE_OK);
  CHECK(flock(fd, LOCK_EX) == 0 && enter(other, "b", 0, &count) == 0 && count.kind == EDGE_COUNT_LOCKED);
  CHECK(flock(fd, LOCK_UN) == 0 && enter(other, "b", 0, NULL) != 0);
  CHECK(unlink(path) == 0 && edge_counters_live(counters, 1001, &count) == EDGE_COUNT_CLOSED);
  CHECK(edge_free_bytes(NULL, 0) > 0 && edge_free_bytes(bytes("/nowhere"), 8) == UINT64_MAX);
  close(again);
  close(fd);
  edge_counters_free(other);
  edge_counters_free(counters);
  edge_counters_free(NULL);
  CHECK(edge_counters_live(NULL, 0, &count) == EDGE_STATE && edge_counters_leave(NULL, 1) == 0);
}

#define THREADS 4

typedef struct {
  edge_instance *instance;
  const char *arguments;
  int calls, refused, ended, other;
} user;

/* Calls again and again; what another thread has under way refuses it, and nothing else happens. */
static void *use(void *given) {
  user *mine = given;
  uint8_t params[4096];
  const size_t len = one_string(bytes(mine->arguments), strlen(mine->arguments), params);
  for (int round = 0; round < 400 && mine->ended == 0; round++) {
    edge_step step = {0};
    edge_stats stats = {0};
    if (edge_call_stats(mine->instance, &stats) != EDGE_OK) mine->other++;
    if (edge_call_start(mine->instance, bytes(EXECUTE), strlen(EXECUTE), params, len, NULL) != EDGE_OK) mine->refused++;
    int32_t kind = edge_call_step(mine->instance, &step);
    if (kind == EDGE_STEP_HOST) {
      if (edge_call_answer(mine->instance, NULL, 0, NULL) != EDGE_OK) mine->refused++;
    } else if (kind == EDGE_STEP_DONE) {
      mine->calls++;
    } else if (kind == EDGE_CANCELLED) {
      mine->ended++;
    } else if (kind == EDGE_STATE) {
      if (step.len == 0) mine->other++;
      mine->refused++;
    } else if (kind != EDGE_STEP_SLICE && kind != EDGE_STEP_WAIT) {
      mine->other++;
    }
  }
  return NULL;
}

static void shared(edge_engine *engine, const char *path, const char *trust, const char *arguments, int closes) {
  edge_plugin *plugin = load(engine, path, trust, LOG_RECORD, EDGE_OK);
  edge_instance *instance = instance_of(plugin);
  pthread_t threads[THREADS];
  user users[THREADS];
  int calls = 0, other = 0;
  for (int i = 0; i < THREADS; i++) {
    users[i] = (user){.instance = instance, .arguments = arguments};
    CHECK(pthread_create(&threads[i], NULL, use, &users[i]) == 0);
  }
  if (closes) {
    usleep(2000);
    CHECK(edge_instance_close(instance) == EDGE_OK && edge_instance_close(instance) == EDGE_OK);
  }
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    calls += users[i].calls;
    other += users[i].other;
  }
  CHECK(other == 0 && (closes || calls > 0));
  edge_step step = {0};
  if (closes) CHECK(edge_call_step(instance, &step) == EDGE_STATE && step.len > 0);
  edge_instance_free(instance);
  edge_plugin_free(plugin);
}

/* One step, while another thread closes the instance. */
static void *one_step(void *given) {
  edge_step step = {0};
  int32_t kind = edge_call_step(given, &step);
  return (void *)(intptr_t)(kind == EDGE_CANCELLED || kind == EDGE_STEP_HOST || kind == EDGE_STATE);
}

static void closed_while_used(edge_engine *engine, const char *path, const char *trust, const char *arguments) {
  edge_plugin *plugin = load(engine, path, trust, LOG_RECORD, EDGE_OK);
  for (int round = 0; round < 50; round++) {
    edge_instance *instance = instance_of(plugin);
    pthread_t thread;
    void *fine = NULL;
    edge_stats stats = {0};
    start(instance, EXECUTE, arguments);
    CHECK(pthread_create(&thread, NULL, one_step, instance) == 0);
    usleep(100 * (round % 5));
    CHECK(edge_call_stats(instance, &stats) == EDGE_OK && edge_instance_close(instance) == EDGE_OK);
    CHECK(pthread_join(thread, &fine) == 0 && fine != NULL);
    edge_instance_free(instance);
  }
  edge_plugin_free(plugin);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s ARTIFACT PUBLIC-KEY-HEX ARGUMENTS\n", argv[0]);
    return 2;
  }
  char trust[128];
  CHECK(snprintf(trust, sizeof trust, "ed25519 %s trusted\n", argv[2]) < (int)sizeof trust);
  CHECK(edge_abi_version() == EDGE_ABI_VERSION);

  const edge_engine_options too_small = {.stack_bytes = 1};
  const edge_engine_options defaults = {0};
  edge_engine *engine = NULL;
  CHECK(edge_engine_new(&too_small, &engine, NULL) == EDGE_OPTIONS);
  CHECK(edge_engine_new(&defaults, &engine, NULL) == EDGE_OK);

  calls(engine, argv[1], trust, argv[3]);
  failed_host(engine, argv[1], trust, argv[3]);
  refusals(engine, argv[1], trust);
  counting();
  shared(engine, argv[1], trust, argv[3], 0);
  shared(engine, argv[1], trust, argv[3], 1);
  closed_while_used(engine, argv[1], trust, argv[3]);
  CHECK(edge_instance_close(NULL) == EDGE_STATE);

  edge_engine_free(engine);
  edge_plugin_free(NULL);
  edge_instance_free(NULL);
  edge_bytes_free(NULL);
  printf("%d checks passed\n", passed);
  return 0;
}
