/* The C ABI of the Edge native library, version 4.
 *
 * One rule of ownership: what a function hands out as `edge_x **out` belongs to the caller, who frees it with
 * edge_x_free; an `edge_bytes` filled by the library is freed with edge_bytes_free; the bytes inside an `edge_step`
 * are borrowed from the instance until its next call into the library.
 *
 * One rule of failure: a function returns EDGE_OK or a status. `status >> 8` is whose fault it is (2 the caller,
 * 3 the artifact or its trust, 4 the guest, 5 this machine) and `why`, where given, receives a UTF-8 sentence.
 * There is no last-error state.
 *
 * Threads: every function may be called from any thread, and threads may share every object; each has an edge_step of
 * its own. One thread at a time uses an instance: a second one gets EDGE_STATE, and changes nothing. edge_call_cancel,
 * edge_call_stats, edge_call_log, edge_instance_close and edge_instance_free may run beside that thread.
 *
 * Parameters are passed one by one: RATIONALE, "Why functions of the library take no structs of parameters".
 *
 * Values cross in the encoding described in native/src/values.rs. */

#define EDGE_ABI_VERSION 4

#define EDGE_OK 0

/* What edge_call_step returns when the call continues or has succeeded. */
#define EDGE_STEP_DONE 1  /* values: a tuple of the results */
#define EDGE_STEP_HOST 2  /* host: index into `provides`; values: a tuple of the parameters; answer, then step */
#define EDGE_STEP_WAIT 3  /* until: nothing to do before that time on CLOCK_MONOTONIC, in ns; then step */
#define EDGE_STEP_SLICE 4 /* the slice is used up; step again when it is this call's turn */

#define EDGE_ARGUMENTS 0x201   /* the arguments are not a JSON object */
#define EDGE_NO_EXPORT 0x202   /* the component exports no such function */
#define EDGE_VALUE 0x203       /* a value does not have the type the component asks for */
#define EDGE_STATE 0x204       /* a function was called out of its order */
#define EDGE_OPTIONS 0x205     /* an option is outside its range */

#define EDGE_NOT_WASM 0x301       /* the input is not WebAssembly */
#define EDGE_NOT_COMPONENT 0x302  /* a core module without component metadata */
#define EDGE_INVALID_WASM 0x303   /* WebAssembly that does not validate, or that the profile leaves out */
#define EDGE_NOT_ARTIFACT 0x304   /* no trailer of an artifact at the end */
#define EDGE_DAMAGED 0x305        /* sizes, digest or description do not agree */
#define EDGE_WRONG_TARGET 0x306   /* compiled for another engine target */
#define EDGE_WRONG_ENGINE 0x307   /* compiled for another engine: fingerprints differ */
#define EDGE_UNTRUSTED 0x308      /* signed by a key that is not trusted here */
#define EDGE_BAD_SIGNATURE 0x309  /* the signature does not verify */
#define EDGE_MISSING_IMPORT 0x30a /* the component imports what is not provided */
#define EDGE_REVOKED 0x30b        /* its signer or its digest was revoked here */
#define EDGE_OUT_OF_SCOPE 0x30c   /* another plugin than was requested, or than its signer may sign */
#define EDGE_OLD_COMPILER 0x30d   /* compiled by a compiler whose code is refused here */
#define EDGE_DOWNGRADE 0x30e      /* an older release than is accepted */
#define EDGE_NOT_PACKAGE 0x30f    /* no head of a package at the beginning */
#define EDGE_BAD_SEAL 0x310       /* sealed with another key or for something else, or damaged */
#define EDGE_TOO_COMPLEX 0x311    /* a component nested too deep, or of too many instances */
#define EDGE_UNSUPPORTED 0x312    /* it uses what the engine profile leaves out; a second line says what to do */

#define EDGE_TRAPPED 0x401      /* the guest trapped */
#define EDGE_OUT_OF_FUEL 0x402  /* its fuel is used up */
#define EDGE_DEADLINE 0x403     /* its time is used up */
#define EDGE_OVER_LIMIT 0x404   /* it exceeded another limit, which the message names */
#define EDGE_CANCELLED 0x405    /* edge_call_cancel */
#define EDGE_EXITED 0x406       /* it called wasi:cli/exit */
#define EDGE_HOST_FAILED 0x407  /* a host function failed: edge_call_fail */

#define EDGE_IO 0x501          /* reading or writing failed */
#define EDGE_DISK_FULL 0x502   /* no space left */
#define EDGE_OUT_OF_MEMORY 0x503 /* the system gives no more memory */
#define EDGE_NO_COMPILER 0x504 /* this build of the library cannot compile */
#define EDGE_INTERNAL 0x505    /* a fault of Edge itself */

