#include "src/profile/lint.h"

#include <fmt/format.h>

#include "src/base/json.h"
#include "src/base/quote.h"
#include "src/profile/schema.h"

namespace holdfast::profile {
namespace {

using nlohmann::json;

void lint_syscalls(const json& content, const std::string& path, const KnownSyscall& known,
                   std::vector<Error>& problems) {
  for (const char* list : {"deny", "log", "notify", "allow_only"}) {
    const json::json_pointer place = json::json_pointer("/seccomp") / list;
    const json names = content.value(place, json::array());
    for (std::size_t i = 0; i < names.size(); ++i) {
      const auto name = names[i].get<std::string>();
      if (!known(name)) {
        problems.push_back(fail(fmt::format(
            "{}: {}/{}: \"{}\" is no system call that this version of libseccomp knows; correct or "
            "remove it",
            path, place.to_string(), i, base::shown(name))));
      }
    }
  }
}

std::vector<Error> lint_content(const json& content, const std::string& path, Profile& profile) {
  // The decoder's sentences first, for they say what to do. Whatever it would let pass and the
  // schema would not is still told.
  Decoded decoded = decode(content, path);
  if (!decoded.problems.empty()) {
    return decoded.problems;
  }
  profile = std::move(decoded.profile);
  return check_schema(profile_schema(), content, path);
}

}  // namespace

std::vector<Error> lint(const Source& source, const std::string& path, const KnownSyscall& known) {
  const Result<std::optional<std::string>> bytes = source.read(path);
  if (!bytes.ok()) {
    return {bytes.error()};
  }
  if (!bytes.value()) {
    return {fail(fmt::format("there is no file {}; correct the path", base::shown(path)))};
  }
  const Result<json> content = base::parse_json(*bytes.value(), path, kProfileLimits);
  if (!content.ok()) {
    return {content.error()};
  }
  Profile profile;
  std::vector<Error> problems = lint_content(content.value(), path, profile);
  if (!problems.empty()) {
    return problems;
  }
  if (known) {
    lint_syscalls(content.value(), path, known, problems);
  }
  for (const Status& status : {check_name(path, profile), check_extends(source, path, profile)}) {
    if (!status.ok()) {
      problems.push_back(status.error());
    }
  }
  return problems;
}

}  // namespace holdfast::profile
