#include "src/engine/docker.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "src/base/json.h"

namespace holdfast::engine {
namespace {

using nlohmann::ordered_json;

constexpr const char* kDefaultKey = "default-runtime";
constexpr base::JsonLimits kLimits{.max_bytes = std::size_t{1} << 20, .max_depth = 32};

bool is_blank(const std::string& text) {
  return text.find_first_not_of(" \t\r\n") == std::string::npos;
}

// dockerd takes an empty file for an empty object.
Result<ordered_json> parse(const std::string& text, const std::string& path) {
  if (is_blank(text)) {
    return ordered_json::object();
  }
  auto document = base::parse_ordered_json(text, path, kLimits);
  if (document.ok() && !document.value().is_object()) {
    return fail(path + " is no JSON object; dockerd cannot read this either: correct it");
  }
  return document;
}

// In the indentation that the first indented line of `like` has.
std::string write_like(const std::string& like, const ordered_json& document) {
  const std::size_t line = std::min(like.find("\n\t"), like.find("\n "));
  std::size_t width = 2;
  char mark = ' ';
  if (line != std::string::npos) {
    mark = like[line + 1];
    width = like.find_first_not_of(mark, line + 1) - line - 1;
  }
  return document.dump(static_cast<int>(std::clamp<std::size_t>(width, 1, 8)), mark) + "\n";
}

bool is_ours_by_default(const ordered_json& document) {
  const auto found = document.find(kDefaultKey);
  return found != document.end() && *found == kRuntimeName;
}

}  // namespace

Result<Parts> take_apart_daemon_json(const std::string& text, const std::string& path,
                                     const std::string& replaced) {
  ordered_json document = TRY(parse(text, path));
  ordered_json ours = ordered_json::object();
  const auto runtimes = document.find("runtimes");
  if (runtimes != document.end() && runtimes->is_object() && runtimes->contains(kRuntimeName)) {
    ours["runtimes"][kRuntimeName] = (*runtimes)[kRuntimeName];
    runtimes->erase(kRuntimeName);
    if (runtimes->empty()) {
      document.erase("runtimes");
    }
  }
  if (is_ours_by_default(document)) {
    ours[kDefaultKey] = kRuntimeName;
    if (replaced.empty()) {
      document.erase(kDefaultKey);
    } else {
      document[kDefaultKey] = replaced;
    }
  }
  return ours.empty() ? Parts{"", text} : Parts{ours.dump(), write_like(text, document)};
}

namespace {

// Makes ours the default runtime, and says which one it takes the place of; "": Docker's own.
Result<std::string> set_default(ordered_json& document, bool is_allowed) {
  const ordered_json before = document.value(kDefaultKey, ordered_json("runc"));
  if (before != "runc" && !is_allowed) {
    return fail(
        fmt::format("{} has another default runtime, {}: leave out --default, or give --force to "
                    "put holdfast in its place",
                    kDaemonJson, before.dump()));
  }
  const bool was_set = document.contains(kDefaultKey);
  document[kDefaultKey] = kRuntimeName;
  return was_set && before.is_string() ? before.get<std::string>() : std::string();
}

nlohmann::json meaning_of(const ordered_json& document) {
  nlohmann::json meaning = document;
  const auto runtimes = meaning.find("runtimes");
  if (runtimes != meaning.end() && runtimes->empty()) {
    meaning.erase(runtimes);
  }
  return meaning;
}

}  // namespace

Result<WantedFiles> docker_wanted(const Site& site) {
  const std::string old = TRY(site.tree.read(kDaemonJson)).value_or("");
  const Written* written = find(site.record, kDaemonJson);
  const std::string replaced = written != nullptr ? written->replaced : "";
  const Parts parts = TRY(take_apart_daemon_json(old, kDaemonJson, replaced));
  ordered_json document = TRY(parse(parts.rest, kDaemonJson));
  ordered_json& runtimes = document["runtimes"];
  if (!runtimes.is_null() && !runtimes.is_object()) {
    return fail(fmt::format("{}: \"runtimes\" is no object; correct it", kDaemonJson));
  }
  // Never runtimeArgs: dockerd would start it through a shell script that stays in between.
  runtimes[kRuntimeName]["path"] = site.programs.runtime;
  Wanted wanted{{kDaemonJson, File::Kind::kDaemonJson}, "", ""};
  if (site.options.by_default) {
    const bool is_already = is_ours_by_default(TRY(parse(old, kDaemonJson)));
    wanted.replaced = TRY(set_default(document, site.options.force || is_already));
  }
  wanted.text = write_like(old, document);
  return WantedFiles{{wanted}, {}};
}

Result<Configured> docker_configured(const Tree& tree) {
  const std::string text = TRY(tree.read_through(kDaemonJson)).value_or("");
  const nlohmann::json document = TRY(parse(text, kDaemonJson));
  const base::JsonView view(document, kDaemonJson);
  std::string by_default = "runc";
  TRY(view.read(kDefaultKey, by_default));
  std::map<std::string, std::string> programs;
  const nlohmann::json runtimes = document.value("runtimes", nlohmann::json::object());
  for (const auto& [name, value] : runtimes.items()) {
    TRY(base::JsonView(value, kDaemonJson).read("path", programs[name]));
  }
  Configured configured;
  choose_runtime(programs, by_default, configured);
  return configured;
}

bool same_json(const std::string& a, const std::string& b) {
  const auto first = parse(a, "");
  const auto second = parse(b, "");
  return first.ok() && second.ok() && meaning_of(first.value()) == meaning_of(second.value());
}

}  // namespace holdfast::engine
