#include "src/engine/record.h"

#include <cstdint>

#include "src/base/json.h"

namespace holdfast::engine {
namespace {

constexpr std::int64_t kVersion = 1;

Result<Written> read_entry(const base::JsonView& view) {
  Written written;
  TRY(view.read("engine", written.engine));
  TRY(view.read("ours", written.ours));
  TRY(view.read("created", written.created));
  return written;
}

}  // namespace

std::string record_path(const Owner& owner) {
  return (owner.is_user() ? owner.state_home : "/var/lib") + "/holdfast/installed.json";
}

Result<Record> read_record(const Tree& tree, const Owner& owner) {
  const std::string path = record_path(owner);
  const auto text = TRY(tree.read(path));
  Record record;
  if (!text) {
    return record;
  }
  const nlohmann::json document = TRY(base::parse_json(*text, path));
  const base::JsonView view(document, path);
  std::int64_t version = 0;
  TRY(view.read("version", version));
  if (version != kVersion) {
    return view.error("is of another version of holdfast; use that one, or remove the file");
  }
  const base::JsonView files = TRY(view.need("files", "remove the file"));
  TRY(files.must_be_object());
  for (const auto& [name, value] : files.raw().items()) {
    record[name] = TRY(read_entry(base::JsonView(value, path)));
  }
  return record;
}

Status write_record(const Tree& tree, const Owner& owner, const Record& record) {
  const std::string path = record_path(owner);
  if (record.empty()) {
    return TRY(tree.read(path)) ? tree.remove(path) : Status(Ok{});
  }
  nlohmann::ordered_json document = {{"version", kVersion}, {"files", nlohmann::json::object()}};
  for (const auto& [name, written] : record) {
    document["files"][name] = {
        {"engine", written.engine}, {"ours", written.ours}, {"created", written.created}};
  }
  return tree.write(path, document.dump(2) + "\n");
}

}  // namespace holdfast::engine
