// Every line of the alert file, each once and in order, over rotations and from where a cursor
// says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/base/result.h"
#include "src/forward/files.h"
#include "src/forward/line.h"

namespace holdfast::forward {

class Reader {
 public:
  // Goes on behind `after`; one without a number begins with the oldest file that is there.
  Reader(std::string path, Cursor after) : path_(std::move(path)), last_(after) {}

  // The next lines, at least one where there is one, until `max_lines` or `max_bytes` are reached.
  // Where numbers are missing, a line of lost ones comes first.
  Result<std::vector<Line>> next(std::size_t max_lines, std::size_t max_bytes);

  // Lines that were none of ours, so far.
  [[nodiscard]] std::uint64_t strange() const { return strange_; }

 private:
  Result<bool> locate();
  Result<bool> locate_in(const Candidate& candidate);
  Result<bool> search(const Candidate& candidate);
  Result<bool> start_of(const Candidate& candidate);
  Result<bool> advance();
  [[nodiscard]] bool at_the_end() const;
  Result<std::optional<Line>> take();
  Result<bool> look_again(std::uint64_t found);

  std::string path_;
  Cursor last_;
  std::optional<LogFile> file_;
  std::uint64_t looked_for_ = 0;  // what came where a line was missing, the last time
  std::uint64_t strange_ = 0;
};

}  // namespace holdfast::forward
