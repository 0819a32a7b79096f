#include "shim/command_line.h"

#include <array>
#include <optional>

namespace holdfast::shim {
namespace {

enum Takers : unsigned { kByRunc = 1, kByCrun = 2, kByBoth = 3 };

enum class Meaning {
  kNone,
  kHelp,
  kBundle,
  kConfig,
  kLog,
  kLogFormat,
  kProcess,
  kUser,
  kCwd,
  kCgroupManager,
  kSystemdCgroup
};

// kAttached: only in one word with the letter, as crun's -tTTY (getopt(3), "t::").
enum class Value { kNone, kTaken, kAttached };

struct Option {
  std::string_view name;
  char letter = '\0';
  Value value = Value::kNone;
  Takers takers = kByBoth;  // only abbreviations ask: a name that we know is a name
  Meaning meaning = Meaning::kNone;
};

// runc 1.0 to 1.3 and crun 0.17 to 1.20.
constexpr auto kGlobalOptions = std::to_array<Option>({
    {"debug", '\0', Value::kNone, kByBoth},
    {"log", '\0', Value::kTaken, kByBoth, Meaning::kLog},
    {"log-format", '\0', Value::kTaken, kByBoth, Meaning::kLogFormat},
    {"log-level", '\0', Value::kTaken, kByCrun},
    {"root", '\0', Value::kTaken, kByBoth},
    {"criu", '\0', Value::kTaken, kByRunc},
    {"cgroup-manager", '\0', Value::kTaken, kByCrun, Meaning::kCgroupManager},
    {"systemd-cgroup", '\0', Value::kNone, kByBoth, Meaning::kSystemdCgroup},
    {"rootless", '\0', Value::kTaken, kByBoth},
    {"help", 'h', Value::kNone, kByBoth, Meaning::kHelp},
    {"help", '?', Value::kNone, kByCrun, Meaning::kHelp},
    {"usage", '\0', Value::kNone, kByCrun, Meaning::kHelp},
    {"version", 'v', Value::kNone, kByBoth, Meaning::kHelp},
    {"version", 'V', Value::kNone, kByCrun, Meaning::kHelp},
});

// create, run and restore together: a name means the same wherever it is taken.
constexpr auto kVerbOptions = std::to_array<Option>({
    {"bundle", 'b', Value::kTaken, kByBoth, Meaning::kBundle},
    {"config", 'f', Value::kTaken, kByCrun, Meaning::kConfig},
    {"console-socket", '\0', Value::kTaken, kByBoth},
    {"pid-file", '\0', Value::kTaken, kByBoth},
    {"pidfd-socket", '\0', Value::kTaken, kByRunc},
    {"preserve-fds", '\0', Value::kTaken, kByBoth},
    {"detach", 'd', Value::kNone, kByBoth},
    {"keep", '\0', Value::kNone, kByBoth},
    {"no-pivot", '\0', Value::kNone, kByBoth},
    {"no-new-keyring", '\0', Value::kNone, kByBoth},
    {"no-subreaper", '\0', Value::kNone, kByBoth},
    {"image-path", '\0', Value::kTaken, kByBoth},
    {"work-path", '\0', Value::kTaken, kByBoth},
    {"parent-path", '\0', Value::kTaken, kByBoth},
    {"manage-cgroups-mode", '\0', Value::kTaken, kByBoth},
    {"empty-ns", '\0', Value::kTaken, kByRunc},
    {"lsm-profile", '\0', Value::kTaken, kByBoth},
    {"lsm-mount-context", '\0', Value::kTaken, kByBoth},
    {"tcp-established", '\0', Value::kNone, kByBoth},
    {"ext-unix-sk", '\0', Value::kNone, kByBoth},
    {"shell-job", '\0', Value::kNone, kByBoth},
    {"file-locks", '\0', Value::kNone, kByBoth},
    {"auto-dedup", '\0', Value::kNone, kByRunc},
    {"lazy-pages", '\0', Value::kNone, kByRunc},
    {"help", 'h', Value::kNone, kByBoth, Meaning::kHelp},
    {"help", '?', Value::kNone, kByCrun, Meaning::kHelp},
    {"usage", '\0', Value::kNone, kByCrun, Meaning::kHelp},
});

// exec.
constexpr auto kExecOptions = std::to_array<Option>({
    {"process", 'p', Value::kTaken, kByBoth, Meaning::kProcess},
    {"user", 'u', Value::kTaken, kByBoth, Meaning::kUser},
    {"cwd", '\0', Value::kTaken, kByBoth, Meaning::kCwd},
    {"console-socket", '\0', Value::kTaken, kByBoth},
    {"pidfd-socket", '\0', Value::kTaken, kByRunc},
    {"pid-file", '\0', Value::kTaken, kByBoth},
    {"env", 'e', Value::kTaken, kByBoth},
    {"cap", 'c', Value::kTaken, kByBoth},
    {"additional-gids", 'g', Value::kTaken, kByRunc},
    {"process-label", '\0', Value::kTaken, kByBoth},
    {"apparmor", '\0', Value::kTaken, kByBoth},
    {"cgroup", '\0', Value::kTaken, kByBoth},
    {"preserve-fds", '\0', Value::kTaken, kByBoth},
    {"tty", 't', Value::kNone, kByRunc},
    {"tty", 't', Value::kAttached, kByCrun},
    {"detach", 'd', Value::kNone, kByBoth},
    {"no-new-privs", '\0', Value::kNone, kByBoth},
    {"ignore-paused", '\0', Value::kNone, kByRunc},
    {"help", 'h', Value::kNone, kByBoth, Meaning::kHelp},
    {"help", '?', Value::kNone, kByCrun, Meaning::kHelp},
    {"usage", '\0', Value::kNone, kByCrun, Meaning::kHelp},
});

using Table = std::span<const Option>;

const Option* by_name(Table table, std::string_view name) {
  for (const Option& option : table) {
    if (option.name == name) {
      return &option;
    }
  }
  return nullptr;
}

const Option* by_letter(Table table, char letter, Flavor flavor) {
  const unsigned taker = flavor == Flavor::kCrun ? kByCrun : kByRunc;
  for (const Option& option : table) {
    if (option.letter == letter && (option.takers & taker) != 0) {
      return &option;
    }
  }
  return nullptr;
}

// getopt_long's rule: the one option of crun that begins so; nullptr for none and for several.
const Option* by_abbreviation(Table table, std::string_view prefix) {
  const Option* found = nullptr;
  for (const Option& option : table) {
    if ((option.takers & kByCrun) == 0 || !option.name.starts_with(prefix)) {
      continue;
    }
    if (found != nullptr && found->name != option.name) {
      return nullptr;
    }
    found = &option;
  }
  return found;
}

// Go's flags may be given a value, and --help=0 asks for nothing (strconv.ParseBool).
bool is_false(std::string_view value) {
  return value == "false" || value == "False" || value == "FALSE" || value == "f" || value == "F" ||
         value == "0";
}

class Walk {
 public:
  Walk(std::span<const char* const> arguments, Flavor flavor)
      : arguments_(arguments), flavor_(flavor) {}

