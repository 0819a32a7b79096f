#include "src/kernel/programs.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

#include "src/kernel/object.h"
#include "src/kernel/skeletons.h"

namespace holdfast::kernel {
namespace {

using Skeleton = std::unique_ptr<hf_skeleton, DestroySkeleton>;

TEST(Backend, EveryNameLeadsBack) {
  for (const Backend backend : kBackends) {
    EXPECT_EQ(backend_of(backend_name(backend)), backend);
  }
  EXPECT_FALSE(backend_of("").has_value());
  EXPECT_FALSE(backend_of("LSM").has_value());
}

TEST(Backend, OnlyTracepointsRefuseNothing) {
  EXPECT_TRUE(backend_enforces(Backend::kLsm));
  EXPECT_TRUE(backend_enforces(Backend::kModifyReturn));
  EXPECT_FALSE(backend_enforces(Backend::kTracepoint));
}

// A program that the table forgets would never be loaded, and nothing else would say so.
TEST(Programs, TableAndObjectHaveTheSamePrograms) {
  const Skeleton skeleton(hf_skeleton::open(nullptr));
  ASSERT_TRUE(skeleton);
  std::set<std::string> built;
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) { built.insert(bpf_program__name(program)); }
  std::set<std::string> listed;
  for (const Program& entry : programs()) {
    EXPECT_TRUE(listed.insert(entry.name).second) << entry.name << " is there twice";
  }
  EXPECT_EQ(built, listed);
}

TEST(Programs, TheHookInTheTableIsTheOneTheProgramWasWrittenFor) {
  const Skeleton skeleton(hf_skeleton::open(nullptr));
  ASSERT_TRUE(skeleton);
  for (const Program& entry : programs()) {
    if (entry.use != Use::kHook && entry.use != Use::kTrace) {
      continue;
    }
    const bpf_program* program = bpf_object__find_program_by_name(skeleton->obj, entry.name);
    ASSERT_NE(program, nullptr) << entry.name;
    std::string section = bpf_program__section_name(program);
    if (section.starts_with('?')) {
      section.erase(0, 1);
    }
    const std::string type = entry.use == Use::kHook ? "lsm/" : "fentry/";
    EXPECT_EQ(section, type + entry.target) << entry.name;
  }
}

TEST(Programs, TheFunctionThatCallsAHook) {
  EXPECT_EQ(security_function({"p", Use::kHook, "file_open"}), "security_file_open");
  EXPECT_EQ(security_function({"p", Use::kHook, "bprm_check_security"}), "security_bprm_check");
  EXPECT_EQ(security_function({"p", Use::kHook, "userns_create"}), "security_create_user_ns");
}

TEST(Programs, ABackEndLoadsItsOwnProgramsOnly) {
  const Program hook{"p", Use::kHook, "file_open"};
  const Program tracepoint{"p", Use::kTracepoint};
  for (const Backend backend : kBackends) {
    EXPECT_EQ(wanted(hook, backend), backend_enforces(backend));
    EXPECT_EQ(wanted(tracepoint, backend), backend == Backend::kTracepoint);
    EXPECT_TRUE(wanted({"p", Use::kAlways}, backend));
    EXPECT_TRUE(wanted({"p", Use::kOnDemand}, backend));
  }
}

TEST(Programs, WhatIsOptionalIsLeftOutWhereTheKernelLacksItsTarget) {
  constexpr bool kOptional = true;
  EXPECT_FALSE(wanted({"p", Use::kTrace, "no_such_function", kOptional}, Backend::kLsm));
  EXPECT_TRUE(wanted({"p", Use::kTrace, "no_such_function"}, Backend::kLsm));
}

// What few policies ask about costs nobody else anything.
TEST(Programs, TopicsAreAttachedWhereAPolicyAsks) {
  const auto attached = [](const Topics& topics) {
    std::set<std::string> names;
    for (const Program& entry : programs()) {
      if (topics.include(entry.topic)) {
        names.insert(entry.name);
      }
    }
    return names;
  };
  EXPECT_TRUE(attached({}).contains("hf_capable"));
  EXPECT_FALSE(attached({}).contains("hf_capability"));
  EXPECT_FALSE(attached({}).contains("hf_socket_connect"));
  EXPECT_TRUE(attached({.network = true}).contains("hf_socket_connect"));
  EXPECT_FALSE(attached({.network = true}).contains("hf_capability"));
  EXPECT_TRUE(attached({.capabilities = true}).contains("hf_capability"));
}

// Every kernel has the one or the other.
TEST(Programs, WriteAccessIsTracedByTheRunningKernelsName) {
  for (const Program& entry : programs()) {
    if (entry.name == std::string_view("hf_want_write")) {
      EXPECT_TRUE(has_function(traced_function(entry))) << traced_function(entry);
    }
  }
}

}  // namespace
}  // namespace holdfast::kernel
