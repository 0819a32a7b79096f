#include "src/engine/containerd.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "src/base/path.h"
#include "src/engine/containerd_marks.h"
#include "src/engine/lists.h"
#include "src/engine/real_runtime.h"
#include "src/engine/toml.h"

namespace holdfast::engine {
namespace {

constexpr const char* kRuncShim = "io.containerd.runc.v2";
constexpr const char* kOldPlugin = "io.containerd.grpc.v1.cri";
constexpr const char* kNewPlugin = "io.containerd.cri.v1.runtime";  // version 3 and later
constexpr const char* kDefaultKey = "default_runtime_name";
constexpr const char* kPassed = "io.holdfast.*";

// The file without what is ours, read.
struct Config {
  std::string text;
  toml::table document;
  std::string plugin;
  std::string root;  // `plugins."…".containerd`, the table of runtimes' settings
};

const toml::table* settings_of(const toml::table& document, const std::string& plugin) {
  return find_table(find_table(find_table(&document, "plugins"), plugin), "containerd");
}

bool is_cri_disabled(const toml::table& document) {
  const toml::array* disabled = document["disabled_plugins"].as_array();
  for (const std::string& name :
       disabled != nullptr ? strings_of(*disabled) : std::vector<std::string>()) {
    if (name == "cri" || name == kOldPlugin || name == kNewPlugin) {
      return true;
    }
  }
  return false;
}

Result<Config> read_config(std::string text) {
  Config config{std::move(text), {}, kOldPlugin, ""};
  config.document = TRY(parse_toml(config.text, kContainerdToml));
  const auto version = config.document["version"].value_or(std::int64_t{1});
  if (version >= 3) {
    config.plugin = kNewPlugin;
  }
  config.root = fmt::format("plugins.\"{}\".containerd", config.plugin);
  if (version < 2 && !is_cri_disabled(config.document)) {
    return fail(
        fmt::format("{} is of version 1, which containerd 2 does not read any more: write "
                    "version = 2 as its first line, and rename what tables of plugins it has, as "
                    "[plugins.cri] to [plugins.\"{}\"]",
                    kContainerdToml, kOldPlugin));
  }
  return config;
}

// The runtime that holdfast's is to be like: the default one, or runc. nullptr: containerd's own.
const toml::table* model_of(const toml::table* settings) {
  const toml::table* runtimes = find_table(settings, "runtimes");
  const std::string by_default =
      settings != nullptr ? (*settings)[kDefaultKey].value_or(std::string("runc")) : "runc";
  for (const std::string& name : {by_default, std::string("runc")}) {
    const toml::table* runtime = find_table(runtimes, name);
    if (runtime != nullptr && (*runtime)["runtime_type"].value_or(std::string()) == kRuncShim) {
      return runtime;
    }
  }
  return nullptr;
}

std::map<std::string, std::string> programs_of(const toml::table* runtimes) {
  std::map<std::string, std::string> programs;
  for (const auto& [name, node] : runtimes != nullptr ? *runtimes : toml::table()) {
    const toml::table* options = find_table(node.as_table(), "options");
    programs[std::string(name.str())] =
        options != nullptr ? (*options)["BinaryName"].value_or(std::string()) : "";
  }
  return programs;
}

// A pod's annotations reach its containers under this runtime.
bool hands_on(const toml::table* runtime) {
  const toml::array* globs =
      runtime == nullptr ? nullptr : (*runtime)["pod_annotations"].as_array();
  const auto list = globs != nullptr ? strings_of(*globs) : std::vector<std::string>();
  return std::any_of(list.begin(), list.end(), [](const std::string& glob) {
    return base::glob_match(glob, "io.holdfast.profile");
  });
}

// What containerd hands on of a pod's or container's annotations.
std::string annotations_line(const toml::table* model, const char* key) {
  const toml::array* given = model == nullptr ? nullptr : (*model)[key].as_array();
  std::vector<std::string> list =
      given != nullptr ? strings_of(*given) : std::vector<std::string>();
  add_missing(list, kPassed);
  return fmt::format("{} = {}\n", key, toml_array(list));
}

std::string block_of(const Config& config, const Programs& programs, bool sets_default) {
  const toml::table* settings = settings_of(config.document, config.plugin);
  const toml::table* model = model_of(settings);
  std::string block = std::string(kBegin) + std::string(kBeginMore) +
                      "\"holdfast install containerd\"; \"holdfast uninstall "
                      "containerd\" removes it)\n";
  if (sets_default) {
    block += fmt::format("[{}]\n{} = \"{}\"\n\n", config.root, kDefaultKey, kRuntimeName);
  }
  // Runtimes that a file names take the place of containerd's own, which is runc.
  if (find_table(settings, "runtimes") == nullptr) {
    block += fmt::format("[{}.runtimes.runc]\nruntime_type = \"{}\"\n\n", config.root, kRuncShim);
  }
  block += fmt::format("[{}.runtimes.{}]\nruntime_type = \"{}\"\n", config.root, kRuntimeName,
                       kRuncShim);
  block += annotations_line(model, "pod_annotations");
  block += annotations_line(model, "container_annotations");
  block += lines_of(model, {"runtime_type", "pod_annotations", "container_annotations"});
  block += fmt::format("\n[{}.runtimes.{}.options]\nBinaryName = {}\n", config.root, kRuntimeName,
                       toml_string(programs.runtime));
  block += lines_of(find_table(model, "options"), {"BinaryName"});
  return block + std::string(kEnd) + "\n";
}

std::string with_block(std::string text, const std::string& block) {
  if (!text.empty() && !text.ends_with('\n')) {
    text += '\n';
  }
  return text + block;
}

// Where line `number`, from 1, begins.
std::size_t offset_of(const std::string& text, std::size_t number) {
  std::size_t offset = 0;
  for (; number > 1; --number) {
    offset = text.find('\n', offset) + 1;
  }
  return offset;
}

// The number of the line that is the header of config.root; 0 when there is none.
std::size_t header_line(const Config& config) {
  std::istringstream lines(config.text);
  std::string line;
  for (std::size_t number = 1; std::getline(lines, line); ++number) {
    const std::size_t start = line.find_first_not_of(" \t");
    if (start == std::string::npos || line[start] != '[') {
      continue;
    }
    const toml::parse_result alone = toml::parse(line);
    const toml::table* settings = alone ? settings_of(alone.table(), config.plugin) : nullptr;
    if (settings != nullptr && settings->empty()) {
      return number;
    }
  }
  return 0;
}

// `text` with default_runtime_name of its own changed, or added to the table that is there.
std::string with_default_line(const Config& config) {
  const toml::table* settings = settings_of(config.document, config.plugin);
  const toml::node* old = settings == nullptr ? nullptr : settings->get(kDefaultKey);
  std::string text = config.text;
  const std::size_t number = old != nullptr ? old->source().begin.line : header_line(config) + 1;
  std::size_t at = offset_of(text, number);
  std::string mark = std::string(kDefaultMark);
  if (old != nullptr) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    mark += std::string(kInPlaceOf) + text.substr(at, end - at);
    text.erase(at, std::min(end + 1, text.size()) - at);
  }
  return text.insert(at, fmt::format("{}\n{} = \"{}\"\n", mark, kDefaultKey, kRuntimeName));
}

// Whether the text says what it was to say: a file can be written in ways that lines know nothing
// of (tables in one line).
bool says(const std::string& text, const Config& config, const Site& site) {
  const toml::parse_result parsed = toml::parse(text);
  const toml::table* settings = parsed ? settings_of(parsed.table(), config.plugin) : nullptr;
  const toml::table* ours = find_table(find_table(settings, "runtimes"), kRuntimeName);
  const toml::table* options = find_table(ours, "options");
  return options != nullptr &&
         (*options)["BinaryName"].value_or(std::string()) == site.programs.runtime &&
         (!site.options.by_default ||
          (*settings)[kDefaultKey].value_or(std::string()) == kRuntimeName);
}

Result<std::string> new_text(const Config& config, const Site& site) {
  const toml::table* settings = settings_of(config.document, config.plugin);
  const toml::node* old_default = settings == nullptr ? nullptr : settings->get(kDefaultKey);
  const std::string before = old_default == nullptr ? "runc" : old_default->value_or(std::string());
  if (find_table(find_table(settings, "runtimes"), kRuntimeName) != nullptr) {
    return fail(
        fmt::format("{} has a runtime \"{}\" that is not of holdfast's writing: take it out first",
                    kContainerdToml, kRuntimeName));
  }
  if (site.options.by_default && before != "runc" && !site.options.force) {
    return fail(
        fmt::format("{} has another default runtime, \"{}\": leave out --default, or give "
                    "--force to put holdfast in its place",
                    kContainerdToml, before));
  }
  const bool needs_line =
      site.options.by_default && (old_default != nullptr || header_line(config) != 0);
  std::string text =
      with_block(needs_line ? with_default_line(config) : config.text,
                 block_of(config, site.programs, site.options.by_default && !needs_line));
  if (!says(text, config, site)) {
    return fail(fmt::format(
        "{} is written in a way that a block of lines cannot be added to (a table in one line?): "
        "add [{}.runtimes.{}] yourself, as in contrib/containerd",
        kContainerdToml, config.root, kRuntimeName));
  }
  return text;
}

// Before 2.0 an imported file with a section for CRI takes the place of this one.
Status note_imports(const Site& site, const Config& config, std::vector<std::string>& notes) {
  const toml::array* imports = config.document["imports"].as_array();
  for (const std::string& given :
       imports != nullptr ? strings_of(*imports) : std::vector<std::string>()) {
    // containerd takes it from the directory of the file.
    const std::string glob = given.starts_with('/') ? given : "/etc/containerd/" + given;
    const std::string folder = glob.substr(0, glob.rfind('/'));
    for (const std::string& path : TRY(drop_ins(site.tree, folder, "", kContainerdToml))) {
      if (!base::glob_match(glob, path)) {
        continue;
      }
      const auto text = TRY(site.tree.read_through(path));
      const toml::table imported = TRY(parse_toml(text.value_or(""), path));
      if (find_table(find_table(&imported, "plugins"), config.plugin) != nullptr) {
        notes.push_back(fmt::format(
            "{} has a section {} too, which containerd before 2.0 takes instead of the one in {}: "
            "see with `containerd config dump`",
            path, config.plugin, kContainerdToml));
      }
    }
  }
  return Ok{};
}

}  // namespace

