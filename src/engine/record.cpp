#include "src/engine/record.h"

#include <unistd.h>

#include <cstdint>

#include "src/base/json.h"

namespace holdfast::engine {
namespace {

constexpr std::int64_t kVersion = 1;

Result<Written> read_entry(const base::JsonView& view) {
  Written written;
  TRY(view.must_be_object());
  TRY(view.read("engine", written.engine));
  TRY(view.read("ours", written.ours));
  TRY(view.read("created", written.created));
  TRY(view.read("replaced", written.replaced));
  return written;
}

Result<Record> parse_record(const Tree& tree, const std::string& path) {
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
    return view.error("is of another version of holdfast; use that one");
  }
  const base::JsonView files = TRY(view.need("files", "without it this is no record"));
  TRY(files.must_be_object());
  for (const auto& [name, value] : files.raw().items()) {
    const base::JsonView entry = TRY(files.need(name, "it is the name of a file"));
    record[name] = TRY(read_entry(entry));
  }
  return record;
}

}  // namespace

std::string record_path(const Owner& owner) {
  return (owner.is_user() ? owner.state_home : "/var/lib") + "/holdfast/installed.json";
}

const Written* find(const Record& record, const std::string& path) {
  const auto found = record.find(path);
  return found == record.end() ? nullptr : &found->second;
}

Result<base::UniqueFd> lock_record(const Tree& tree, const Owner& owner) {
  const std::string path = record_path(owner);
  if (geteuid() == 0) {
    TRY(tree.folder_must_be_roots(path));
  }
  return tree.lock(path.substr(0, path.rfind('/')));
}

Result<Record> read_record(const Tree& tree, const Owner& owner) {
  const std::string path = record_path(owner);
  auto record = parse_record(tree, path);
  if (!record.ok()) {
    return fail(record.error().message + "; remove " + path +
                " to go on without it: what was written then counts as written by hand");
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
    if (!written.replaced.empty()) {
      document["files"][name]["replaced"] = written.replaced;
    }
  }
  return tree.write(path, document.dump(2) + "\n");
}

}  // namespace holdfast::engine
