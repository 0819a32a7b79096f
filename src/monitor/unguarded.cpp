#include "src/monitor/unguarded.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>

#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/base/process.h"
#include "src/monitor/known.h"
#include "src/oci/state.h"

namespace holdfast::monitor {

namespace {

constexpr std::size_t kMaxBytes = 8192;
constexpr std::size_t kMaxWhy = 2048;

std::string directory_of(const std::string& socket_path) {
  return socket_path.substr(0, socket_path.rfind('/') + 1) + "unguarded";
}

// The sentence, if the process that it was noted with is still there.
Result<std::string> read_living(const std::string& path, const std::string& proc_root) {
  const std::string text = TRY(base::read_file(path, kMaxBytes));
  const nlohmann::json json = TRY(base::parse_json(text, path, {.max_bytes = kMaxBytes}));
  const base::JsonView view(json, path);
  std::int64_t pid = 0;
  std::int64_t start_ticks = 0;
  TRY(view.read("pid", pid));
  TRY(view.read("start_ticks", start_ticks));
  const base::ProcessStat stat = TRY(base::process_stat(proc_root, static_cast<pid_t>(pid)));
  if (stat.start_ticks != static_cast<std::uint64_t>(start_ticks)) {
    return fail("it has ended");
  }
  return view.need_string("why", "start the container again");
}

}  // namespace

Status note_unguarded(const std::string& socket_path, const std::string& id, pid_t pid,
                      const std::string& why, const std::string& proc_root) {
  const std::string directory = directory_of(socket_path);
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    return fail_errno("cannot make the directory " + directory, error.value());
  }
  std::filesystem::permissions(directory, std::filesystem::perms::owner_all, error);
  const base::ProcessStat stat = TRY(base::process_stat(proc_root, pid));
  const nlohmann::json json = {
      {"pid", pid}, {"start_ticks", stat.start_ticks}, {"why", why.substr(0, kMaxWhy)}};
  const std::string text =
      json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
  return base::replace_file(container_file(directory, id), text, 0600);
}

void forget_unguarded(const std::string& socket_path, const std::string& id) {
  if (oci::valid_id(id)) {
    unlink(container_file(directory_of(socket_path), id).c_str());
  }
}

std::vector<Unguarded> list_unguarded(const std::string& socket_path,
                                      const std::string& proc_root) {
  std::vector<Unguarded> all;
  std::error_code error;
  for (const auto& file : std::filesystem::directory_iterator(directory_of(socket_path), error)) {
    const Result<std::string> why = read_living(file.path(), proc_root);
    if (why.ok() && file.path().extension() == ".json") {
      all.push_back({file.path().stem(), why.value()});
    }
  }
  std::ranges::sort(all, {}, &Unguarded::id);
  return all;
}

}  // namespace holdfast::monitor
