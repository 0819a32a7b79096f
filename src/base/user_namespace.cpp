#include "src/base/user_namespace.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <linux/nsfs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "src/base/file.h"

namespace holdfast::base {
namespace {

// At most 340 lines of three numbers (user_namespaces(7)).
constexpr std::size_t kMaxMapBytes = 16384;
// The kernel nests no deeper than 32 (user_namespaces(7)).
constexpr int kMaxDepth = 33;

struct Reader {
  std::string_view rest;

  std::optional<std::uint64_t> number() {
    const std::size_t begin = rest.find_first_not_of(" \t\n");
    rest.remove_prefix(begin == std::string_view::npos ? rest.size() : begin);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), value);
    if (error != std::errc{}) {
      return std::nullopt;
    }
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    return value;
  }
};

Result<struct stat> look_at(const UniqueFd& ns) {
  struct stat found {};
  if (fstat(ns.get(), &found) != 0) {
    return fail_errno("cannot look at a user namespace", errno);
  }
  return found;
}

}  // namespace

std::vector<IdRange> parse_id_map(std::string_view text) {
  std::vector<IdRange> ranges;
  Reader reader{text};
  for (;;) {
    const auto inside = reader.number();
    const auto outside = reader.number();
    const auto count = reader.number();
    if (!inside || !outside || !count || *count == 0) {
      return ranges;
    }
    ranges.push_back({*inside, *outside, *count});
  }
}

Result<std::vector<IdRange>> mapped_users(const std::string& proc_root,
                                          const std::string& process) {
  return parse_id_map(
      TRY(read_file(fmt::format("{}/{}/uid_map", proc_root, process), kMaxMapBytes)));
}

Result<std::optional<uid_t>> maker_of_user_namespace(const std::string& proc_root, pid_t pid) {
  const UniqueFd own = TRY(open_file(proc_root + "/self/ns/user", O_RDONLY));
  const struct stat ours = TRY(look_at(own));
  UniqueFd ns = TRY(open_file(fmt::format("{}/{}/ns/user", proc_root, pid), O_RDONLY));
  std::optional<uid_t> maker;
  for (int depth = 0; depth < kMaxDepth; ++depth) {
    const struct stat theirs = TRY(look_at(ns));
    if (theirs.st_dev == ours.st_dev && theirs.st_ino == ours.st_ino) {
      return maker;
    }
    uid_t owner = 0;
    if (ioctl(ns.get(), NS_GET_OWNER_UID, &owner) != 0) {
      return fail_errno("cannot ask for the owner of a user namespace", errno);
    }
    maker = owner;
    UniqueFd parent(ioctl(ns.get(), NS_GET_PARENT));
    if (!parent.valid()) {
      return fail_errno(fmt::format("process {} is in no user namespace below ours", pid), errno);
    }
    ns = std::move(parent);
  }
  return fail(fmt::format("the user namespaces of process {} have no end", pid));
}

}  // namespace holdfast::base
