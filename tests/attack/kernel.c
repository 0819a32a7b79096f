/* Ways to the kernel itself. Each asks for something harmless that takes the same right as the
 * harmful. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/kexec.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/io.h>
#include <sys/syscall.h>
#include <unistd.h>

static int closed(long fd) {
  if (fd < 0) return errno;
  close((int)fd);
  return 0;
}

/* The right is checked before the bytes are: ENOEXEC would mean that the kernel has looked at them.
 */
static int module_outcome(long result) {
  int error = outcome(result);
  return error == ENOEXEC || error == EINVAL ? 0 : error;
}

static int run_init_module(int argc, char** argv) {
  (void)argc;
  (void)argv;
  static const char junk[4096] = "no module";
  return module_outcome(syscall(SYS_init_module, junk, sizeof(junk), ""));
}

static int run_finit_module(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = module_outcome(syscall(SYS_finit_module, fd, "", 0));
  close(fd);
  return error;
}

static int run_bpf_map(int argc, char** argv) {
  (void)argc;
  (void)argv;
  union bpf_attr attributes = {0};
  attributes.map_type = BPF_MAP_TYPE_ARRAY;
  attributes.key_size = attributes.value_size = 4;
  attributes.max_entries = 1;
  return closed(syscall(SYS_bpf, BPF_MAP_CREATE, &attributes, sizeof(attributes)));
}

static int run_bpf_prog(int argc, char** argv) {
  (void)argc;
  (void)argv;
  const struct bpf_insn code[] = {
      {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
      {.code = BPF_JMP | BPF_EXIT},
  };
  union bpf_attr attributes = {0};
  attributes.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
  attributes.insns = (uint64_t)(uintptr_t)code;
  attributes.insn_cnt = 2;
  attributes.license = (uint64_t)(uintptr_t) "GPL";
  return closed(syscall(SYS_bpf, BPF_PROG_LOAD, &attributes, sizeof(attributes)));
}

static long bpf(int command, union bpf_attr* attributes) {
  return syscall(SYS_bpf, command, attributes, sizeof(*attributes));
}

static int detach_device_program(int cgroup, uint32_t id) {
  union bpf_attr wanted = {.prog_id = id};
  int program = (int)bpf(BPF_PROG_GET_FD_BY_ID, &wanted);
  if (program < 0) return errno;
  union bpf_attr attributes = {.target_fd = (uint32_t)cgroup,
                               .attach_bpf_fd = (uint32_t)program,
                               .attach_type = BPF_CGROUP_DEVICE};
  int error = outcome(bpf(BPF_PROG_DETACH, &attributes));
  close(program);
  return error;
}

/* Takes off the programs by which the runtime keeps devices from a cgroup. */
static int run_detach_devices(int argc, char** argv) {
  (void)argc;
  int cgroup = open(argv[0], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return errno;
  uint32_t ids[16];
  union bpf_attr query = {0};
  query.query.target_fd = (uint32_t)cgroup;
  query.query.attach_type = BPF_CGROUP_DEVICE;
  query.query.prog_ids = (uint64_t)(uintptr_t)ids;
  query.query.prog_cnt = 16;
  int error = outcome(bpf(BPF_PROG_QUERY, &query));
  if (!error && query.query.prog_cnt == 0) error = ENOENT;
  for (uint32_t i = 0; !error && i < query.query.prog_cnt; i++)
    error = detach_device_program(cgroup, ids[i]);
  close(cgroup);
  return error;
}

static int run_perf(int argc, char** argv) {
  (void)argc;
  (void)argv;
  struct perf_event_attr attributes = {.type = PERF_TYPE_SOFTWARE,
                                       .size = sizeof(attributes),
                                       .config = PERF_COUNT_SW_CPU_CLOCK,
                                       .disabled = 1};
  return closed(syscall(SYS_perf_event_open, &attributes, 0, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

/* Unloading a kernel that is not loaded. */
static int run_kexec(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return outcome(syscall(SYS_kexec_load, 0, 0, NULL, KEXEC_ARCH_DEFAULT));
}

static int run_iopl(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return outcome(iopl(3));
}

static int run_ioperm(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return outcome(ioperm(0x80, 1, 1));
}

const struct operation kernel_operations[] = {
    {"init-module", "", 0, 0, run_init_module},
    {"finit-module", "FILE", 1, 1, run_finit_module},
    {"bpf-map", "", 0, 0, run_bpf_map},
    {"bpf-prog", "", 0, 0, run_bpf_prog},
    {"detach-devices", "CGROUP-DIRECTORY", 1, 1, run_detach_devices},
    {"perf", "", 0, 0, run_perf},
    {"kexec", "", 0, 0, run_kexec},
    {"iopl", "", 0, 0, run_iopl},
    {"ioperm", "", 0, 0, run_ioperm},
    {0},
};
