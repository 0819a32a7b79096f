#include "tests/fuzz/target.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include "src/base/file.h"
#include "src/profile/policy_json.h"

namespace holdfast::fuzz {
namespace {

constexpr std::size_t kMaxMessageBytes = 2048;

Files read_shipped() {
  const profile::Source shipped = profile::file_source({HOLDFAST_PROFILES});
  const std::vector<std::string> paths = profile::profile_paths(shipped).value();
  Files files;
  for (const std::string& path : paths) {
    files[kDirectory + path.substr(path.rfind('/'))] = shipped.read(path).value().value();
  }
  return files;
}

oci::Spec read_ordinary_spec() {
  const char* path = HOLDFAST_TEST_DATA "/oci/docker.json";
  const std::string bytes = base::read_file(path, oci::kSpecLimits.max_bytes).value();
  return oci::parse_spec(bytes, path).value();
}

bool is_control(char c) { return (c >= 0 && c < ' ') || c == '\x7f'; }

}  // namespace

void require(bool holds, std::string_view promise) {
  if (!holds) {
    std::fprintf(stderr, "broken promise: %.*s\n", static_cast<int>(promise.size()),
                 promise.data());
    std::abort();
  }
}

Status judge_and_check(std::string_view bytes) {
  Status status = judge(bytes);
  if (!status.ok()) {
    const std::string& message = status.error().message;
    require(!message.empty(), "an error says something");
    require(message.size() <= kMaxMessageBytes, "an error is short, whatever the input");
    require(std::ranges::none_of(message, is_control), "an error is one line of plain text");
  }
  return status;
}

profile::Source source_of(const Files& files) {
  profile::Source source;
  source.directories = {kDirectory};
  source.read = [&files](const std::string& path) -> Result<std::optional<std::string>> {
    const auto found = files.find(path);
    return found == files.end() ? std::nullopt : std::optional(found->second);
  };
  source.list = [&files](const std::string&) -> Result<std::vector<std::string>> {
    std::vector<std::string> names;
    for (const auto& [path, content] : files) {
      names.push_back(path.substr(path.rfind('/') + 1));
    }
    return names;
  };
  return source;
}

const Files& shipped_profiles() {
  static const Files files = read_shipped();
  return files;
}

const oci::Spec& ordinary_spec() {
  static const oci::Spec spec = read_ordinary_spec();
  return spec;
}

Status compile_both(const profile::Profile& profile, const oci::Spec& spec) {
  for (const bool enforcing : {true, false}) {
    const profile::Compiled compiled = TRY(profile::compile(profile, spec, enforcing));
    const auto registered =
        profile::policy_from_json(profile::policy_to_json(compiled.policy), "registration");
    require(registered.ok(), "what was compiled can be registered");
    require(registered.value() == compiled.policy, "a registration changes no policy");
  }
  return Ok{};
}

}  // namespace holdfast::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // NOLINTNEXTLINE: libFuzzer gives bytes, everything else here reads characters.
  (void)holdfast::fuzz::judge_and_check({reinterpret_cast<const char*>(data), size});
  return 0;
}