  CommandLine run() {
    read_globals();
    if (understood_ && !asks_help_ && next_ < arguments_.size()) {
      line_.verb = arguments_[next_++];
      if (line_.verb == "create" || line_.verb == "run" || line_.verb == "restore") {
        read_verb_options();
        line_.starts_container = understood_ && !asks_help_ && positionals_ > 0;
      } else if (line_.verb == "exec") {
        read_exec();
      }
    }
    return std::move(line_);
  }

 private:
  // Up to the verb. An option that we do not know may take a value or not: the verb cannot be told.
  void read_globals() {
    while (understood_ && next_ < arguments_.size()) {
      const std::string_view argument = arguments_[next_];
      if (argument.size() < 2 || argument[0] != '-') {
        return;
      }
      ++next_;
      if (argument == "--") {
        return;
      }
      understood_ = read_option(kGlobalOptions, argument);
    }
  }

  // An unknown option counts as one without a value. When it has one, that is taken for a
  // container's id, which changes nothing: the bundle is found all the same, and a newer runtime
  // stays guarded.
  void read_verb_options() {
    while (understood_ && next_ < arguments_.size()) {
      const std::string_view argument = arguments_[next_++];
      if (argument == "--") {
        positionals_ += arguments_.size() - next_;
        if (line_.words.empty() && next_ < arguments_.size()) {
          line_.words.emplace_back(arguments_[next_]);
        }
        return;
      }
      if (argument.size() < 2 || argument[0] != '-') {
        ++positionals_;
        if (line_.words.empty()) {
          line_.words.emplace_back(argument);
        }
        if (flavor_ == Flavor::kCrun) {
          return;
        }
        continue;
      }
      line_.options_known = read_option(kVerbOptions, argument) && line_.options_known;
    }
  }

