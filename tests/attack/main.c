/* attack: what a container may try, one operation a word, for tests of what is refused and
 * reported.
 *
 *   attack OPERATION [ARGUMENT]… [-- OPERATION [ARGUMENT]…]…
 *
 * Prints one line for each operation, "NAME: ok" or "NAME: ERRNO", in the same process one after
 * the other, so that "cgroup-move /other -- creat /x" does the second from where the first has
 * gone. Exit code: 0 when all went through, 1 when one was refused, 2 when the command line is
 * wrong.
 */
#include "tests/attack/attack.h"

#include <stdio.h>
#include <string.h>

static const struct operation* const tables[] = {
    control_operations, file_operations,      tree_operations,  uring_operations,
    mount_operations,   namespace_operations, exec_operations,  kernel_operations,
    process_operations, network_operations,   depth_operations, anonymous_operations,
    ia32_operations,
};

static const struct operation* find(const char* name) {
  for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
    for (const struct operation* o = tables[i]; o->name; o++)
      if (strcmp(o->name, name) == 0) return o;
  return NULL;
}

static int usage(void) {
  fprintf(stderr, "usage: attack OPERATION [ARGUMENT]... [-- OPERATION ...]...\n");
  for (size_t i = 0; i < sizeof(tables) / sizeof(*tables); i++)
    for (const struct operation* o = tables[i]; o->name; o++)
      fprintf(stderr, "  %s %s\n", o->name, o->arguments);
  return 2;
}

static int run(int argc, char** argv) {
  const struct operation* o = find(argv[0]);
  if (!o || argc - 1 < o->argc_min || argc - 1 > o->argc_max) return usage();
  int error = o->run(argc - 1, argv + 1);
  const char* name = error ? strerrorname_np(error) : "ok";
  printf("%s: %s\n", o->name, name ? name : "EUNKNOWN");
  fflush(stdout);
  return error ? 1 : 0;
}

/* What is left of the command line. */
static struct {
  int argc;
  char** argv;
  int next;
} chain;

int run_rest(void) {
  int worst = 0;
  while (chain.next < chain.argc) {
    int begin = chain.next, end = begin;
    while (end < chain.argc && strcmp(chain.argv[end], "--") != 0) end++;
    if (end == begin) return usage();
    chain.next = end + 1;
    chain.argv[end] = NULL;
    int status = run(end - begin, chain.argv + begin);
    if (status == 2) return 2;
    if (status > worst) worst = status;
  }
  return worst;
}

int main(int argc, char** argv) {
  chain.argc = argc;
  chain.argv = argv;
  chain.next = 1;
  return argc < 2 ? usage() : run_rest();
}
