/* A BPF program on the tracepoint that tells every change of a memory counter. Reading /proc now and then would miss
 * peaks, and at exit Python has given most of it back. */
#include "anon.h"

#include <linux/bpf.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { MM_ANONPAGES = 1 };

struct watched {
  uint64_t process;
  uint64_t peak;
};

static struct watched *watched;

static int bpf(enum bpf_cmd command, union bpf_attr *attributes) {
  return (int)syscall(SYS_bpf, command, attributes, sizeof *attributes);
}

static int make_map(void) {
  union bpf_attr map = {.map_type = BPF_MAP_TYPE_ARRAY,
                        .key_size = sizeof(uint32_t),
                        .value_size = sizeof(struct watched),
                        .max_entries = 1,
                        .map_flags = BPF_F_MMAPABLE};
  return bpf(BPF_MAP_CREATE, &map);
}

static int load_program(int map) {
#define OP(op, to, from, offset, value) {.code = (op), .dst_reg = (to), .src_reg = (from), .off = (offset), .imm = (value)}
#define LOAD(to, from, offset) OP(BPF_LDX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define STORE(to, offset, from) OP(BPF_STX | BPF_MEM | BPF_DW, to, from, offset, 0)
#define JUMP(op, left, right, by) OP(BPF_JMP | (op) | BPF_X, left, right, by, 0)
  /* On entry r1 points to the tracepoint's arguments: mm, member, count. */
  const struct bpf_insn program[] = {
      LOAD(BPF_REG_2, BPF_REG_1, 8),
      OP(BPF_JMP | BPF_JNE | BPF_K, BPF_REG_2, 0, 10, MM_ANONPAGES),
      LOAD(BPF_REG_6, BPF_REG_1, 16),
      OP(BPF_JMP | BPF_CALL, 0, 0, 0, BPF_FUNC_get_current_pid_tgid),
      OP(BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_0, 0, 0, 32),
      OP(BPF_LD | BPF_IMM | BPF_DW, BPF_REG_1, BPF_PSEUDO_MAP_VALUE, 0, map),
      OP(0, 0, 0, 0, 0),
      LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct watched, process)),
      JUMP(BPF_JNE, BPF_REG_0, BPF_REG_2, 3),
      LOAD(BPF_REG_2, BPF_REG_1, offsetof(struct watched, peak)),
      JUMP(BPF_JLE, BPF_REG_6, BPF_REG_2, 1),
      STORE(BPF_REG_1, offsetof(struct watched, peak), BPF_REG_6),
      OP(BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, 0),
      OP(BPF_JMP | BPF_EXIT, 0, 0, 0, 0),
  };
  union bpf_attr load = {.prog_type = BPF_PROG_TYPE_RAW_TRACEPOINT,
                         .insns = (uint32_t)program,
                         .insn_cnt = sizeof program / sizeof *program,
                         .license = (uint32_t)"Apache-2.0"};
  return bpf(BPF_PROG_LOAD, &load);
}

int anon_setup(void) {
  int map = make_map();
  if (map < 0) return -1;
  watched = mmap(NULL, sizeof *watched, PROT_READ | PROT_WRITE, MAP_SHARED, map, 0);
  if (watched == MAP_FAILED) return -1;
  int program = load_program(map);
  if (program < 0) return -1;
  union bpf_attr attach = {.raw_tracepoint = {.name = (uint32_t)"rss_stat", .prog_fd = (uint32_t)program}};
  return bpf(BPF_RAW_TRACEPOINT_OPEN, &attach) < 0 ? -1 : 0;
}

void anon_watch(pid_t process) {
  watched->peak = 0;
  watched->process = (uint64_t)process;
}

uint64_t anon_peak_pages(void) { return watched->peak; }
