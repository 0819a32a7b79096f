// Tests of a profile: files beside it that say what it must make of what a container does.
//
// The tests of NAME.json are the files of the directory NAME.tests beside it that end in ".jsonl".
// A line is an act in the format of the alert file (profiles/schema/alert.schema.json), recorded or
// written by hand, with two members more:
//
//   "expect": "denied", or {"answer": "denied", "class": "file.sensitive", "severity": "warning"}
//   "test":   what the line is about; optional
//
// A line of the class "admit.mounts", or of another key of `admit`, is about config.json itself;
// one of the class "exec.into" about the program in its object's path, started by a runtime's exec.
// The answer is one of nothing, recorded, alerted, denied and killed. It happened in a container of
// the config.json beside the lines: FILE.config.json for FILE.jsonl, else config.json, else that of
// an ordinary container.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/oci/spec.h"
#include "src/profile/load.h"
#include "src/profile/profile.h"
#include "src/replay/decide.h"

namespace holdfast::replay {

struct Expectation {
  Answer answer = Answer::kNothing;
  std::string class_name;                    // "" for any
  std::optional<detect::Severity> severity;  // none: any
};

struct Case {
  std::string name;
  std::string place;  // "FILE:LINE"
  Act act;
  std::string admission;  // a key of `admit`, for a case of config.json instead of an act
  std::optional<std::string> program;  // the first argument of an exec, instead of an act
  Expectation expected;
};

// Cases of one file, and the config.json they happen under.
struct Suite {
  std::string file;
  oci::Spec spec;
  std::vector<Case> cases;
};

// The suites of the profile in the file `path` ("…/NAME.json"), in the order of their names; none
// where it has no tests.
Result<std::vector<Suite>> read_suites(const profile::Source& source, const std::string& path);

struct Outcome {
  std::string name;
  std::string place;
  std::string problem;  // "" when the case holds
};

// What `profile` makes of each case.
Result<std::vector<Outcome>> run_suite(const profile::Profile& profile, const Suite& suite);

// config.json of an ordinary container: the capabilities that engines give, namespaces of its own.
oci::Spec ordinary_spec();

// An answer by its name; none for what is none.
std::optional<Answer> answer_by_name(const std::string& name);

}  // namespace holdfast::replay
