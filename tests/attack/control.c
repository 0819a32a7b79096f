/* Who runs the rest of the command line: a child, a thread, a daemon. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* For the parent of whoever goes on: waits and takes over its exit code. */
static void follow(pid_t child) {
  int status = 0;
  if (waitpid(child, &status, __WALL) < 0) exit(1);
  exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
}

static int run_fork(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pid_t child = fork();
  if (child > 0) follow(child);
  return outcome(child);
}

/* A child that begins its life in another cgroup, and stays there. */
static int run_clone_into_cgroup(int argc, char** argv) {
  (void)argc;
  int cgroup = open(argv[0], O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (cgroup < 0) return errno;
  struct clone_args arguments = {
      .flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = (uint64_t)cgroup};
  long child = syscall(SYS_clone3, &arguments, sizeof(arguments));
  if (child > 0) follow((pid_t)child);
  return outcome(child);
}

/* The grandchild goes on, in a session of its own, once its parent is gone. Whoever started us
 * learns that it is done from the end of a pipe. */
static int run_daemonize(int argc, char** argv) {
  (void)argc;
  (void)argv;
  int done[2];
  if (pipe2(done, O_CLOEXEC) < 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child > 0) {
    char byte;
    close(done[1]);
    waitpid(child, NULL, 0);
    exit(read(done[0], &byte, 1) == 0 ? 0 : 1);
  }
  if (setsid() < 0) return errno;
  pid_t parent = getpid(), grandchild = fork();
  if (grandchild > 0) _exit(0);
  while (grandchild == 0 && getppid() == parent) usleep(1000);
  return outcome(grandchild);
}

static bool leader_is_gone(void) {
  char name[64], text[256] = "";
  snprintf(name, sizeof(name), "/proc/self/task/%d/stat", getpid());
  int fd = open(name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  ssize_t got = read(fd, text, sizeof(text) - 1);
  close(fd);
  const char* state = got > 0 ? strrchr(text, ')') : NULL;
  return state && state[2] == 'Z';
}

static void* go_on_in_thread(void* alone) {
  while (alone && !leader_is_gone()) usleep(1000);
  printf("%s: ok\n", alone ? "outlive" : "thread");
  fflush(stdout);
  exit(run_rest());
}

static int run_thread(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pthread_t thread;
  int error = pthread_create(&thread, NULL, go_on_in_thread, NULL);
  return error ? error : pthread_join(thread, NULL);
}

/* The thread goes on after its process has lost the thread that it began with. */
static int run_outlive(int argc, char** argv) {
  (void)argc;
  static char alone;
  pthread_t thread;
  int error = pthread_create(&thread, NULL, go_on_in_thread, &alone);
  if (!error) syscall(SYS_exit, 0);
  (void)argv;
  return error;
}

/* Whatever it waits for is said by whoever makes a file. */
static int run_await(int argc, char** argv) {
  (void)argc;
  while (access(argv[0], F_OK) != 0) usleep(100000);
  return 0;
}

const struct operation control_operations[] = {
    {"await", "PATH (goes on when it is there)", 1, 1, run_await},
    {"fork", "(the rest runs in a child)", 0, 0, run_fork},
    {"clone-into-cgroup", "CGROUP-DIRECTORY (the rest runs in a child born there)", 1, 1,
     run_clone_into_cgroup},
    {"daemonize", "(the rest runs in a grandchild, in its own session)", 0, 0, run_daemonize},
    {"thread", "(the rest runs in another thread)", 0, 0, run_thread},
    {"outlive", "(the rest runs in another thread, after the first has ended)", 0, 0, run_outlive},
    {0},
};
