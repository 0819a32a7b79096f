#include "src/oci/spec.h"

#include <array>

namespace holdfast::oci {
namespace {

using base::JsonView;

// An element that is no string is the runtime's to judge: crun takes it for an empty one, runc
// refuses it.
Result<std::vector<std::string>> read_args(const JsonView& view) {
  std::vector<std::string> args;
  const auto list = view.find("args");
  for (const JsonView& item : list ? TRY(list->items()) : std::vector<JsonView>()) {
    args.push_back(item.raw().is_string() ? TRY(item.string()) : std::string());
  }
  return args;
}

Result<Process> read_process(const JsonView& view) {
  Process process;
  process.args = TRY(read_args(view));
  TRY(view.read("cwd", process.cwd));
  TRY(view.read("noNewPrivileges", process.no_new_privileges));
  if (const auto capabilities = view.find("capabilities")) {
    TRY(capabilities->read("bounding", process.bounding));
  }
  if (const auto user = view.find("user")) {
    TRY(user->read("uid", process.user.uid));
    TRY(user->read("gid", process.user.gid));
  }
  return process;
}

Result<Root> read_root(const JsonView& view) {
  const JsonView root_view =
      TRY(view.need("root", "give the container's root file system, {\"path\": \"rootfs\"}"));
  Root root;
  const JsonView path =
      TRY(root_view.need("path", "give the directory that is the container's root"));
  root.path = TRY(path.string());
  if (root.path.empty()) {
    return path.error("is empty; give the directory that is the container's root");
  }
  TRY(root_view.read("readonly", root.readonly));
  return root;
}

Result<Mount> read_mount(const JsonView& view) {
  Mount mount;
  mount.destination =
      TRY(view.need_string("destination", "give the absolute path of the mount point"));
  TRY(view.read("source", mount.source));
  TRY(view.read("type", mount.type));
  TRY(view.read("options", mount.options));
  return mount;
}

Result<Hook> read_hook(const JsonView& view) {
  Hook hook;
  hook.path = TRY(view.need_string("path", "give the absolute path of the hook"));
  TRY(view.read("args", hook.args));
  if (const auto env = view.find("env")) {
    hook.env = TRY(env->strings());
  }
  if (const auto timeout = view.find("timeout")) {
    hook.timeout_s = TRY(timeout->integer());
  }
  return hook;
}

Result<Namespace> read_namespace(const JsonView& view) {
  Namespace ns;
  ns.type = TRY(view.need_string("type", "give the kind of namespace"));
  TRY(view.read("path", ns.path));
  return ns;
}

Result<IdMapping> read_mapping(const JsonView& view) {
  IdMapping mapping;
  TRY(view.read("containerID", mapping.container_id));
  TRY(view.read("hostID", mapping.host_id));
  TRY(view.read("size", mapping.size));
  return mapping;
}

Result<Device> read_device(const JsonView& view) {
  Device device;
  device.type = TRY(view.need_string("type", "give c, b, u or p"));
  device.path = TRY(view.need_string("path", "give the absolute path of the device"));
  TRY(view.read("major", device.major));
  TRY(view.read("minor", device.minor));
  return device;
}

Result<DeviceCgroupRule> read_device_rule(const JsonView& view) {
  DeviceCgroupRule rule;
  TRY(view.read("allow", rule.allow));
  TRY(view.read("type", rule.type));
  TRY(view.read("access", rule.access));
  if (const auto major = view.find("major")) {
    rule.major = TRY(major->integer());
  }
  if (const auto minor = view.find("minor")) {
    rule.minor = TRY(minor->integer());
  }
  return rule;
}

// Reads the array member `key`, each element by `read_element`.
template <typename T>
Status read_list(const JsonView& view, const char* key, Result<T> (*read_element)(const JsonView&),
                 std::vector<T>& out) {
  const auto list = view.find(key);
  if (!list) {
    return Ok{};
  }
  for (const JsonView& item : TRY(list->items())) {
    TRY(item.must_be_object());
    out.push_back(TRY(read_element(item)));
  }
  return Ok{};
}

Status read_hooks(const JsonView& document, Spec& spec) {
  const auto hooks = document.find("hooks");
  if (!hooks) {
    return Ok{};
  }
  TRY(hooks->must_be_object());
  constexpr std::array kStages = {"prestart",       "createRuntime", "createContainer",
                                  "startContainer", "poststart",     "poststop"};
  for (const char* stage : kStages) {
    std::vector<Hook> list;
    TRY(read_list(*hooks, stage, read_hook, list));
    if (!list.empty()) {
      spec.hooks.emplace(stage, std::move(list));
    }
  }
  return Ok{};
}

Status read_linux(const JsonView& document, Spec& spec) {
  const auto view = document.find("linux");
  if (!view) {
    return Ok{};
  }
  TRY(view->must_be_object());
  TRY(read_list(*view, "namespaces", read_namespace, spec.namespaces));
  TRY(read_list(*view, "uidMappings", read_mapping, spec.uid_mappings));
  TRY(read_list(*view, "devices", read_device, spec.devices));
  TRY(view->read("maskedPaths", spec.masked_paths));
  TRY(view->read("readonlyPaths", spec.readonly_paths));
  TRY(view->read("cgroupsPath", spec.cgroups_path));
  if (const auto resources = view->find("resources")) {
    TRY(resources->must_be_object());
    TRY(read_list(*resources, "devices", read_device_rule, spec.device_rules));
  }
  if (const auto seccomp = view->find("seccomp")) {
    TRY(seccomp->must_be_object());
    spec.seccomp = seccomp->raw();
  }
  return Ok{};
}

}  // namespace

Result<Spec> read_spec(const nlohmann::json& document, const std::string& what) {
  const JsonView view(document, what);
  TRY(view.must_be_object());
  Spec spec;
  spec.oci_version = TRY(view.need_string(
      "ociVersion", "give the version of the OCI runtime spec, such as \"1.0.2\""));
  spec.root = TRY(read_root(view));
  if (const auto process = view.find("process")) {
    TRY(process->must_be_object());
    spec.process = TRY(read_process(*process));
  }
  TRY(read_list(view, "mounts", read_mount, spec.mounts));
  TRY(view.read("annotations", spec.annotations));
  TRY(read_hooks(view, spec));
  TRY(read_linux(view, spec));
  return spec;
}

Result<Process> parse_process(std::string_view bytes, const std::string& what) {
  const nlohmann::json document = TRY(base::parse_json(bytes, what, kSpecLimits));
  const JsonView view(document, what);
  TRY(view.must_be_object());
  return read_process(view);
}

Result<Spec> parse_spec(std::string_view bytes, const std::string& what) {
  const nlohmann::json document = TRY(base::parse_json(bytes, what, kSpecLimits));
  return read_spec(document, what);
}

}  // namespace holdfast::oci
