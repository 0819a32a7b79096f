/* Ways to run code that the image did not bring. The program that is run gets the argument "exit"
 * only: give a busybox applet such as "true", or this program itself. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Runs in a child: execve of `path` below `fd` with `flags`. The error comes back through a pipe
 * that a successful exec closes. */
static int exec_child(int fd, const char* path, char** arguments, int flags) {
  int report[2];
  if (pipe2(report, O_CLOEXEC) < 0) return errno;
  pid_t child = fork();
  if (child < 0) return errno;
  if (child == 0) {
    int null = open("/dev/null", O_RDWR);
    if (null >= 0) dup2(null, 1);
    syscall(SYS_execveat, fd, path, arguments, environ, flags);
    int error = errno;
    _exit(write(report[1], &error, sizeof(error)) == sizeof(error) ? 1 : 2);
  }
  close(report[1]);
  int error = 0;
  if (read(report[0], &error, sizeof(error)) != sizeof(error)) error = 0;
  close(report[0]);
  int status = 0;
  waitpid(child, &status, 0);
  /* Killed before it could say anything: the kernel's answer to a `kill` policy. */
  return !error && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? ECANCELED : error;
}

static int run_exec(int argc, char** argv) {
  (void)argc;
  return exec_child(AT_FDCWD, argv[0], argv, 0);
}

/* In place of this process, whichever thread of it asks. */
static int run_become(int argc, char** argv) {
  (void)argc;
  return outcome(execve(argv[0], argv, environ));
}

static int run_copy_exec(int argc, char** argv) {
  int fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (fd < 0) return errno;
  int error = copy_into(argv[0], fd);
  close(fd);
  return error ? error : run_exec(argc - 1, argv + 1);
}

/* A file that is open, but has no name any more. */
static int run_exec_deleted(int argc, char** argv) {
  (void)argc;
  int error = 0, fd = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
  if (fd < 0) return errno;
  error = copy_into(argv[0], fd);
  close(fd);
  if (error) return error;
  fd = open(argv[1], O_RDONLY);
  if (fd < 0 || unlink(argv[1]) < 0) return errno;
  error = exec_child(fd, "", argv + 1, AT_EMPTY_PATH);
  close(fd);
  return error;
}

static int run_memfd_exec(int argc, char** argv) {
  (void)argc;
  int fd = memfd_create("attack", 0);
  if (fd < 0) return errno;
  int error = copy_into(argv[0], fd);
  if (!error) error = exec_child(fd, "", argv, AT_EMPTY_PATH);
  close(fd);
  return error;
}

/* The same by name. */
static int run_memfd_exec_path(int argc, char** argv) {
  (void)argc;
  int fd = memfd_create("attack", 0);
  if (fd < 0) return errno;
  int error = copy_into(argv[0], fd);
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  if (!error) error = exec_child(AT_FDCWD, name, argv, 0);
  close(fd);
  return error;
}

/* Maps the first page of `fd` and then asks for `later` rights on it, where that is not 0. */
static int map_page(int fd, int rights, int sharing, int later) {
  void* map = mmap(NULL, 4096, rights, sharing, fd, 0);
  if (map == MAP_FAILED) return errno;
  int error = later ? outcome(mprotect(map, 4096, later)) : 0;
  munmap(map, 4096);
  return error;
}

static int map_file(const char* path, int rights, int later) {
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return errno;
  int error = map_page(fd, rights, MAP_PRIVATE, later);
  close(fd);
  return error;
}

static int run_map_exec(int argc, char** argv) {
  (void)argc;
  return map_file(argv[0], PROT_READ | PROT_EXEC, 0);
}

static int run_map_read(int argc, char** argv) {
  (void)argc;
  return map_file(argv[0], PROT_READ, 0);
}

static int run_map_mprotect(int argc, char** argv) {
  (void)argc;
  return map_file(argv[0], PROT_READ, PROT_READ | PROT_EXEC);
}

/* What is readable becomes executable without being asked for. */
static int run_map_read_implies_exec(int argc, char** argv) {
  (void)argc;
  int former = personality(READ_IMPLIES_EXEC);
  if (former < 0) return errno;
  int error = map_file(argv[0], PROT_READ, 0);
  personality((unsigned long)former);
  return error;
}

static int map_memfd(int sharing) {
  int fd = memfd_create("attack", MFD_CLOEXEC);
  if (fd < 0 || ftruncate(fd, 4096) < 0) return errno;
  int error = map_page(fd, PROT_READ | PROT_EXEC, sharing, 0);
  close(fd);
  return error;
}

static int run_memfd_map(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return map_memfd(MAP_PRIVATE);
}

/* What the just-in-time compiler of .NET does. */
static int run_memfd_map_shared(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return map_memfd(MAP_SHARED);
}

/* What most just-in-time compilers do. */
static int run_map_anonymous(int argc, char** argv) {
  (void)argc;
  (void)argv;
  void* map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map == MAP_FAILED) return errno;
  int error = outcome(mprotect(map, 4096, PROT_READ | PROT_EXEC));
  munmap(map, 4096);
  return error;
}

const struct operation exec_operations[] = {
    {"exec", "PROGRAM [ARGUMENT]...", 1, 16, run_exec},
    {"become", "PROGRAM [ARGUMENT]... (nothing comes back)", 1, 16, run_become},
    {"copy-exec", "SOURCE COPY [ARGUMENT]...", 2, 16, run_copy_exec},
    {"exec-deleted", "SOURCE COPY [ARGUMENT]...", 2, 16, run_exec_deleted},
    {"memfd-exec", "SOURCE [ARGUMENT]...", 1, 16, run_memfd_exec},
    {"memfd-exec-path", "SOURCE [ARGUMENT]... (through /proc/self/fd)", 1, 16, run_memfd_exec_path},
    {"map-exec", "FILE", 1, 1, run_map_exec},
    {"map-read", "FILE", 1, 1, run_map_read},
    {"map-mprotect", "FILE", 1, 1, run_map_mprotect},
    {"map-read-implies-exec", "FILE", 1, 1, run_map_read_implies_exec},
    {"memfd-map", "", 0, 0, run_memfd_map},
    {"memfd-map-shared", "", 0, 0, run_memfd_map_shared},
    {"map-anonymous", "", 0, 0, run_map_anonymous},
    {0},
};
