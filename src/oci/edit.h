// Changes to a config.json. What is not changed stays as it was: unknown members, and the order of
// all. Each edit done twice is the same as done once (podman and restore read a file again); those
// that return a bool say whether they changed anything.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"

namespace holdfast::oci {

using Document = nlohmann::ordered_json;

// The document to edit, within the same bounds as parse_spec, which should have judged it before.
Result<Document> parse_document(std::string_view bytes, const std::string& what);

std::string document_text(const Document& document);

// An entry of hooks.STAGE (OCI runtime spec, config.md, "POSIX-platform Hooks").
struct HookEntry {
  std::string path;
  std::vector<std::string> args;
  std::vector<std::string> env;  // always written: without it a hook inherits the runtime's
  std::int64_t timeout_s = 0;
};

// Whether hooks.STAGE has a program of that file name, wherever it lies: the engine may have put it
// there (hooks.d), with options of its own.
bool has_hook(const Document& document, const std::string& stage, std::string_view file_name);

// Appends `entry` to hooks.STAGE.
void append_hook(Document& document, const std::string& stage, const HookEntry& entry);

void set_annotation(Document& document, const std::string& key, const std::string& value);
bool remove_annotation(Document& document, const std::string& key);

// linux.seccomp; null removes it.
bool set_seccomp(Document& document, const nlohmann::json& seccomp);

bool set_readonly_root(Document& document);

// linux.cgroupsPath.
bool set_cgroups_path(Document& document, const std::string& path);

// A tmpfs that keeps what the image has, at each of `paths`. Not added where the path is already on
// a mount of its own; put before the mounts that lie below it, which it would hide otherwise.
bool add_tmpfs(Document& document, const std::vector<std::string>& paths, bool noexec);

}  // namespace holdfast::oci
