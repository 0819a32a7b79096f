#include "src/engine/running.h"

#include <unistd.h>

#include <algorithm>
#include <array>

namespace holdfast::engine {
namespace {

// Where containerd's runc shim keeps a bundle for each container, NAMESPACE/ID: containerd's own,
// and the one that dockerd starts where there is none.
constexpr std::array kBundles = {
    "/run/containerd/io.containerd.runtime.v2.task",
    "/run/docker/containerd/daemon/io.containerd.runtime.v2.task",
};
constexpr const char* kDockersNamespace = "moby";

// "" when it cannot be read.
std::string text_of(const Tree& tree, const std::string& path) {
  const auto text = tree.read_through(path);
  return text.ok() ? text.value().value_or("") : "";
}

std::vector<std::string> names_in(const Tree& tree, const std::string& directory) {
  const auto names = tree.list(directory);
  return names.ok() ? names.value() : std::vector<std::string>();
}

// A line "KEY:\tVALUE" of /proc/PID/status.
std::string value_of(const std::string& status, const std::string& key) {
  const std::string begin = "\n" + key + ":\t";
  const std::string text = "\n" + status;
  const std::size_t at = text.find(begin);
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t start = at + begin.size();
  return text.substr(start, text.find('\n', start) - start);
}

// Not one of a container, which may call itself what it likes.
bool is_conmon(const std::string& status, const std::string& uid) {
  return value_of(status, "Name") == "conmon" && value_of(status, "Uid").starts_with(uid + "\t") &&
         value_of(status, "NSpid").find('\t') == std::string::npos;
}

// What follows `option` on a command line; "" where it is not given.
std::string value_after(const std::string& cmdline, const std::string& option) {
  const std::string mark = std::string(1, '\0') + option + std::string(1, '\0');
  const std::size_t at = cmdline.find(mark);
  if (at == std::string::npos) {
    return "";
  }
  const std::size_t start = at + mark.size();
  return cmdline.substr(start, cmdline.find('\0', start) - start);
}

bool is_number(const std::string& name) {
  return !name.empty() && std::all_of(name.begin(), name.end(),
                                      [](char digit) { return digit >= '0' && digit <= '9'; });
}

// conmon(8) is podman's and CRI-O's; there is one more of it for each `exec`.
void add_of_conmon(const Tree& tree, const Owner& owner, const std::string& proc_root,
                   std::vector<Running>& running) {
  const std::string uid = owner.is_user() ? std::to_string(geteuid()) : "0";
  for (const std::string& pid : names_in(tree, proc_root)) {
    const std::string process = proc_root + "/" + pid;
    if (!is_number(pid) || !is_conmon(text_of(tree, process + "/status"), uid)) {
      continue;
    }
    const std::string cmdline = text_of(tree, process + "/cmdline");
    const bool is_crio = value_after(cmdline, "--exit-dir").find("/crio") != std::string::npos;
    const Running one{is_crio ? Engine::kCrio : Engine::kPodman, value_after(cmdline, "-c"),
                      value_after(cmdline, "-n")};
    const bool is_known = std::any_of(running.begin(), running.end(),
                                      [&one](const Running& other) { return other.id == one.id; });
    if (!one.id.empty() && !is_known) {
      running.push_back(one);
    }
  }
}

void add_of_containerd(const Tree& tree, const std::string& proc_root, const std::string& bundles,
                       std::vector<Running>& running) {
  for (const std::string& space : names_in(tree, bundles)) {
    for (const std::string& id : names_in(tree, bundles + "/" + space)) {
      const std::string pid = text_of(tree, bundles + "/" + space + "/" + id + "/init.pid");
      if (is_number(pid) && !text_of(tree, proc_root + "/" + pid + "/status").empty()) {
        running.push_back(
            {space == kDockersNamespace ? Engine::kDocker : Engine::kContainerd, id, ""});
      }
    }
  }
}

}  // namespace

std::vector<Running> running_containers(const Tree& tree, const Owner& owner,
                                        const std::string& proc_root) {
  std::vector<Running> running;
  add_of_conmon(tree, owner, proc_root, running);
  if (!owner.is_user()) {
    for (const char* bundles : kBundles) {
      add_of_containerd(tree, proc_root, bundles, running);
    }
  }
  return running;
}

}  // namespace holdfast::engine
