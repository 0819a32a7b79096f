/* Ways into another namespace or cgroup. FLAGS: user,mnt,pid,net,ipc,uts,cgroup,time. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

int setns(int fd, int type);
int unshare(int flags);

static int namespace_flag(const char* name) {
  static const struct {
    const char* name;
    int flag;
  } flags[] = {
      {"user", CLONE_NEWUSER},     {"mnt", CLONE_NEWNS},
      {"pid", CLONE_NEWPID},       {"net", CLONE_NEWNET},
      {"ipc", CLONE_NEWIPC},       {"uts", CLONE_NEWUTS},
      {"cgroup", CLONE_NEWCGROUP}, {"time", CLONE_NEWTIME},
      {"files", CLONE_FILES},      {"fs", CLONE_FS},
  };
  for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
    if (strcmp(flags[i].name, name) == 0) return flags[i].flag;
  fprintf(stderr, "attack: no such namespace: %s\n", name);
  exit(2);
}

static int parse_flags(char* list) {
  int flags = 0;
  for (char* name = strtok(list, ","); name; name = strtok(NULL, ","))
    flags |= namespace_flag(name);
  return flags;
}

static int run_unshare(int argc, char** argv) {
  (void)argc;
  return outcome(unshare(parse_flags(argv[0])));
}

/* In the child of a clone with namespace flags: leave at once. In the parent: wait for that. */
static int finish_clone(long child) {
  if (child == 0) _exit(0);
  if (child < 0) return errno;
  waitpid((pid_t)child, NULL, __WALL);
  return 0;
}

static int run_clone(int argc, char** argv) {
  (void)argc;
  return finish_clone(
      syscall(SYS_clone, (unsigned long)parse_flags(argv[0]) | SIGCHLD, 0, 0, 0, 0));
}

static int run_clone3(int argc, char** argv) {
  (void)argc;
  struct clone_args arguments = {.flags = (uint64_t)(uint32_t)parse_flags(argv[0]),
                                 .exit_signal = SIGCHLD};
  return finish_clone(syscall(SYS_clone3, &arguments, sizeof(arguments)));
}

static int run_setns(int argc, char** argv) {
  int fd = open(argv[0], O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = outcome(setns(fd, argc > 1 ? parse_flags(argv[1]) : 0));
  close(fd);
  return error;
}

static int run_setns_pidfd(int argc, char** argv) {
  (void)argc;
  int fd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);
  if (fd < 0) return errno;
  int error = outcome(setns(fd, parse_flags(argv[1])));
  close(fd);
  return error;
}

/* "0" is the writing process itself. */
static int run_cgroup_move(int argc, char** argv) {
  char path[4096];
  snprintf(path, sizeof(path), "%s/cgroup.procs", argv[0]);
  int fd = open(path, O_WRONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  const char* pid = argc > 1 ? argv[1] : "0";
  int error = outcome(write(fd, pid, strlen(pid)));
  close(fd);
  return error;
}

const struct operation namespace_operations[] = {
    {"unshare", "FLAGS", 1, 1, run_unshare},
    {"clone", "FLAGS", 1, 1, run_clone},
    {"clone3", "FLAGS", 1, 1, run_clone3},
    {"setns", "NS-FILE [FLAGS]", 1, 2, run_setns},
    {"setns-pidfd", "PID FLAGS", 2, 2, run_setns_pidfd},
    {"cgroup-move", "CGROUP-DIRECTORY [PID]", 1, 2, run_cgroup_move},
    {0},
};
