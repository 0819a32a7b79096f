/* What one process can do to another, and to its own rights. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/securebits.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static int attach_to(pid_t pid) {
  if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0) return errno;
  waitpid(pid, NULL, __WALL);
  return outcome(ptrace(PTRACE_DETACH, pid, NULL, NULL));
}

static int run_ptrace(int argc, char** argv) {
  (void)argc;
  return attach_to(atoi(argv[0]));
}

static int run_ptrace_seize(int argc, char** argv) {
  (void)argc;
  return outcome(ptrace(PTRACE_SEIZE, atoi(argv[0]), NULL, NULL));
}

static pid_t idle_child(void) {
  pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  return child;
}

/* The innocent twin of ptrace: what a debugger does to its own child. */
static int run_ptrace_child(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pid_t child = idle_child();
  if (child < 0) return errno;
  int error = attach_to(child);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return error;
}

/* The right is checked before the address: EFAULT means that it was granted. */
static int read_memory(pid_t pid) {
  char byte;
  struct iovec local = {&byte, 1}, remote = {(void*)(uintptr_t)0x1000, 1};
  int error = outcome(process_vm_readv(pid, &local, 1, &remote, 1, 0));
  return error == EFAULT ? 0 : error;
}

static int run_vm_readv(int argc, char** argv) {
  (void)argc;
  return read_memory(atoi(argv[0]));
}

static int run_vm_readv_child(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pid_t child = idle_child();
  if (child < 0) return errno;
  int error = read_memory(child);
  kill(child, SIGKILL);
  waitpid(child, NULL, 0);
  return error;
}

/* One child traces another: no debugger is the sibling of what it debugs. */
static int run_ptrace_sibling(int argc, char** argv) {
  (void)argc;
  (void)argv;
  pid_t victim = idle_child();
  pid_t tracer = fork();
  if (victim < 0 || tracer < 0) return errno;
  if (tracer == 0) _exit(attach_to(victim));
  int status = 0;
  waitpid(tracer, &status, 0);
  kill(victim, SIGKILL);
  waitpid(victim, NULL, 0);
  return WEXITSTATUS(status);
}

/* Not root in any way, but with the capability to become it. */
static int run_become_root(int argc, char** argv) {
  (void)argc;
  (void)argv;
  prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
  if (setresuid(1000, 1000, 1000) < 0) return errno;
  return outcome(setresuid(0, 0, 0));
}

/* The same in two steps, of which none changes the effective user to root from outside. */
static int run_become_root_by_steps(int argc, char** argv) {
  (void)argc;
  (void)argv;
  prctl(PR_SET_SECUREBITS, SECBIT_NO_SETUID_FIXUP, 0, 0, 0);
  if (setresuid(1000, 1000, 1000) < 0) return errno;
  if (setresuid(0, -1, -1) < 0) return errno;
  return outcome(seteuid(0));
}

static int run_pidfd_getfd(int argc, char** argv) {
  (void)argc;
  int pidfd = (int)syscall(SYS_pidfd_open, atoi(argv[0]), 0);
  if (pidfd < 0) return errno;
  int fd = (int)syscall(SYS_pidfd_getfd, pidfd, atoi(argv[1]), 0);
  int error = outcome(fd);
  if (fd >= 0) close(fd);
  close(pidfd);
  return error;
}

/* A descriptor that is no process: an event's. */
static int run_getfd_of_event(int argc, char** argv) {
  (void)argc;
  (void)argv;
  int event = eventfd(1, EFD_CLOEXEC);
  if (event < 0) return errno;
  int error = outcome(syscall(SYS_pidfd_getfd, event, 0, 0));
  close(event);
  return error;
}

static int run_kill(int argc, char** argv) {
  (void)argc;
  return outcome(kill(atoi(argv[0]), atoi(argv[1])));
}

static int run_has_cap(int argc, char** argv) {
  (void)argc;
  struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
  struct __user_cap_data_struct data[2] = {{0}};
  if (syscall(SYS_capget, &header, data) < 0) return errno;
  unsigned bit = (unsigned)atoi(argv[0]);
  return data[bit / 32 % 2].effective >> (bit % 32) & 1 ? 0 : EPERM;
}

static int run_setuid(int argc, char** argv) {
  (void)argc;
  return outcome(setuid((uid_t)atoi(argv[0])));
}

static int run_sleep(int argc, char** argv) {
  (void)argc;
  usleep((useconds_t)(atof(argv[0]) * 1e6));
  return 0;
}

const struct operation process_operations[] = {
    {"ptrace", "PID", 1, 1, run_ptrace},
    {"ptrace-seize", "PID", 1, 1, run_ptrace_seize},
    {"ptrace-child", "", 0, 0, run_ptrace_child},
    {"vm-readv", "PID", 1, 1, run_vm_readv},
    {"vm-readv-child", "", 0, 0, run_vm_readv_child},
    {"ptrace-sibling", "", 0, 0, run_ptrace_sibling},
    {"become-root", "", 0, 0, run_become_root},
    {"become-root-by-steps", "", 0, 0, run_become_root_by_steps},
    {"pidfd-getfd", "PID FD", 2, 2, run_pidfd_getfd},
    {"pidfd-getfd-event", "(of an event's descriptor)", 0, 0, run_getfd_of_event},
    {"kill", "PID SIGNAL", 2, 2, run_kill},
    {"has-cap", "NUMBER", 1, 1, run_has_cap},
    {"setuid", "UID", 1, 1, run_setuid},
    {"sleep", "SECONDS", 1, 1, run_sleep},
    {0},
};
