// An alert as one JSON object; the published schema is profiles/schema/alert.schema.json.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "src/base/clock.h"
#include "src/detect/alert.h"
#include "src/sink/object_writer.h"

namespace holdfast::sink {

// Everything but "seq", as the text of an object. Every string in `alert` is valid UTF-8
// (event::printable()); one that is not gets U+FFFD in its place.
std::string to_json(const detect::Alert& alert);

// Of lines one after the other, which often have a container and capabilities in common.
class LineWriter {
 public:
  // Appends the same with "seq" as its first member, and a line feed: what a reader finds in the
  // file. How many bytes that is.
  std::size_t add(Text& out, const detect::Alert& alert, std::uint64_t seq);

 private:
  void add_alert(ObjectWriter& object, const detect::Alert& alert);
  void add_parts(ObjectWriter& object, const detect::Alert& alert);
  void add_container(Text& out, const detect::ContainerRef& container);
  void add_process(Text& out, const event::Process& process);
  void add_capabilities(Text& out, std::uint64_t mask);
  friend std::string to_json(const detect::Alert& alert);

  base::TimeWriter time_;
  // The last ones, and how they were written.
  detect::ContainerRef container_;
  std::string container_text_;
  std::uint64_t capabilities_ = 0;
  std::string capabilities_text_ = "[]";
};

}  // namespace holdfast::sink
