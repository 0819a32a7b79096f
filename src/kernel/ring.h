// Reads a BPF ring buffer and gives back only what its reader is done with.
//
// Layout and rules are the kernel's (Documentation/bpf/ringbuf.rst, include/uapi/linux/bpf.h): two
// positions that only grow, each in a page of its own, then the data. A record is a header of eight
// bytes, whose first word is its length with two bits on top, and its bytes, all rounded up to
// eight. The kernel offers the data twice in a row, so that no record is ever cut; a second mapping
// of it is as much resident memory again, so a record that goes over the end is put together here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "src/base/result.h"
#include "src/kernel/mapping.h"

namespace holdfast::kernel {

struct RingRecord {
  std::uint64_t position = 0;   // of its header: no other record of this ring ever has it
  std::uint64_t end = 0;        // for give_back()
  const void* bytes = nullptr;  // valid until the next one is asked for
  std::size_t size = 0;
};

// Single-threaded, the only reader of its ring. Records are handed out in order; as long as they
// are not given back, the kernel keeps them, for the next process that reads the ring as well.
class Ring {
 public:
  // The ring of a BPF map with `bytes` of data. `fd` stays the caller's and must outlive it.
  static Result<Ring> map(int fd, std::size_t bytes, const char* name);

  // Over plain memory, for tests: positions, and `bytes` of data, a power of two.
  Ring(std::uint64_t* given_back, const std::uint64_t* written, const std::byte* data,
       std::size_t bytes);

  // poll(2) says it is readable when there is something that was not given back.
  [[nodiscard]] int fd() const { return fd_; }

  // The next record; nothing when all were handed out, or the next one is still being written.
  std::optional<RingRecord> next();

  // The kernel may overwrite everything before `end`, which is the end of a record handed out.
  void give_back(std::uint64_t end);

  // Where the kernel writes next.
  [[nodiscard]] std::uint64_t written() const;
  // Bytes of data, and how many of them hold what was not given back.
  [[nodiscard]] std::uint64_t bytes() const { return mask_ + 1; }
  [[nodiscard]] std::uint64_t used_bytes() const;
  // Up to where records were handed out.
  [[nodiscard]] std::uint64_t handed_out() const { return next_; }

 private:
  const std::byte* whole_record(std::uint64_t at, std::size_t size);

  Mapping reader_page_;
  Mapping rest_;
  int fd_ = -1;
  std::uint64_t* given_back_;
  const std::uint64_t* written_;
  const std::byte* data_;
  std::uint64_t mask_;
  std::uint64_t next_;
  std::vector<std::byte> joined_;  // the last record that went over the end
};

}  // namespace holdfast::kernel