typedef struct edge_engine edge_engine;
typedef struct edge_plugin edge_plugin;
typedef struct edge_instance edge_instance;

typedef struct {
  uint8_t *data;
  size_t len;
} edge_bytes;

typedef struct {
  uint64_t stack_bytes; /* guest stack of every call, one size per engine */
  uint32_t interpret;   /* 1: run Pulley code of this pointer width, also where this CPU has native code */
} edge_engine_options;

/* Zero in a limit means the default of native/src/limits.rs. */
typedef struct {
  uint64_t fuel;            /* units for one call */
  uint64_t slice_fuel;      /* units between two EDGE_STEP_SLICE */
  uint64_t deadline_ns;     /* for one call, on CLOCK_MONOTONIC, from edge_call_start */
  uint64_t memory_bytes;    /* of the instance: all linear memories together, and its globals */
  uint32_t table_elements;  /* all tables together */
  uint32_t host_calls;      /* for one call */
  uint32_t crossing_bytes;  /* one crossing, either way */
  uint32_t log_bytes;       /* kept of stdout and stderr between two edge_call_log */
  uint32_t fixed;           /* 1: clocks stand still at fixed_clock_ns and random bytes follow from fixed_seed */
  uint64_t fixed_clock_ns;  /* since 1970-01-01 */
  uint64_t fixed_seed;
} edge_instance_options;

typedef struct {
  const uint8_t *data;
  size_t len;
  uint64_t until;
  uint32_t host;
} edge_step;

typedef struct {
  uint64_t fuel;         /* spent by the call so far */
  uint64_t memory_bytes; /* linear memory of the instance now */
  uint32_t host_calls;
  uint32_t slices;
} edge_stats;

uint32_t edge_abi_version(void);
/* What this build is. Values: a dict of abi, library, wasmtime, cranelift, cpu, engine (what runs native code here),
 * interpreted (what the interpreter runs), fingerprints (one for each engine target) and compiler (true or false). */
int32_t edge_about(edge_bytes *out);
void edge_bytes_free(edge_bytes *bytes);

/* JSON text in, JSON text out: checks that `json` is an object, drops its "__config" and puts `config` (an object, or
 * empty for none) in its place. */
int32_t edge_arguments(const uint8_t *json, size_t json_len, const uint8_t *config, size_t config_len, edge_bytes *out,
                       edge_bytes *why);

/* Values: what a JSON text says. */
int32_t edge_json(const uint8_t *json, size_t json_len, edge_bytes *out, edge_bytes *why);

int32_t edge_engine_new(const edge_engine_options *options, edge_engine **out, edge_bytes *why);
void edge_engine_free(edge_engine *engine);

/* Values: what the trailer of the open artifact says, and its signer's key; digest and signature are checked, trust is
 * not. Loads nothing. `receipt` receives text that stands for this check as long as the file stays the same. */
int32_t edge_artifact_describe(int32_t fd, edge_bytes *out, edge_bytes *receipt, edge_bytes *why);

/* The one entry that loads code: artifact, description, signature and trust go in, a plugin comes out.
 *
 * `head`: of the package that the code in `fd` comes from (edge_package_describe), or empty: then `fd` is a lone artifact
 * with a trailer. `trust`: text, as native/src/trust.rs describes it. `receipt`: of an earlier check, from where only
 * this user can write, or empty: while it fits the file, the digest of its code is not computed again. `provides`: the
 * host functions, `interface#function`, one a line; a component's imports are looked up there and an EDGE_STEP_HOST
 * carries the line's index. `fresh` receives a receipt where the digest was computed now and one can be kept. The
 * descriptor stays the caller's and may be closed afterwards. */
int32_t edge_plugin_load(const edge_engine *engine, int32_t fd, const uint8_t *head, size_t head_len,
                         const uint8_t *trust, size_t trust_len, const uint8_t *receipt, size_t receipt_len,
                         const uint8_t *provides, size_t provides_len, edge_plugin **out, edge_bytes *fresh,
                         edge_bytes *why);
/* Values: the verified description. */
int32_t edge_plugin_describe(const edge_plugin *plugin, edge_bytes *out);
void edge_plugin_free(edge_plugin *plugin);

/* An instance outlives its plugin and engine handles. It is made by its first call. */
int32_t edge_instance_new(const edge_plugin *plugin, const edge_instance_options *options, edge_instance **out,
                          edge_bytes *why);
