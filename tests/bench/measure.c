/* measure [-r ROUNDS] FILE PROGRAM [OPERATION]...: what one call of each operation costs, in
 * nanoseconds of processor time, that of children included. In a machine that counts instructions
 * (tests/vm/run --icount) one nanosecond is one instruction. FILE is read; FILE.new beside it is
 * written, made and removed. PROGRAM is executed.
 *
 * The first round is thrown away: it fills caches, ours too. Of ROUNDS others (ten) the least is
 * printed, for what comes between (an interrupt, a timer) only ever adds. Every round holds one
 * more file and socket than the one before: where a slab of the kernel's has room for one object, a
 * call that takes two costs more each time.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { kNameBytes = 4096, kMaxHeld = 100 };

static int rounds = 10;
static const char* file;
static const char* program;
static char fresh[kNameBytes];
static int descriptor;
static int held[kMaxHeld];
static int held_count;

static void fail(const char* what) {
  perror(what);
  exit(1);
}

static void do_getppid(void) { syscall(SYS_getppid); }

static void do_read(void) {
  char bytes[64];
  if (pread(descriptor, bytes, sizeof(bytes), 0) < 0) fail("read");
}

static void do_stat(void) {
  struct stat info;
  if (stat(file, &info) < 0) fail("stat");
}

static void open_close(const char* path, int flags) {
  int fd = open(path, flags | O_CLOEXEC, 0600);
  if (fd < 0) fail(path);
  close(fd);
}

static void do_open_read(void) { open_close(file, O_RDONLY); }
static void do_open_write(void) { open_close(fresh, O_WRONLY); }

static void do_create(void) {
  open_close(fresh, O_WRONLY | O_CREAT | O_EXCL);
  unlink(fresh);
}

/* To a port where nobody listens. */
static void do_connect(void) {
  struct sockaddr_in in = {
      .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (connect(fd, (struct sockaddr*)&in, sizeof(in)) == 0) fail("connect succeeded");
  close(fd);
}

static void do_exec(void) {
  pid_t child = fork();
  if (child == 0) {
    execl(program, program, (char*)NULL);
    _exit(127);
  }
  int status = 0;
  if (waitpid(child, &status, 0) < 0 || status != 0) fail("exec");
}

static const struct {
  const char* name;
  void (*run)(void);
  int count;
} operations[] = {
    {"getppid", do_getppid, 2000},
    {"read", do_read, 2000},
    {"stat", do_stat, 1000},
    {"open-read", do_open_read, 1000},
    {"open-write", do_open_write, 1000},
    {"create", do_create, 300},
    {"connect", do_connect, 300},
    {"exec", do_exec, 40},
};

static long long spent_ns(void) {
  struct timespec own;
  struct rusage children;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own);
  getrusage(RUSAGE_CHILDREN, &children);
  long long children_us = (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1000000LL +
                          children.ru_utime.tv_usec + children.ru_stime.tv_usec;
  return own.tv_sec * 1000000000LL + own.tv_nsec + children_us * 1000;
}

static void hold(int fd) {
  if (fd < 0) fail("hold");
  held[held_count++] = fd;
}

static void hold_more(void) {
  char name[kNameBytes + 8];
  if (held_count + 2 > kMaxHeld) return;
  snprintf(name, sizeof(name), "%s.held", file);
  hold(open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  unlink(name);
  hold(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void let_go(void) {
  while (held_count > 0) close(held[--held_count]);
}

static long long round_ns(void (*run)(void), int count) {
  long long begin = spent_ns();
  for (int i = 0; i < count; i++) run();
  return (spent_ns() - begin) / count;
}

static void measure(const char* name, void (*run)(void), int count) {
  long long least = 0;
  for (int i = 0; i <= rounds; i++) {
    if (run != do_exec) hold_more(); /* fork copies what is held */
    long long ns = round_ns(run, count);
    if (i == 1 || (i > 1 && ns < least)) least = ns;
  }
  let_go();
  printf("%s %lld\n", name, least);
}

static int is_wanted(const char* name, int argc, char** argv) {
  for (int i = 3; i < argc; i++) {
    if (strcmp(argv[i], name) == 0) return 1;
  }
  return argc == 3;
}

int main(int argc, char** argv) {
  if (argc > 2 && strcmp(argv[1], "-r") == 0) {
    rounds = atoi(argv[2]);
    argc -= 2;
    argv += 2;
  }
  if (argc < 3 || rounds < 1) {
    fprintf(stderr, "usage: measure [-r ROUNDS] FILE PROGRAM [OPERATION]...\n");
    return 2;
  }
  file = argv[1];
  program = argv[2];
  snprintf(fresh, sizeof(fresh), "%s.new", file);
  descriptor = open(file, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) fail(file);
  for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
    if (!is_wanted(operations[i].name, argc, argv)) continue;
    if (operations[i].run != do_create) open_close(fresh, O_WRONLY | O_CREAT);
    measure(operations[i].name, operations[i].run, operations[i].count);
    unlink(fresh);
  }
  return 0;
}