Result<WantedFiles> containerd_wanted(const Site& site) {
  const auto old = TRY(site.tree.read(kContainerdToml));
  const Parts parts = TRY(take_apart_containerd_toml(old.value_or(""), kContainerdToml));
  const Config config = TRY(read_config(old ? parts.rest : kBareContainerdToml));
  WantedFiles wanted;
  if (is_cri_disabled(config.document)) {
    wanted.notes.push_back(fmt::format(
        "{} disables CRI, so there is nothing to configure; ctr and nerdctl take the runtime on "
        "their command lines: ctr run --runc-binary {} …",
        kContainerdToml,
        site.programs.runtime.empty() ? "PATH-OF/holdfast-runc" : site.programs.runtime));
    return wanted;
  }
  TRY(note_imports(site, config, wanted.notes));
  const toml::table* options =
      find_table(model_of(settings_of(config.document, config.plugin)), "options");
  const std::string binary =
      options != nullptr ? (*options)["BinaryName"].value_or(std::string()) : "";
  TRY(note_other_runtime(site, "containerd's runtime", binary, wanted.notes));
  const File file{kContainerdToml, File::Kind::kContainerdToml};
  wanted.files.push_back({file, TRY(new_text(config, site))});
  return wanted;
}

Result<Configured> containerd_configured(const Tree& tree) {
  const auto text = TRY(tree.read_through(kContainerdToml));
  const Config config = TRY(read_config(text.value_or(kBareContainerdToml)));
  const toml::table* settings = settings_of(config.document, config.plugin);
  const toml::table* runtimes = find_table(settings, "runtimes");
  Configured configured;
  if (is_cri_disabled(config.document) || settings == nullptr) {
    return configured;
  }
  choose_runtime(programs_of(runtimes), (*settings)[kDefaultKey].value_or(std::string("runc")),
                 configured);
  configured.hands_annotations_on = hands_on(find_table(runtimes, configured.runtime_name));
  return configured;
}

}  // namespace holdfast::engine