/* Frees the guest and cancels its call, at once or when the thread that uses it leaves the library: its step then ends
 * with EDGE_CANCELLED, unless the call ended with it. Later calls get EDGE_STATE. What a step handed out stays until
 * edge_instance_free. */
int32_t edge_instance_close(const edge_instance *instance);
/* As edge_instance_close, and the handle goes as well; nobody may begin another use of it. */
void edge_instance_free(edge_instance *instance);

/* `name`: `interface#function`, or `function` for one of the world itself. `params`: values, a tuple. */
int32_t edge_call_start(edge_instance *instance, const uint8_t *name, size_t name_len, const uint8_t *params,
                        size_t params_len, edge_bytes *why);
/* Returns an EDGE_STEP_* or the status with which the call ended; then `out` holds the sentence. EDGE_STATE, for a step
 * out of order, ends no call. */
int32_t edge_call_step(edge_instance *instance, edge_step *out);
/* `results`: values, a tuple; empty bytes for a function without results. */
int32_t edge_call_answer(edge_instance *instance, const uint8_t *results, size_t results_len, edge_bytes *why);
/* The host function failed: the call ends as EDGE_HOST_FAILED with this sentence. */
int32_t edge_call_fail(edge_instance *instance, const uint8_t *message, size_t message_len);
int32_t edge_call_cancel(const edge_instance *instance);
int32_t edge_call_stats(const edge_instance *instance, edge_stats *out);
/* Takes what the guest wrote to stdout and stderr since the last time: values, a list of (stream, bytes) with stream 1
 * or 2, and how many bytes were dropped over log_bytes: (list, dropped). Empty bytes when there is nothing. */
int32_t edge_call_log(const edge_instance *instance, edge_bytes *out);

/* Where a seed, a key or a secret goes in, this process ends writing core dumps and being readable for other processes
 * of its user (PR_SET_DUMPABLE 0, a soft RLIMIT_CORE of 0), once. What was copied of them is wiped; the caller's own
 * bytes are the caller's to wipe. */

/* 32 bytes of seed from the system. */
int32_t edge_key_new(uint8_t *seed, edge_bytes *why);
int32_t edge_key_public(const uint8_t *seed, uint8_t *public_key);
/* What text means as `trust`. Values: a list, for each line the list of its words: nothing; "ed25519", key, label, list
 * of plugins; "revoked", "ed25519" or "sha256", digits, reason; "wasmtime", version; "plugin", name; "release", number;
 * "operator". Digits are in lower case. EDGE_OPTIONS, with the line, for what means nothing or seems to mean more. */
int32_t edge_trust_read(const uint8_t *trust, size_t trust_len, edge_bytes *out, edge_bytes *why);

/* Encrypts a secret with 32 bytes of `key`; it opens with that key and the same `context` only. */
int32_t edge_seal(const uint8_t *key, const uint8_t *context, size_t context_len, const uint8_t *secret,
                  size_t secret_len, edge_bytes *out, edge_bytes *why);
/* `out` has room for EDGE_SEAL_BYTES less than `sealed_len`. */
#define EDGE_SEAL_BYTES 40
int32_t edge_unseal(const uint8_t *key, const uint8_t *context, size_t context_len, const uint8_t *sealed,
                    size_t sealed_len, uint8_t *out, edge_bytes *why);

/* Values: what the head of a package says, and its signer's key; `head` receives the head itself. The signature is
 * checked, that the description has the one spelling it may have (JSON without spaces, keys in order, none twice), and
 * that the file is as long as it should be, but no digest. `trust`: as edge_plugin_load, or null: then anybody's package
 * is described. */
int32_t edge_package_describe(int32_t fd, const uint8_t *trust, size_t trust_len, edge_bytes *out, edge_bytes *head,
                              edge_bytes *why);
/* The same of a head that was kept. */
int32_t edge_head_describe(const uint8_t *head, size_t head_len, const uint8_t *trust, size_t trust_len,
                           edge_bytes *out, edge_bytes *why);
/* Checks the digest of a file of a package, and writes what it reads to `to` unless that is negative; then `receipt`
 * receives a receipt for the copy. */
int32_t edge_package_unpack(int32_t fd, const uint8_t *head, size_t head_len, const uint8_t *name, size_t name_len,
                            int32_t to, edge_bytes *receipt, edge_bytes *why);

/* Compiler builds; others answer EDGE_NO_COMPILER. */

/* A component as it is, or made from a core module that carries component metadata. Values: a dict of kind ("component"
 * or "module"), wasm, imports, exports and missing (imports of WASI that the library lacks). The last three are lists of
 * `interface#function`. */
