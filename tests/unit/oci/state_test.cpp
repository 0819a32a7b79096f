#include "src/oci/state.h"

#include <gtest/gtest.h>

#include <string>

namespace holdfast::oci {
namespace {

TEST(State, ReadsWhatARuntimeWrites) {
  const Result<State> state = parse_state(
      R"({"ociVersion":"1.0.2-dev","id":"c1","status":"creating","pid":77,"bundle":"/b//c/",
          "annotations":{"a":"b"}})",
      "standard input");
  ASSERT_TRUE(state.ok()) << state.error().message;
  EXPECT_EQ(state.value().id, "c1");
  EXPECT_EQ(state.value().pid, 77);
  EXPECT_EQ(state.value().bundle, "/b/c");
  EXPECT_EQ(state.value().status, "creating");
  EXPECT_EQ(state.value().annotations.at("a"), "b");
}

TEST(State, AtPoststopThereIsNoPid) {
  const Result<State> state = parse_state(R"({"id":"c1","bundle":"/b"})", "standard input");
  ASSERT_TRUE(state.ok());
  EXPECT_EQ(state.value().pid, 0);
}

TEST(State, AContainerIdIsAFileName) {
  EXPECT_TRUE(valid_id("a"));
  EXPECT_TRUE(valid_id("web+1.0_x-y"));
  EXPECT_TRUE(valid_id(std::string(1024, 'a')));
  for (const std::string& id : {std::string(), std::string("."), std::string(".."),
                                std::string("a/b"), std::string("a\nb"), std::string(1025, 'a')}) {
    EXPECT_FALSE(valid_id(id)) << id;
  }
}

struct Bad {
  const char* json;
  const char* error;
};

TEST(State, BadOnesAreRefusedByNameAndPlace) {
  constexpr const char* kRemedy =
      "is missing; the state must come from an OCI runtime; run this program as a hook, not by "
      "hand";
  const Bad cases[] = {
      {"{}", kRemedy},
      {R"({"id":"a/b","bundle":"/b"})", "standard input: /id: is not a container id"},
      {R"({"id":7,"bundle":"/b"})", "standard input: /id: must be a string, not number"},
      {R"({"id":"a"})", "standard input: /bundle: is missing"},
      {R"({"id":"a","bundle":"b"})", "standard input: /bundle: must be an absolute path"},
      {R"({"id":"a","bundle":"/b","pid":-1})", "standard input: /pid: -1 is not a process id"},
      {R"({"id":"a","bundle":"/b","pid":4294967296})", "/pid: 4294967296 is not a process id"},
      {R"({"id":"a","bundle":"/b","annotations":[]})", "/annotations: must be an object"},
      {"null", "standard input: must be an object, not null"},
      {"{", "standard input is not JSON"},
  };
  for (const Bad& bad : cases) {
    const Result<State> state = parse_state(bad.json, "standard input");
    ASSERT_FALSE(state.ok()) << bad.json;
    EXPECT_NE(state.error().message.find(bad.error), std::string::npos) << state.error().message;
  }
  EXPECT_FALSE(parse_state(std::string((1 << 20) + 1, ' '), "standard input").ok());
}

}  // namespace
}  // namespace holdfast::oci
