// How test runs are written down, for people and for CI.
#pragma once

#include <string>
#include <vector>

#include "src/replay/suite.h"

namespace holdfast::replay {

// The outcomes of one profile's tests.
struct TestRun {
  std::string profile;
  std::vector<Outcome> outcomes;
};

// Test Anything Protocol, version 13.
std::string tap(const std::vector<TestRun>& runs);

// JUnit's XML, as CI systems read it.
std::string junit(const std::vector<TestRun>& runs);

}  // namespace holdfast::replay
