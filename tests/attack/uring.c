/* The same through io_uring, where a kernel thread of the process does the work. Raw system calls:
 * one entry submitted, one completion read. */
#include "tests/attack/attack.h"

#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct ring {
  int fd;
  struct io_uring_params params;
  char* submission;
  char* completion;
  struct io_uring_sqe* entries;
};

static void* map_ring(int fd, size_t size, off_t offset) {
  return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, offset);
}

static int ring_open(struct ring* ring) {
  memset(ring, 0, sizeof(*ring));
  ring->fd = (int)syscall(SYS_io_uring_setup, 4, &ring->params);
  if (ring->fd < 0) return errno;
  const struct io_uring_params* p = &ring->params;
  ring->submission =
      map_ring(ring->fd, p->sq_off.array + p->sq_entries * sizeof(uint32_t), IORING_OFF_SQ_RING);
  ring->completion = map_ring(
      ring->fd, p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe), IORING_OFF_CQ_RING);
  ring->entries = map_ring(ring->fd, p->sq_entries * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
  return ring->submission == MAP_FAILED || ring->completion == MAP_FAILED ||
                 (void*)ring->entries == MAP_FAILED
             ? ENOMEM
             : 0;
}

/* Submits one entry and waits. Returns 0 or a positive errno; a descriptor that came out is closed.
 */
static int ring_do(const struct io_uring_sqe* entry) {
  struct ring ring;
  int error = ring_open(&ring);
  if (error) return error;
  const struct io_uring_params* p = &ring.params;
  ring.entries[0] = *entry;
  *(uint32_t*)(void*)(ring.submission + p->sq_off.array) = 0;
  __atomic_store_n((uint32_t*)(void*)(ring.submission + p->sq_off.tail), 1, __ATOMIC_RELEASE);
  if (syscall(SYS_io_uring_enter, ring.fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) < 0) return errno;
  const struct io_uring_cqe* done = (void*)(ring.completion + p->cq_off.cqes);
  int result = done->res;
  if (result > 0) close(result);
  close(ring.fd);
  return result < 0 ? -result : 0;
}

static int uring_open(const char* path, uint32_t flags) {
  struct io_uring_sqe entry = {.opcode = IORING_OP_OPENAT, .fd = AT_FDCWD, .len = 0644};
  entry.addr = (uint64_t)(uintptr_t)path;
  entry.open_flags = flags | O_CLOEXEC;
  return ring_do(&entry);
}

static int run_read(int argc, char** argv) {
  (void)argc;
  return uring_open(argv[0], O_RDONLY);
}

static int run_write(int argc, char** argv) {
  (void)argc;
  return uring_open(argv[0], O_WRONLY);
}

static int run_create(int argc, char** argv) {
  (void)argc;
  return uring_open(argv[0], O_WRONLY | O_CREAT);
}

static int run_unlink(int argc, char** argv) {
  (void)argc;
  struct io_uring_sqe entry = {.opcode = IORING_OP_UNLINKAT, .fd = AT_FDCWD};
  entry.addr = (uint64_t)(uintptr_t)argv[0];
  return ring_do(&entry);
}

static int run_mkdir(int argc, char** argv) {
  (void)argc;
  struct io_uring_sqe entry = {.opcode = IORING_OP_MKDIRAT, .fd = AT_FDCWD, .len = 0755};
  entry.addr = (uint64_t)(uintptr_t)argv[0];
  return ring_do(&entry);
}

static int run_two_paths(uint8_t opcode, char** argv) {
  struct io_uring_sqe entry = {.opcode = opcode, .fd = AT_FDCWD};
  entry.addr = (uint64_t)(uintptr_t)argv[0];
  entry.addr2 = (uint64_t)(uintptr_t)argv[1];
  /* The second directory descriptor travels in `len`, but for symlinkat, whose only one is `fd`. */
  if (opcode != IORING_OP_SYMLINKAT) entry.len = (uint32_t)AT_FDCWD;
  return ring_do(&entry);
}

static int run_rename(int argc, char** argv) {
  (void)argc;
  return run_two_paths(IORING_OP_RENAMEAT, argv);
}

static int run_link(int argc, char** argv) {
  (void)argc;
  return run_two_paths(IORING_OP_LINKAT, argv);
}

static int run_symlink(int argc, char** argv) {
  (void)argc;
  return run_two_paths(IORING_OP_SYMLINKAT, argv);
}

const struct operation uring_operations[] = {
    {"uring-read", "PATH", 1, 1, run_read},
    {"uring-write", "PATH", 1, 1, run_write},
    {"uring-create", "PATH", 1, 1, run_create},
    {"uring-unlink", "PATH", 1, 1, run_unlink},
    {"uring-mkdir", "PATH", 1, 1, run_mkdir},
    {"uring-rename", "OLD NEW", 2, 2, run_rename},
    {"uring-link", "OLD NEW", 2, 2, run_link},
    {"uring-symlink", "TARGET PATH", 2, 2, run_symlink},
    {0},
};
