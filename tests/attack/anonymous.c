/* Files without a name, or with none any more. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <unistd.h>

/* Opens by its /proc name what `fd` holds. */
static int reopen(int fd, int flags) {
  char name[64];
  snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
  return try_open(AT_FDCWD, name, flags, 0);
}

static int run_deleted_reopen(int argc, char** argv) {
  int fd = open(argv[0], O_PATH | O_CLOEXEC);
  if (fd < 0 || unlink(argv[0]) < 0) return errno;
  int error = reopen(fd, argc > 1 ? O_RDONLY : O_WRONLY);
  close(fd);
  return error;
}

static int run_memfd_reopen(int argc, char** argv) {
  int fd = memfd_create(argc > 0 ? argv[0] : "attack", MFD_CLOEXEC);
  if (fd < 0) return errno;
  int error = write(fd, "x", 1) == 1 ? reopen(fd, O_WRONLY) : errno;
  close(fd);
  return error;
}

/* A file that never gets a name. */
static int run_tmpfile_nameless(int argc, char** argv) {
  (void)argc;
  int fd = open(argv[0], O_TMPFILE | O_RDWR | O_CLOEXEC, 0644);
  if (fd < 0) return errno;
  int error = write(fd, "x", 1) == 1 ? reopen(fd, O_WRONLY) : errno;
  close(fd);
  return error;
}

static int used(int fd) {
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

/* What programs have open that no directory ever held. */
static int run_anonymous(int argc, char** argv) {
  (void)argc;
  (void)argv;
  sigset_t none;
  sigemptyset(&none);
  int pipes[2], sockets[2], error;
  if ((error = used(eventfd(0, EFD_CLOEXEC)))) return error;
  if ((error = used(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)))) return error;
  if ((error = used(signalfd(-1, &none, SFD_CLOEXEC)))) return error;
  if ((error = used(epoll_create1(EPOLL_CLOEXEC)))) return error;
  if ((error = used(inotify_init1(IN_CLOEXEC)))) return error;
  if ((error = used((int)syscall(SYS_pidfd_open, getpid(), 0)))) return error;
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) < 0) return errno;
  if (pipe2(pipes, O_CLOEXEC) < 0) return errno;
  return reopen(pipes[1], O_WRONLY);
}

const struct operation anonymous_operations[] = {
    {"deleted-reopen", "PATH [read] (for writing, once it is deleted)", 1, 2, run_deleted_reopen},
    {"memfd-reopen", "[NAME]", 0, 1, run_memfd_reopen},
    {"tmpfile-nameless", "DIRECTORY", 1, 1, run_tmpfile_nameless},
    {"anonymous", "(pipes, event and timer descriptors)", 0, 0, run_anonymous},
    {0},
};
