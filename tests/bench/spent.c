/* spent INPUT PROGRAM [ARGUMENT]...: runs PROGRAM once, with the file INPUT as its standard input,
 * and prints what that took, in nanoseconds of processor time, that of children it waited for
 * included. In a machine that counts instructions (tests/vm/run --icount) one nanosecond is one
 * instruction. Fails when PROGRAM does.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void become(const char* input, char** command) {
  int fd = open(input, O_RDONLY);
  if (fd < 0 || dup2(fd, STDIN_FILENO) < 0 || close(fd) < 0) fail(input);
  execv(command[0], command);
  fail(command[0]);
}

int main(int argc, char** argv) {
  if (argc < 3) {
    fprintf(stderr, "usage: spent INPUT PROGRAM [ARGUMENT]...\n");
    return 2;
  }
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child == 0) become(argv[1], argv + 2);
  int status = 0;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) < 0) fail("wait4");
  if (status != 0) {
    fprintf(stderr, "%s failed\n", argv[2]);
    return 1;
  }
  printf("%lld\n", (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
                       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL);
  return 0;
}