int32_t edge_component_encode(const uint8_t *wasm, size_t wasm_len, edge_bytes *out, edge_bytes *why);
/* Compiles a component for `target` (an engine name) and writes the signed artifact to `fd`. `facts`: JSON object that
 * goes into the description (plugin, tools); `large_memory` in it does not: true lets a memory of pulley32 have more than
 * 16 MB, for slower code. Values out: the description. */
int32_t edge_compile(const uint8_t *wasm, size_t wasm_len, const uint8_t *target, size_t target_len,
                     const uint8_t *facts, size_t facts_len, const uint8_t *seed, int32_t fd, edge_bytes *out,
                     edge_bytes *why);
/* What stands behind the code of a lone artifact: its description, a JSON object, signed. */
int32_t edge_artifact_seal(const uint8_t *description, size_t description_len, const uint8_t *seed, edge_bytes *out,
                           edge_bytes *why);
/* The head of a package: a description, JSON, signed. */
int32_t edge_package_seal(const uint8_t *description, size_t description_len, const uint8_t *seed, edge_bytes *out,
                          edge_bytes *why);

/* Counting: the running calls of all processes of one user, in a file that they share.
 *
 * Nothing here waits. A forked child has to open its own edge_counters, and can't end what its parent counts. */

/* Why a call is not counted, or not yet. */
#define EDGE_COUNT_CLOSED 1  /* another process opened it, or another file has its name now: open that one */
#define EDGE_COUNT_LOCKED 2  /* another process has the file locked: wait, then try again */
#define EDGE_COUNT_MEMORY 3  /* calls, memory, free: all running calls leave no room */
#define EDGE_COUNT_BUSY 4    /* calls: running calls of the plugin */
#define EDGE_COUNT_RATE 5    /* wait: seconds, then one more of the plugin may begin */
#define EDGE_COUNT_PLUGINS 6 /* EDGE_COUNTED_PLUGINS were called within a minute, or are running */
#define EDGE_COUNT_HOLDERS 7 /* there are EDGE_COUNTED_HOLDERS, each a process with running calls of one plugin */
#define EDGE_COUNT_NAME 8    /* a plugin's name has 1 to EDGE_COUNTED_NAME bytes */
#define EDGE_COUNT_SYSTEM 9  /* error: what errno says */

#define EDGE_COUNTED_PLUGINS 64
#define EDGE_COUNTED_HOLDERS 80
#define EDGE_COUNTED_NAME 64

typedef struct edge_counters edge_counters;

typedef struct {
  uint64_t memory; /* bytes that running calls may use */
  uint64_t free;   /* bytes that this machine had free; UINT64_MAX where that was not asked, or is not known */
  uint32_t kind;   /* EDGE_COUNT_* */
  uint32_t calls;
  uint32_t wait;
  int32_t error;
} edge_count;

/* `fd`: the file, open for reading and writing, which stays the caller's; a file of anything else is overwritten.
 * `root`: the folder in which proc/meminfo, proc/self/cgroup and sys/fs/cgroup stand; empty for the machine's own. */
int32_t edge_counters_open(int32_t fd, const uint8_t *root, size_t root_len, edge_counters **out, edge_bytes *why);
/* Calls that run in it then count until the process ends. */
void edge_counters_free(edge_counters *counters);

/* Counts a call of the plugin `name` that may use `memory` bytes, and returns its slot. 0: it is not counted, and `why`,
 * where given, has the reason.
 * `room`: bytes that all running calls may use together. `reserve`: free bytes that they must leave; UINT64_MAX: free
 * memory is not considered. `concurrent`: running calls of the plugin, `per_minute`: calls begun within a minute; 0 for
 * no limit. `seconds`: the time for rates, 0 for now on CLOCK_MONOTONIC. */
uint64_t edge_counters_enter(const edge_counters *counters, const uint8_t *name, size_t name_len, uint64_t memory,
                             uint64_t room, uint64_t reserve, uint32_t concurrent, uint32_t per_minute,
                             uint64_t seconds, edge_count *why);
/* Stops counting the call of a slot; does nothing where these counters do not have it. Returns an errno or 0. */
int32_t edge_counters_leave(const edge_counters *counters, uint64_t slot);
/* EDGE_OK, with the number and the memory of all running calls, or the kind of refusal. */
int32_t edge_counters_live(const edge_counters *counters, uint64_t seconds, edge_count *out);

/* Free bytes of this machine, or of this process's share of it; UINT64_MAX where that is not known. */
uint64_t edge_free_bytes(const uint8_t *root, size_t root_len);
