// What lint finds, for people and for CI.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/result.h"

namespace holdfast::profile {

struct Finding {
  std::string file;     // as the caller names it
  std::string pointer;  // JSON pointer; "" for the whole document
  std::size_t line = 1;
  std::string sentence;
};

// Takes lint's sentences about the file `path`, whose content is `text`, apart. `file`: what to
// call it.
std::vector<Finding> place_findings(const std::vector<Error>& problems, const std::string& path,
                                    std::string_view text, const std::string& file);

// "FILE:LINE: POINTER: SENTENCE", a line each.
std::string findings_text(const std::vector<Finding>& findings);

// An array of objects with the members of Finding.
std::string findings_json(const std::vector<Finding>& findings);

// Static Analysis Results Interchange Format 2.1.0 (OASIS).
std::string findings_sarif(const std::vector<Finding>& findings);

// Workflow commands of GitHub Actions ("::error file=…"), which show beside the line of a change.
std::string findings_github(const std::vector<Finding>& findings);

}  // namespace holdfast::profile
