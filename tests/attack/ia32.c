/* System calls as a 32-bit process makes them, which a 64-bit one can do as well. Numbers of
 * arch/x86/entry/syscalls/syscall_32.tbl. */
#include "tests/attack/attack.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { kOpen = 5, kUnlink = 10, kSocketcall = 102, kSocketcallConnect = 3, kRoom = 4096 };

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

static int run_connect(int argc, char** argv) {
  (void)argc;
  char* memory = low_memory();
  struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[1]))};
  inet_pton(AF_INET, argv[0], &in.sin_addr);
  memcpy(memory, &in, sizeof(in));
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  uint32_t arguments[3] = {(uint32_t)fd, (uint32_t)(uintptr_t)memory, sizeof(in)};
  memcpy(memory + sizeof(in), arguments, sizeof(arguments));
  int error = outcome(
      call32(kSocketcall, (void*)kSocketcallConnect, (unsigned long)(memory + sizeof(in)), 0));
  close(fd);
  return error == ECONNREFUSED ? 0 : error;
}

const struct operation ia32_operations[] = {
    {"ia32-open-write", "PATH (by int 0x80, as all of these)", 1, 1, run_open_write},
    {"ia32-unlink", "PATH", 1, 1, run_unlink},
    {"ia32-connect", "ADDRESS PORT (by socketcall)", 2, 2, run_connect},
    {0},
};
