#include "src/oci/edit.h"

#include <algorithm>

#include "src/base/path.h"
#include "src/oci/spec.h"

namespace holdfast::oci {
namespace {

// The member `key` as an object or an array; made when it is missing, null or of another type (the
// specification has no other).
Document& object_at(Document& parent, const std::string& key) {
  Document& child = parent[key];
  if (!child.is_object()) {
    child = Document::object();
  }
  return child;
}

Document& array_at(Document& parent, const std::string& key) {
  Document& child = parent[key];
  if (!child.is_array()) {
    child = Document::array();
  }
  return child;
}

std::string text_at(const Document& object, const char* key) {
  if (!object.is_object()) {
    return "";
  }
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : "";
}

// nullptr where there is none.
const Document* find_path(const Document& document, std::initializer_list<const char*> keys) {
  const Document* at = &document;
  for (const char* key : keys) {
    if (!at->is_object()) {
      return nullptr;
    }
    const auto found = at->find(key);
    if (found == at->end()) {
      return nullptr;
    }
    at = &*found;
  }
  return at;
}

Document entry_json(const HookEntry& entry) {
  return {
      {"path", entry.path}, {"args", entry.args}, {"env", entry.env}, {"timeout", entry.timeout_s}};
}

// tmpcopyup (runc and crun): the image's files of that folder are there to begin with.
Document tmpfs_json(const std::string& path, bool noexec) {
  Document options = {"rw", "rprivate", "nosuid", "nodev", "tmpcopyup"};
  if (noexec) {
    options.push_back("noexec");
  }
  return {{"destination", path}, {"type", "tmpfs"}, {"source", "tmpfs"}, {"options", options}};
}

// Where each of the mounts is; "" for the root itself, which a tmpfs is for, and for what is no
// path.
std::vector<std::string> mount_points(const Document& document) {
  std::vector<std::string> points;
  const Document* mounts = find_path(document, {"mounts"});
  if (mounts == nullptr || !mounts->is_array()) {
    return points;
  }
  for (const Document& mount : *mounts) {
    std::string point = base::clean_path(text_at(mount, "destination"));
    points.push_back(point == "/" ? "" : std::move(point));
  }
  return points;
}

}  // namespace

Result<Document> parse_document(std::string_view bytes, const std::string& what) {
  Document document = TRY(base::parse_ordered_json(bytes, what, kSpecLimits));
  if (!document.is_object()) {
    return fail(what + " is not a JSON object");
  }
  return document;
}

std::string document_text(const Document& document) {
  return document.dump(-1, ' ', false, Document::error_handler_t::replace);
}

bool has_hook(const Document& document, const std::string& stage, std::string_view file_name) {
  const Document* hooks = find_path(document, {"hooks", stage.c_str()});
  return hooks != nullptr && hooks->is_array() &&
         std::any_of(hooks->begin(), hooks->end(), [&](const Document& hook) {
           const std::string path = text_at(hook, "path");
           return path.substr(path.rfind('/') + 1) == file_name;
         });
}

void append_hook(Document& document, const std::string& stage, const HookEntry& entry) {
  array_at(object_at(document, "hooks"), stage).push_back(entry_json(entry));
}

void set_annotation(Document& document, const std::string& key, const std::string& value) {
  object_at(document, "annotations")[key] = value;
}

bool remove_annotation(Document& document, const std::string& key) {
  const auto annotations = document.find("annotations");
  return annotations != document.end() && annotations->is_object() && annotations->erase(key) != 0;
}

bool set_seccomp(Document& document, const nlohmann::json& seccomp) {
  Document& linux_part = object_at(document, "linux");
  if (seccomp.is_null()) {
    return linux_part.erase("seccomp") != 0;
  }
  // Where nothing changes, the order of what is there stays as well.
  const Document* before = find_path(document, {"linux", "seccomp"});
  if (before != nullptr && nlohmann::json(*before) == seccomp) {
    return false;
  }
  linux_part["seccomp"] = Document(seccomp);
  return true;
}

bool set_readonly_root(Document& document) {
  Document& readonly = object_at(document, "root")["readonly"];
  const bool was = readonly.is_boolean() && readonly.get<bool>();
  readonly = true;
  return !was;
}

bool set_cgroups_path(Document& document, const std::string& path) {
  Document& written = object_at(document, "linux")["cgroupsPath"];
  const bool changed = written != path;
  written = path;
  return changed;
}

bool add_tmpfs(Document& document, const std::vector<std::string>& paths, bool noexec) {
  bool changed = false;
  std::vector<std::string> points = mount_points(document);
  for (const std::string& path : paths) {
    const auto covers = [&](const std::string& point) {
      return !point.empty() && base::is_at_or_below(path, point);
    };
    if (std::ranges::any_of(points, covers)) {
      continue;
    }
    const auto place = std::ranges::find_if(
        points, [&](const std::string& point) { return base::is_at_or_below(point, path); });
    Document& mounts = array_at(document, "mounts");
    mounts.insert(mounts.begin() + (place - points.begin()), tmpfs_json(path, noexec));
    points.insert(place, path);
    changed = true;
  }
  return changed;
}

}  // namespace holdfast::oci
