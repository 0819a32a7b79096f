#include "src/engine/programs.h"

#include <unistd.h>

#include <array>
#include <utility>

#include <fmt/format.h>

#include "src/base/self.h"
#include "src/profile/config.h"

namespace holdfast::engine {
namespace {

constexpr std::array kFolders = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                 "/usr/bin",        "/sbin",          "/bin"};

std::string find(const Tree& tree, const std::string& root, const std::string& installed,
                 const std::string& beside) {
  if (root == "/") {
    return base::find_program(installed, beside);
  }
  return tree.has_program(installed) ? installed : "";
}

// What root's engines start.
Status check(const Tree& tree, const std::string& program) {
  return geteuid() == 0 ? tree.must_be_roots(program) : Status(Ok{});
}

Status check(const Tree& tree, const std::string& root, const std::string& found,
             const std::string& installed) {
  if (found.empty()) {
    return fail(fmt::format("{} is not in {}: install holdfast there first",
                            installed.substr(installed.rfind('/') + 1),
                            (root == "/" ? "" : root) + installed.substr(0, installed.rfind('/'))));
  }
  return check(tree, found);
}

// As the shim does without configuration.
std::string find_real(const Tree& tree) {
  const std::string crun = find_program(tree, "crun");
  return crun.empty() ? find_program(tree, "runc") : crun;
}

}  // namespace

bool is_our_runtime(const std::string& path) {
  const std::string name = path.substr(path.rfind('/') + 1);
  return path.starts_with('/') &&
         (name == "holdfast-runtime" || name == "holdfast-runc" || name == "holdfast-crun");
}

bool is_our_hook(const std::string& path) {
  return path.starts_with('/') && path.ends_with("/holdfast-hook");
}

std::string find_program(const Tree& tree, const std::string& name) {
  for (const char* folder : kFolders) {
    std::string path = fmt::format("{}/{}", folder, name);
    if (tree.has_program(path)) {
      return path;
    }
  }
  return "";
}

Result<Programs> find_programs(const Tree& tree, const std::string& root) {
  const std::string runtime = HOLDFAST_BINDIR "/holdfast-runtime";
  const std::string hook = HOLDFAST_LIBEXECDIR "/holdfast-hook";
  Programs programs{find(tree, root, runtime, "../../shim/holdfast-runtime"),
                    find(tree, root, hook, "../../hook/holdfast-hook")};
  TRY(check(tree, root, programs.runtime, runtime));
  TRY(check(tree, root, programs.hook, hook));
  return programs;
}

Result<Programs> programs_for(Engine engine, const Tree& tree, Programs programs,
                              const std::string& over) {
  const std::string by_name =
      programs.runtime.substr(0, programs.runtime.rfind('/')) + "/holdfast-";
  if (!over.empty() && !tree.has_program(by_name + over)) {
    return fail(by_name + over + " is not there: link holdfast-runtime to that name");
  }
  const auto text = TRY(tree.read_through(profile::kConfigPath)).value_or("{}");
  const profile::Config config = TRY(profile::parse_config(text, profile::kConfigPath));
  const bool is_runc = !has_hooks(engine) && config.runtime.empty() &&
                       tree.has_program(by_name + "runc") && !find_program(tree, "runc").empty();
  const std::string name = over.empty() && is_runc ? "runc" : over;
  programs.real = config.runtime.empty() ? find_real(tree) : config.runtime;
  if (!name.empty()) {
    programs.runtime = by_name + name;
    programs.real = find_program(tree, name);
    TRY(check(tree, programs.runtime));
  }
  return programs;
}

std::string find_engine(const Tree& tree, Engine engine) {
  return find_program(tree, program_of(engine));
}

}  // namespace holdfast::engine
