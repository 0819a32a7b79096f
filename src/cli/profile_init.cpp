#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/base/image_root.h"
#include "src/cli/commands.h"
#include "src/oci/image.h"
#include "src/oci/spec.h"
#include "src/profile/profile.h"

namespace holdfast::cli {

namespace {

using nlohmann::ordered_json;

// The kernel looks no further for an interpreter (execve(2)).
constexpr std::size_t kFirstLine = 256;

struct Given {
  std::string name;
  std::string config;
  std::string rootfs;
};

// What config.json starts, and in which environment.
struct Start {
  oci::Spec spec;
  std::vector<std::string> path;  // directories of PATH
};

std::vector<std::string> split(std::string_view text, char mark) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(mark), text.size());
    if (end != 0) {
      parts.emplace_back(text.substr(0, end));
    }
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return parts;
}

Result<Start> read_start(const std::string& config) {
  const std::string bytes = TRY(base::read_file(config, oci::kSpecLimits.max_bytes));
  const nlohmann::json document = TRY(base::parse_json(bytes, config, oci::kSpecLimits));
  Start start{TRY(oci::read_spec(document, config)), {}};
  std::vector<std::string> environment;
  if (const auto process = base::JsonView(document, config).find("process")) {
    TRY(process->read("env", environment));
  }
  for (const std::string& variable : environment) {
    if (variable.starts_with("PATH=")) {
      start.path = split(std::string_view(variable).substr(5), ':');
    }
  }
  return start;
}

Result<base::ImageRoot::File> find_program(const base::ImageRoot& image, const Start& start,
                                           const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return image.find(name);
  }
  for (const std::string& directory : start.path) {
    auto found = image.find(directory + "/" + name);
    if (found.ok()) {
      return found;
    }
  }
  return fail(fmt::format("the image has no program {} in PATH", name));
}

// The words of a script's first line; none for a program.
std::vector<std::string> interpreter_of(int fd) {
  std::array<char, kFirstLine> first{};
  const ssize_t length = pread(fd, first.data(), first.size(), 0);
  const std::string_view text(first.data(), length < 0 ? 0 : static_cast<std::size_t>(length));
  if (!text.starts_with("#!")) {
    return {};
  }
  const std::string_view line = text.substr(2, text.find('\n') - 2);
  return split(line, ' ');
}

// Adds the program and what interprets it; "/usr/bin/env NAME" starts another one.
Status add_program(const base::ImageRoot& image, const Start& start, const std::string& name,
                   std::set<std::string>& programs) {
  const base::ImageRoot::File program = TRY(find_program(image, start, name));
  if (!programs.insert(program.path).second) {
    return Ok{};
  }
  const std::vector<std::string> words = interpreter_of(program.fd.get());
  if (words.empty()) {
    return Ok{};
  }
  TRY(add_program(image, start, words.front(), programs));
  const bool is_env = words.front().ends_with("/env") && words.size() > 1;
  return is_env && !words.back().starts_with('-')
             ? add_program(image, start, words.back(), programs)
             : Status(Ok{});
}

Result<std::vector<std::string>> programs_of(const Given& given, const Start& start) {
  std::string directory = given.rootfs;
  if (directory.empty()) {
    const std::string& root = start.spec.root.path;
    const std::size_t slash = given.config.rfind('/');
    const std::string bundle = slash == std::string::npos ? "" : given.config.substr(0, slash + 1);
    directory = root.starts_with('/') ? root : bundle + root;
  }
  const base::ImageRoot image = TRY(base::ImageRoot::open(directory));
  std::set<std::string> programs;
  if (!start.spec.process.args.empty()) {
    TRY(add_program(image, start, start.spec.process.args.front(), programs));
  }
  return std::vector<std::string>(programs.begin(), programs.end());
}

Result<ordered_json> draft(const Given& given) {
  if (!profile::valid_name(given.name)) {
    return fail(
        fmt::format("\"{}\" is not a profile's name; use a-z, 0-9, '.', '_' and '-'", given.name));
  }
  const Start start = TRY(read_start(given.config));
  ordered_json profile = {
      {"schema", profile::kSchemaName}, {"name", given.name}, {"extends", "default"}};
  const std::string image = oci::image_of(start.spec.annotations);
  if (!image.empty()) {
    profile["match"] = {{"images", {image}}};
  }
  profile["rootfs"] = {{"guard", "alert"}, {"writable", ordered_json::array()}};
  profile["exec"] = {{"allow", TRY(programs_of(given, start))}, {"otherwise", "alert"}};
  profile["capabilities"] = {{"allow", start.spec.process.bounding}, {"otherwise", "alert"}};
  return profile;
}

}  // namespace

void add_profile_init(CLI::App& profile, int& status) {
  auto* command = profile.add_subcommand("init", "Draft a profile for a container");
  command->footer(
      "Prints a profile that extends \"default\" and tells, refusing nothing more: of programs "
      "other\n"
      "than the one that config.json starts (with its interpreter), of changes of the root file\n"
      "system, and of capabilities beyond config.json's. Run the container under it, look at what\n"
      "`holdfast events` says, complete the lists, then turn \"alert\" into \"deny\".\n"
      "\n"
      "Example: holdfast profile init web --config bundle/config.json >web.json");
  auto given = std::make_shared<Given>();
  command->add_option("NAME", given->name, "Of the profile, and of its file without .json")
      ->required();
  command->add_option("--config", given->config, "config.json of the container")->required();
  command->add_option("--rootfs", given->rootfs,
                      "Directory of the image [config.json's root.path]");
  command->callback([given, &status] {
    const auto drafted = draft(*given);
    if (drafted.ok()) {
      fmt::print("{}\n", drafted.value().dump(2));
    }
    status = drafted.ok() ? 0 : complain(drafted.error());
  });
}

}  // namespace holdfast::cli
