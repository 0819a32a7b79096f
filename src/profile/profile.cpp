#include "src/profile/profile.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/base/quote.h"
#include "src/profile/read.h"
#include "src/profile/sections.h"

namespace holdfast::profile {
namespace {

using base::JsonView;

constexpr std::size_t kMaxNameBytes = 128;

std::string glob_problem(const std::string& glob) {
  const auto odd = [](char c) { return (c >= 0 && c <= ' ') || c == '\x7f'; };
  if (glob.empty() || std::any_of(glob.begin(), glob.end(), odd) || glob.front() == '/') {
    return fmt::format(
        "\"{}\" matches no image reference; write one as engines do, such as "
        "\"docker.io/library/nginx:*\"",
        base::shown(glob));
  }
  const std::size_t bracket = glob.find('[');
  if (glob.size() > kMaxImageBytes) {
    return fmt::format("is longer than {} bytes, which no image reference is; shorten it by a '*'",
                       kMaxImageBytes);
  }
  if (bracket != std::string::npos && glob.find(']', bracket + 2) == std::string::npos) {
    return fmt::format("\"{}\" has a '[' without its ']'; close it or write \\[",
                       base::shown(glob));
  }
  return "";
}

std::string syscall_problem(const std::string& name) {
  const auto odd = [](char c) {
    return !(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_';
  };
  if (name.empty() || std::any_of(name.begin(), name.end(), odd)) {
    return fmt::format(
        "\"{}\" is not the name of a system call; write it as in the manual, \"mount\"",
        base::shown(name));
  }
  return "";
}

Status check_schema_name(const JsonView& view) {
  const std::string schema =
      TRY(view.need_string("schema", fmt::format("write \"schema\": \"{}\"", kSchemaName)));
  if (schema != kSchemaName) {
    return view.error_at("schema",
                         fmt::format("\"{}\" is not a format this version reads; it reads \"{}\"",
                                     base::shown(schema), kSchemaName));
  }
  return Ok{};
}

std::string name_problem(const std::string& name) {
  return valid_name(name) ? ""
                          : fmt::format(
                                "\"{}\" is not a profile's name; use a-z, 0-9, '.', '_' and '-', "
                                "beginning with a letter or a digit",
                                base::shown(name));
}

Status read_names(const JsonView& view, Profile& profile) {
  profile.name = TRY(view.need_string("name", "give the profile its file's name, without .json"));
  if (const std::string problem = name_problem(profile.name); !problem.empty()) {
    return view.error_at("name", problem);
  }
  TRY(view.read("extends", profile.extends));
  if (!view.find("extends")) {
    return Ok{};
  }
  const std::string problem = name_problem(profile.extends);
  return problem.empty() ? Status(Ok{}) : Status(view.error_at("extends", problem));
}

Status read_match(const JsonView& view, Profile& profile) {
  const auto match = view.find("match");
  if (!match) {
    return Ok{};
  }
  TRY(match->only_keys({"images"}));
  TRY(read_judged(*match, "images", glob_problem, profile.images));
  if (profile.images.size() > kMaxRules) {
    return match->error_at("images", fmt::format("has more than {} globs", kMaxRules));
  }
  return Ok{};
}

Status read_mode(const JsonView& view, Profile& profile) {
  const auto member = view.find("mode");
  if (!member) {
    return Ok{};
  }
  const std::string text = TRY(member->string());
  const Result<Mode> mode = mode_by_name(text);
  if (!mode.ok()) {
    return member->error(mode.error().message);
  }
  profile.mode = mode.value();
  return Ok{};
}

Status read_rootfs(const JsonView& view, Profile& profile) {
  const auto rootfs = view.find("rootfs");
  if (!rootfs) {
    return Ok{};
  }
  TRY(rootfs->only_keys({"guard", "writable", "new_executables"}));
  TRY(read_word<RootfsGuard>(*rootfs, "guard",
                             {{"off", RootfsGuard::kOff},
                              {"alert", RootfsGuard::kAlert},
                              {"enforce", RootfsGuard::kEnforce},
                              {"readonly", RootfsGuard::kReadonly}},
                             profile.rootfs.guard));
  TRY(read_action(*rootfs, "new_executables", profile.rootfs.new_executables));
  TRY(read_judged(*rootfs, "writable", path_problem, profile.rootfs.writable));
  if (profile.rootfs.writable.size() > kMaxWritable) {
    return rootfs->error_at(
        "writable",
        fmt::format("has more than {} paths; name a directory above them", kMaxWritable));
  }
  return Ok{};
}

std::string escape_classes() {
  std::vector<std::string_view> names;
  for (std::uint32_t id = 1; id < HF_CLASS_COUNT; ++id) {
    const std::string_view name = class_name(id);
    if (name.starts_with("escape.")) {
      names.push_back(name);
    }
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

Status read_escape(const JsonView& view, Profile& profile) {
  const auto escape = view.find("escape");
  if (!escape) {
    return Ok{};
  }
  TRY(escape->only_keys({"action", "allow"}));
  TRY(read_action(*escape, "action", profile.escape.action));
  std::vector<std::string> names;
  const auto problem_of = [](const std::string& name) {
    return name.starts_with("escape.") && class_by_name(name) != HF_CLASS_NONE
               ? ""
               : fmt::format("\"{}\" is not a class of escape; known: {}", base::shown(name),
                             escape_classes());
  };
  TRY(read_judged(*escape, "allow", problem_of, names));
  for (const std::string& name : names) {
    profile.escape.allow.push_back(class_by_name(name));
  }
  return Ok{};
}

// What programs take for an answer: "you may not", or "there is no such call here".
constexpr std::initializer_list<std::pair<const char*, int>> kErrors = {
    {"EPERM", EPERM},   {"EACCES", EACCES}, {"EINVAL", EINVAL},
    {"ENOENT", ENOENT}, {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP}};

// The filter is in force before the container's program is executed.
Status check_startable(const JsonView& view, const std::vector<std::string>& allow_only) {
  for (const char* name : {"execve", "exit_group"}) {
    if (!allow_only.empty() && std::ranges::count(allow_only, name) == 0) {
      return view.error_at(
          "allow_only",
          fmt::format("lacks \"{}\", without which no program starts and ends; add it", name));
    }
  }
  return Ok{};
}

Status read_seccomp(const JsonView& view, Profile& profile) {
  const auto seccomp = view.find("seccomp");
  if (!seccomp) {
    return Ok{};
  }
  TRY(seccomp->only_keys({"base", "deny", "log", "notify", "allow_only", "errno"}));
  TRY(read_word<SeccompBase>(*seccomp, "base",
                             {{"container", SeccompBase::kContainer}, {"none", SeccompBase::kNone}},
                             profile.seccomp.base));
  TRY(read_word<int>(*seccomp, "errno", kErrors, profile.seccomp.error));
  TRY(read_judged(*seccomp, "deny", syscall_problem, profile.seccomp.deny));
  TRY(read_judged(*seccomp, "log", syscall_problem, profile.seccomp.log));
  TRY(read_judged(*seccomp, "notify", syscall_problem, profile.seccomp.notify));
  TRY(read_judged(*seccomp, "allow_only", syscall_problem, profile.seccomp.allow_only));
  return check_startable(*seccomp, profile.seccomp.allow_only);
}

Status read_on_failure(const JsonView& view, Profile& profile) {
  if (!view.find("on_failure")) {
    return Ok{};
  }
  OnFailure on_failure = OnFailure::kRefuse;
  TRY(read_word<OnFailure>(view, "on_failure",
                           {{"refuse", OnFailure::kRefuse}, {"warn", OnFailure::kWarn}},
                           on_failure));
  profile.on_failure = on_failure;
  return Ok{};
}

Status check_keys(const JsonView& view) {
  return view.only_keys({"schema", "$schema",   "name",    "description",  "extends",
                         "match",  "mode",      "rootfs",  "escape",       "seccomp",
                         "exec",   "files",     "network", "capabilities", "process",
                         "admit",  "exec_into", "respond", "exceptions",   "on_failure"});
}

Status check_description(const JsonView& view) {
  std::string text;
  TRY(view.read("$schema", text));
  return view.read("description", text);
}

}  // namespace

const char* mode_name(Mode mode) {
  switch (mode) {
    case Mode::kOff:
      return "off";
    case Mode::kDetect:
      return "detect";
    case Mode::kEnforce:
      return "enforce";
  }
  return "enforce";
}

Result<Mode> mode_by_name(const std::string& name) {
  for (const Mode mode : {Mode::kOff, Mode::kDetect, Mode::kEnforce}) {
    if (name == mode_name(mode)) {
      return mode;
    }
  }
  if (name == "learn") {
    return fail("\"learn\" is not supported by this version of holdfast; use detect");
  }
  return fail(fmt::format("\"{}\" is not one of enforce, detect, off", base::shown(name)));
}

bool valid_name(std::string_view name) {
  const auto alphanumeric = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto allowed = [&](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-'; };
  return !name.empty() && name.size() <= kMaxNameBytes && alphanumeric(name.front()) &&
         std::all_of(name.begin(), name.end(), allowed);
}

std::string path_problem(const std::string& path) {
  if (path.size() > kMaxWritableBytes) {
    return fmt::format("is longer than {} bytes; name a directory above it", kMaxWritableBytes);
  }
  if (base::is_absolute_clean(path)) {
    return "";
  }
  const std::string clean = base::clean_path(path);
  if (clean.empty()) {
    return fmt::format("\"{}\" is not an absolute path; write it from the container's root",
                       base::shown(path));
  }
  return clean != path
             ? fmt::format("\"{}\" is not a clean path; write \"{}\"", base::shown(path),
                           base::shown(clean))
             : fmt::format("\"{}\" holds a control character; remove it", base::shown(path));
}

Decoded decode(const nlohmann::json& document, const std::string& what) {
  Decoded decoded;
  const JsonView view(document, what, JsonView::Null::kIsError);
  const Status object = view.must_be_object();
  if (!object.ok()) {
    decoded.problems.push_back(object.error());
    return decoded;
  }
  for (const Status& part : {check_keys(view), check_schema_name(view), check_description(view)}) {
    if (!part.ok()) {
      decoded.problems.push_back(part.error());
    }
  }
  for (auto* read : {read_names, read_match, read_mode, read_rootfs, read_escape, read_seccomp,
                     read_exec, read_files, read_network, read_capabilities, read_process,
                     read_admit, read_exec_into, read_respond, read_exceptions, read_on_failure}) {
    const Status part = read(view, decoded.profile);
    if (!part.ok()) {
      decoded.problems.push_back(part.error());
    }
  }
  return decoded;
}

Result<std::vector<std::string>> match_images(const nlohmann::json& document,
                                              const std::string& what) {
  const JsonView view(document, what, JsonView::Null::kIsError);
  TRY(view.must_be_object());
  Profile profile;
  TRY(read_match(view, profile));
  return std::move(profile.images);
}

Result<Profile> parse_profile(std::string_view bytes, const std::string& what) {
  const nlohmann::json document = TRY(base::parse_json(bytes, what, kProfileLimits));
  Decoded decoded = decode(document, what);
  if (!decoded.problems.empty()) {
    return decoded.problems.front();
  }
  return std::move(decoded.profile);
}

}  // namespace holdfast::profile
