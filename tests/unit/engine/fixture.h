// A system's root in a folder, and what `holdfast install` does in it.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "src/engine/plan.h"
#include "tests/unit/temp_dir.h"

namespace holdfast::engine {

class EngineTest : public testing::Test {
 protected:
  [[nodiscard]] Site site() const { return {tree, owner, programs, options, record()}; }

  // The error's sentence; "" when it was done.
  std::string install(Engine engine) { return carry_out(plan_install(engine, site())); }
  std::string uninstall(Engine engine) { return carry_out(plan_uninstall(engine, site())); }

  [[nodiscard]] Record record() const { return read_record(tree, owner).value(); }
  // The programs that are named, as files.
  void put_programs() const {
    for (const std::string& path : {programs.runtime, programs.hook}) {
      dir.write(path.substr(1), "");
      std::filesystem::permissions(dir.path() + path, std::filesystem::perms{0755});
    }
  }
  [[nodiscard]] bool has(const std::string& path) const {
    return std::filesystem::exists(dir.path() + path);
  }
  // How many files there are, whatever their names.
  [[nodiscard]] std::size_t files() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(dir.path())) {
      count += entry.is_regular_file() ? 1 : 0;
    }
    return count;
  }

  test::TempDir dir;
  Tree tree = Tree::open(dir.path()).value();
  Owner owner;
  Programs programs{"/usr/bin/holdfast-runtime", "/usr/libexec/holdfast/holdfast-hook"};
  Options options;
  std::size_t changes = 0;  // of the last plan

 private:
  std::string carry_out(const Result<Plan>& plan) {
    if (!plan.ok()) {
      return plan.error().message;
    }
    changes = plan.value().changes.size();
    const Status done = apply(site(), plan.value(), [](const Change&) {});
    return done.ok() ? "" : done.error().message;
  }
};

}  // namespace holdfast::engine
