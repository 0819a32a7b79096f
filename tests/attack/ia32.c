/* System calls as a 32-bit process makes them, which a 64-bit one can do as well. Numbers of
 * arch/x86/entry/syscalls/syscall_32.tbl; those of x32 are the 64-bit ones with one bit more. */
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { kOpen = 5, kUnlink = 10, kSocketcall = 102, kRoom = 8192 }; /* room: two pages */
enum { kSocketcallConnect = 3, kSocketcallSend = 9 };              /* include/uapi/linux/net.h */
enum { kX32 = 0x40000000 }; /* arch/x86/include/uapi/asm/unistd.h */

/* Memory that 32 bits can name. */
static char* low_memory(void) {
  void* map =
      mmap(NULL, kRoom, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
  if (map == MAP_FAILED) exit(2);
  return map;
}

static int call32(unsigned number, const void* first, unsigned long second, unsigned long third) {
  int result;
  __asm__ volatile("int $0x80"
                   : "=a"(result)
                   : "a"(number), "b"(first), "c"(second), "d"(third)
                   : "memory", "r8", "r9", "r10", "r11");
  if (result < 0) errno = -result;
  return result < 0 ? -1 : result;
}

static char* low_copy(const char* text) { return strncpy(low_memory(), text, kRoom - 1); }

static int run_open_write(int argc, char** argv) {
  (void)argc;
  int fd = call32(kOpen, low_copy(argv[0]), O_WRONLY | O_CLOEXEC, 0);
  if (fd < 0) return errno;
  close(fd);
  return 0;
}

static int run_unlink(int argc, char** argv) {
  (void)argc;
  return outcome(call32(kUnlink, low_copy(argv[0]), 0, 0));
}

/* One of several calls in one. The arguments are the last bytes that can be read there. */
static int socketcall(int call, const uint32_t* arguments, int count) {
  size_t size = (size_t)count * sizeof(*arguments);
  char* memory = low_memory();
  if (mprotect(memory + kRoom / 2, kRoom / 2, PROT_NONE) < 0) return errno;
  memcpy(memory + kRoom / 2 - size, arguments, size);
  return outcome(
      call32(kSocketcall, (void*)(uintptr_t)call, (unsigned long)(memory + kRoom / 2 - size), 0));
}

static struct sockaddr_in* low_address(char** argv) {
  struct sockaddr_in* in = (void*)low_memory();
  in->sin_family = AF_INET;
  in->sin_port = htons((in_port_t)atoi(argv[1]));
  inet_pton(AF_INET, argv[0], &in->sin_addr);
  return in;
}

static uint32_t low(const void* address) { return (uint32_t)(uintptr_t)address; }

static int run_connect(int argc, char** argv) {
  (void)argc;
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  uint32_t arguments[] = {(uint32_t)fd, low(low_address(argv)), sizeof(struct sockaddr_in)};
  int error = socketcall(kSocketcallConnect, arguments, 3);
  close(fd);
  return error == ECONNREFUSED ? 0 : error;
}

static int run_send(int argc, char** argv) {
  (void)argc;
  struct sockaddr_in* in = low_address(argv);
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  uint32_t arguments[] = {(uint32_t)fd, low(low_copy("x")), 1, 0};
  int error = outcome(connect(fd, (struct sockaddr*)in, sizeof(*in)));
  if (!error) error = socketcall(kSocketcallSend, arguments, 4);
  close(fd);
  return error == ECONNREFUSED ? 0 : error;
}

/* ENOSYS where the kernel has no x32. */
static int run_x32_unshare(int argc, char** argv) {
  (void)argc;
  (void)argv;
  return outcome(syscall(kX32 | SYS_unshare, CLONE_NEWUTS));
}

const struct operation ia32_operations[] = {
    {"ia32-open-write", "PATH (by int 0x80, as all of these)", 1, 1, run_open_write},
    {"ia32-unlink", "PATH", 1, 1, run_unlink},
    {"ia32-connect", "ADDRESS PORT (by socketcall)", 2, 2, run_connect},
    {"ia32-send", "ADDRESS PORT (by socketcall, once connected)", 2, 2, run_send},
    {"x32-unshare", "(uts)", 0, 0, run_x32_unshare},
    {0},
};
