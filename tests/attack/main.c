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
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run_fork(int argc, char** argv);

static const struct operation control_operations[] = {
    {"fork", "(the rest runs in a child)", 0, 0, run_fork},
    {0},
};

static const struct operation* const tables[] = {
    control_operations, file_operations,      tree_operations, uring_operations,
    mount_operations,   namespace_operations, exec_operations, kernel_operations,
    process_operations, network_operations,   ia32_operations,
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

/* The child goes on with the chain; the parent waits and takes over its exit code. */
static int run_fork(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pid_t child = fork();
  if (child <= 0) return outcome(child);
  int status = 0;
  if (waitpid(child, &status, 0) < 0) return errno;
  exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
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

int main(int argc, char** argv) {
  int worst = 0;
  for (int begin = 1, end; begin < argc; begin = end + 1) {
    for (end = begin; end < argc && strcmp(argv[end], "--") != 0;) end++;
    if (end == begin) return usage();
    char* separator = argv[end];
    argv[end] = NULL;
    int status = run(end - begin, argv + begin);
    argv[end] = separator;
    if (status == 2) return 2;
    if (status > worst) worst = status;
  }
  return argc < 2 ? usage() : worst;
}
