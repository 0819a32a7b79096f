#include "src/profile/findings.h"

#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "src/base/json_lines.h"

namespace holdfast::profile {
namespace {

using nlohmann::ordered_json;

// Sentences begin with the file, and most with a pointer: base::JsonView::error.
Finding taken_apart(std::string_view message, const std::string& path, const std::string& file) {
  Finding finding{file, "", 1, ""};
  if (message.starts_with(path)) {
    message.remove_prefix(path.size());
    message.remove_prefix(message.starts_with(": ") ? 2 : 0);
  }
  if (message.starts_with('/')) {
    const std::size_t end = message.find(": ");
    if (end != std::string_view::npos) {
      finding.pointer = message.substr(0, end);
      message.remove_prefix(end + 2);
    }
  }
  // "/" is how the schema validator calls the document.
  finding.pointer = finding.pointer == "/" ? "" : finding.pointer;
  message.remove_prefix(message.starts_with(' ') ? 1 : 0);
  finding.sentence = message;
  return finding;
}

// Of a command's message; of its properties two characters more.
std::string github_text(const std::string& text, bool is_property) {
  std::string escaped;
  for (const char c : text) {
    if (c == '%' || c == '\r' || c == '\n' || (is_property && (c == ':' || c == ','))) {
      escaped += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string sentence_of(const Finding& finding) {
  return finding.pointer.empty() ? finding.sentence
                                 : fmt::format("{}: {}", finding.pointer, finding.sentence);
}

ordered_json sarif_result(const Finding& finding) {
  return {{"ruleId", "profile"},
          {"level", "error"},
          {"message", {{"text", sentence_of(finding)}}},
          {"locations",
           {{{"physicalLocation",
              {{"artifactLocation", {{"uri", finding.file}}},
               {"region", {{"startLine", finding.line}}}}}}}}};
}

std::string dumped(const ordered_json& document) {
  return document.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace

std::vector<Finding> place_findings(const std::vector<Error>& problems, const std::string& path,
                                    std::string_view text, const std::string& file) {
  const base::JsonLines lines = base::json_lines(text);
  std::vector<Finding> findings;
  for (const Error& problem : problems) {
    Finding finding = taken_apart(problem.message, path, file);
    const bool is_syntax = finding.sentence.starts_with("is not JSON");
    finding.line = is_syntax ? lines.last : lines.line(finding.pointer);
    findings.push_back(std::move(finding));
  }
  return findings;
}

std::string findings_text(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    fmt::format_to(std::back_inserter(text), "{}:{}: {}\n", finding.file, finding.line,
                   sentence_of(finding));
  }
  return text;
}

std::string findings_json(const std::vector<Finding>& findings) {
  ordered_json list = ordered_json::array();
  for (const Finding& finding : findings) {
    list.push_back({{"file", finding.file},
                    {"line", finding.line},
                    {"pointer", finding.pointer},
                    {"sentence", finding.sentence}});
  }
  return dumped(list);
}

std::string findings_sarif(const std::vector<Finding>& findings) {
  ordered_json results = ordered_json::array();
  for (const Finding& finding : findings) {
    results.push_back(sarif_result(finding));
  }
  const ordered_json rule = {
      {"id", "profile"}, {"shortDescription", {{"text", "A profile must be right in every part"}}}};
  const ordered_json driver = {
      {"name", "holdfast"}, {"version", HOLDFAST_VERSION}, {"rules", ordered_json::array({rule})}};
  return dumped({{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"},
                 {"version", "2.1.0"},
                 {"runs", {{{"tool", {{"driver", driver}}}, {"results", results}}}}});
}

std::string findings_github(const std::vector<Finding>& findings) {
  std::string text;
  for (const Finding& finding : findings) {
    fmt::format_to(std::back_inserter(text), "::error file={},line={},title=holdfast profile::{}\n",
                   github_text(finding.file, true), finding.line,
                   github_text(sentence_of(finding), false));
  }
  return text;
}

}  // namespace holdfast::profile