  // Options end at the first word, with both runtimes: the rest is the container's business.
  void read_exec() {
    while (understood_ && next_ < arguments_.size()) {
      const std::string_view argument = arguments_[next_];
      if (argument.size() < 2 || argument[0] != '-') {
        break;
      }
      ++next_;
      if (argument == "--") {
        break;
      }
      line_.options_known = read_option(kExecOptions, argument) && line_.options_known;
    }
    for (; next_ < arguments_.size(); ++next_) {
      line_.words.emplace_back(arguments_[next_]);
    }
    line_.enters_container = understood_ && !asks_help_ && !line_.words.empty();
  }

  // Takes one option and its value. False when it is not in the table.
  bool read_option(Table table, std::string_view argument) {
    if (flavor_ == Flavor::kCrun && argument[1] != '-') {
      return read_letters(table, argument.substr(1));
    }
    const std::string_view body = argument.substr(argument[1] == '-' ? 2 : 1);
    const std::size_t equals = body.find('=');
    const std::string_view name = body.substr(0, equals);
    const Option* option = by_name(table, name);
    if (option == nullptr && flavor_ == Flavor::kCrun) {
      option = by_abbreviation(table, name);
    }
    if (option == nullptr && flavor_ == Flavor::kRunc && name.size() == 1) {
      option = by_letter(table, name[0], flavor_);
    }
    if (option == nullptr) {
      return false;
    }
    if (equals != std::string_view::npos) {
      apply(*option, body.substr(equals + 1));
      return true;
    }
    take_value(*option);
    return true;
  }

  // crun's -b DIR, -bDIR, -d, -dbDIR.
  bool read_letters(Table table, std::string_view letters) {
    while (!letters.empty()) {
      const Option* option = by_letter(table, letters[0], flavor_);
      if (option == nullptr) {
        return false;
      }
      letters.remove_prefix(1);
      if (option->value != Value::kNone && !letters.empty()) {
        apply(*option, letters);
        return true;
      }
      take_value(*option);
    }
    return true;
  }

  void take_value(const Option& option) {
    if (option.value != Value::kTaken) {
      apply(option, "");
    } else if (next_ < arguments_.size()) {
      apply(option, arguments_[next_++]);
    } else {
      understood_ = false;  // incomplete: the real runtime says so
    }
  }

  void apply(const Option& option, std::string_view value) {
    switch (option.meaning) {
      case Meaning::kNone:
        break;
      case Meaning::kHelp:
        asks_help_ = asks_help_ || !is_false(value);
        break;
      case Meaning::kBundle:
        line_.bundle = value;
        break;
      case Meaning::kConfig:
        line_.config = value;
        break;
      case Meaning::kProcess:
        line_.process = value;
        break;
      case Meaning::kUser:
        line_.user = value;
        break;
      case Meaning::kCwd:
        line_.cwd = value;
        break;
      case Meaning::kCgroupManager:
        line_.cgroup_manager = value;
        break;
      case Meaning::kSystemdCgroup:
        line_.cgroup_manager = is_false(value) ? "" : "systemd";
        break;
      case Meaning::kLog:
        line_.log = value;
        break;
      case Meaning::kLogFormat:
        line_.log_json = value == "json";
        break;
    }
  }

  std::span<const char* const> arguments_;
  Flavor flavor_;
  std::size_t next_ = 0;
  std::size_t positionals_ = 0;
  bool understood_ = true;
  bool asks_help_ = false;
  CommandLine line_;
};

}  // namespace

Flavor flavor_of(std::string_view runtime_path) {
  const std::string_view name = runtime_path.substr(runtime_path.rfind('/') + 1);
  return name.find("crun") != std::string_view::npos ? Flavor::kCrun : Flavor::kRunc;
}

CommandLine parse_command_line(std::span<const char* const> arguments, Flavor flavor) {
  return Walk(arguments, flavor).run();
}

}  // namespace holdfast::shim
