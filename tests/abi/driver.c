/* Drives the C ABI without Python: load, call, answer, refuse, cancel.
 *
 * usage: driver ARTIFACT PUBLIC-KEY-HEX ARGUMENTS
 *
 * ARTIFACT is a tool that imports logging. Prints the tool's answer, then "N checks passed"; exits 1 at the first
 * check that fails. */
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

static void decode_hex(const char *hex, uint8_t *out, size_t len) {
  for (size_t i = 0; i < len; i++) {
    unsigned value;
    CHECK(sscanf(hex + 2 * i, "%2x", &value) == 1);
    out[i] = (uint8_t)value;
  }
}

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

static edge_plugin *load(edge_engine *engine, const char *path, const uint8_t *key, const char *provides,
                         int32_t expected) {
  edge_plugin *plugin = NULL;
  edge_bytes why = {0};
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  CHECK(fd >= 0);
  int32_t status = edge_plugin_load(engine, fd, key, 32, NULL, 0, bytes(provides), strlen(provides), &plugin, &why);
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

static void calls(edge_engine *engine, const char *path, const uint8_t *key, const char *arguments) {
  edge_plugin *plugin = load(engine, path, key, LOG_RECORD, EDGE_OK);
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

static void failed_host(edge_engine *engine, const char *path, const uint8_t *key, const char *arguments) {
  edge_plugin *plugin = load(engine, path, key, LOG_RECORD, EDGE_OK);
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

static void refusals(edge_engine *engine, const char *path, const uint8_t *key) {
  uint8_t other[32] = {7};
  edge_bytes why = {0};
  edge_plugin *plugin = NULL;
  load(engine, path, other, LOG_RECORD, EDGE_UNTRUSTED);
  load(engine, path, key, "", EDGE_MISSING_IMPORT);
  load(engine, "/dev/null", key, LOG_RECORD, EDGE_NOT_ARTIFACT);
  CHECK(edge_plugin_load(engine, -1, key, 32, NULL, 0, NULL, 0, &plugin, &why) == EDGE_IO && why.len > 0);
  edge_bytes_free(&why);
  CHECK(edge_plugin_load(engine, 0, key, 31, NULL, 0, NULL, 0, &plugin, NULL) == EDGE_OPTIONS);
  CHECK(edge_arguments(bytes("[1]"), 3, NULL, 0, &why, NULL) == EDGE_ARGUMENTS);
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: %s ARTIFACT PUBLIC-KEY-HEX ARGUMENTS\n", argv[0]);
    return 2;
  }
  uint8_t key[32];
  decode_hex(argv[2], key, sizeof key);
  CHECK(edge_abi_version() == EDGE_ABI_VERSION);

  const edge_engine_options too_small = {.stack_bytes = 1};
  const edge_engine_options defaults = {0};
  edge_engine *engine = NULL;
  CHECK(edge_engine_new(&too_small, &engine, NULL) == EDGE_OPTIONS);
  CHECK(edge_engine_new(&defaults, &engine, NULL) == EDGE_OK);

  calls(engine, argv[1], key, argv[3]);
  failed_host(engine, argv[1], key, argv[3]);
  refusals(engine, argv[1], key);

  edge_engine_free(engine);
  edge_plugin_free(NULL);
  edge_instance_free(NULL);
  edge_bytes_free(NULL);
  printf("%d checks passed\n", passed);
  return 0;
}
