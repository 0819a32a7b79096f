#include "src/kernel/ring.h"

#include <linux/bpf.h>
#include <unistd.h>

#include <utility>

namespace holdfast::kernel {

namespace {

constexpr std::uint64_t kAlignment = 8;
constexpr std::uint32_t kFlags = BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT;

std::size_t page_bytes() { return static_cast<std::size_t>(sysconf(_SC_PAGESIZE)); }

std::uint64_t rounded(std::uint64_t bytes) { return (bytes + kAlignment - 1) & ~(kAlignment - 1); }

}  // namespace

Result<Ring> Ring::map(int fd, std::size_t bytes, const char* name) {
  const std::size_t page = page_bytes();
  Mapping reader = TRY(Mapping::of(fd, page, PROT_READ | PROT_WRITE, 0, name));
  Mapping rest = TRY(Mapping::of(fd, page + bytes, PROT_READ, page, name));
  const auto* written = static_cast<const std::byte*>(rest.at());
  Ring ring(static_cast<std::uint64_t*>(reader.at()), static_cast<const std::uint64_t*>(rest.at()),
            written + page, bytes);
  ring.reader_page_ = std::move(reader);
  ring.rest_ = std::move(rest);
  ring.fd_ = fd;
  return ring;
}

Ring::Ring(std::uint64_t* given_back, const std::uint64_t* written, const std::byte* data,
           std::size_t bytes)
    : given_back_(given_back),
      written_(written),
      data_(data),
      mask_(bytes - 1),
      next_(__atomic_load_n(given_back, __ATOMIC_ACQUIRE)) {}

std::uint64_t Ring::written() const { return __atomic_load_n(written_, __ATOMIC_ACQUIRE); }

std::uint64_t Ring::used_bytes() const {
  return written() - __atomic_load_n(given_back_, __ATOMIC_RELAXED);
}

std::optional<RingRecord> Ring::next() {
  while (next_ < written()) {
    const std::byte* header = data_ + (next_ & mask_);
    const std::uint32_t word = __atomic_load_n(
        static_cast<const std::uint32_t*>(static_cast<const void*>(header)), __ATOMIC_ACQUIRE);
    if ((word & BPF_RINGBUF_BUSY_BIT) != 0) {
      return std::nullopt;
    }
    const std::uint64_t position = next_;
    const std::uint64_t size = word & ~kFlags;
    next_ += rounded(BPF_RINGBUF_HDR_SZ + size);
    if ((word & BPF_RINGBUF_DISCARD_BIT) == 0) {
      return RingRecord{position, next_, whole_record(position + BPF_RINGBUF_HDR_SZ, size), size};
    }
    // Nobody will give back what nobody was handed, unless something before it is still out.
    if (__atomic_load_n(given_back_, __ATOMIC_RELAXED) == position) {
      give_back(next_);
    }
  }
  return std::nullopt;
}

const std::byte* Ring::whole_record(std::uint64_t at, std::size_t size) {
  const std::size_t begin = at & mask_;
  const std::size_t before_end = bytes() - begin;
  if (size <= before_end) {
    return data_ + begin;
  }
  joined_.assign(data_ + begin, data_ + bytes());
  joined_.insert(joined_.end(), data_, data_ + (size - before_end));
  return joined_.data();
}

void Ring::give_back(std::uint64_t end) { __atomic_store_n(given_back_, end, __ATOMIC_RELEASE); }

}  // namespace holdfast::kernel
