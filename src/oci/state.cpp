#include "src/oci/state.h"

#include <algorithm>
#include <limits>

#include <fmt/core.h>

#include "src/base/path.h"

namespace holdfast::oci {
namespace {

using base::JsonView;

constexpr const char* kRemedy =
    "the state must come from an OCI runtime; run this program as a hook, not by hand";

Result<std::int32_t> read_pid(const JsonView& view) {
  std::int64_t pid = 0;
  TRY(view.read("pid", pid));
  if (pid < 0 || pid > std::numeric_limits<std::int32_t>::max()) {
    return view.error_at("pid", fmt::format("{} is not a process id", pid));
  }
  return static_cast<std::int32_t>(pid);
}

Result<std::string> read_id(const JsonView& view) {
  const JsonView member = TRY(view.need("id", kRemedy));
  std::string id = TRY(member.string());
  if (!valid_id(id)) {
    return member.error(fmt::format(
        "is not a container id: 1 to {} bytes, no slash, no control character", kMaxIdBytes));
  }
  return id;
}

Result<std::string> read_bundle(const JsonView& view) {
  const JsonView member = TRY(view.need("bundle", kRemedy));
  const std::string written = TRY(member.string());
  std::string bundle = base::clean_path(written);
  if (bundle.empty()) {
    return member.error("must be an absolute path; the runtime has to resolve its --bundle");
  }
  return bundle;
}

}  // namespace

bool valid_id(std::string_view id) {
  const auto bad = [](char c) { return c == '/' || (c >= 0 && c < ' ') || c == '\x7f'; };
  return !id.empty() && id.size() <= kMaxIdBytes && id != "." && id != ".." &&
         std::none_of(id.begin(), id.end(), bad);
}

Result<State> parse_state(std::string_view bytes, const std::string& what) {
  const nlohmann::json document = TRY(base::parse_json(bytes, what, kStateLimits));
  const JsonView view(document, what);
  TRY(view.must_be_object());
  State state;
  TRY(view.read("ociVersion", state.oci_version));
  TRY(view.read("status", state.status));
  TRY(view.read("annotations", state.annotations));
  state.id = TRY(read_id(view));
  state.pid = TRY(read_pid(view));
  state.bundle = TRY(read_bundle(view));
  return state;
}

}  // namespace holdfast::oci
