/* verified: how many instructions the kernel's verifier looked at in each of our programs that is
 * loaded now, one "PROGRAM NUMBER" a line. A program is refused beyond 1 000 000 of them
 * (BPF_COMPLEXITY_LIMIT_INSNS). Needs Linux 5.16. Exit code: 0; 1 when there is none, or the kernel
 * does not tell.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The function that a program begins with: the kernel's own name of it ends after 15 bytes. */
static bool full_name(int program, struct bpf_prog_info* info, char* name, size_t size) {
  struct bpf_func_info first = {0};
  struct bpf_prog_info again = {
      .nr_func_info = 1, .func_info_rec_size = sizeof(first), .func_info = (__u64)(size_t)&first};
  __u32 again_size = sizeof(again);
  if (bpf_obj_get_info_by_fd(program, &again, &again_size) < 0 || !first.type_id) return false;
  struct btf* btf = btf__load_from_kernel_by_id(info->btf_id);
  const struct btf_type* type = btf ? btf__type_by_id(btf, first.type_id) : NULL;
  const char* found = type ? btf__name_by_offset(btf, type->name_off) : NULL;
  if (found) snprintf(name, size, "%s", found);
  btf__free(btf);
  return found != NULL;
}

/* -1: not ours; 0: the kernel does not tell; 1: told. */
static int tell(int program) {
  struct bpf_prog_info info = {0};
  __u32 size = sizeof(info);
  char name[128];
  if (bpf_obj_get_info_by_fd(program, &info, &size) < 0 || strncmp(info.name, "hf_", 3) != 0 ||
      !full_name(program, &info, name, sizeof(name)))
    return -1;
  printf("%s %u\n", name, info.verified_insns);
  return info.verified_insns > 0;
}

int main(void) {
  int told = 0, silent = 0;
  for (__u32 id = 0; bpf_prog_get_next_id(id, &id) == 0;) {
    int program = bpf_prog_get_fd_by_id(id);
    if (program < 0) continue;
    int answer = tell(program);
    told += answer == 1;
    silent += answer == 0;
    close(program);
  }
  return told > 0 && !silent ? EXIT_SUCCESS : EXIT_FAILURE;
}
