#include "src/sink/json.h"

#include <fmt/core.h>

#include "src/base/capability.h"
#include "src/sink/object_writer.h"

namespace holdfast::sink {

namespace {

void write_container(Text& out, const detect::Container& container) {
  ObjectWriter object(out);
  object.set("id", container.id);
  object.put("name", container.name);
  object.put("image", container.image);
  object.put("profile", container.profile);
  object.put("engine", container.engine);
  object.put("bundle", container.bundle);
  object.put("annotations", container.annotations);
  object.put("user", container.user);
}

void add_ancestors(Text& out, const std::vector<event::Ancestor>& ancestors) {
  ListWriter list(out);
  for (const event::Ancestor& ancestor : ancestors) {
    ObjectWriter object(list.next());
    object.set("pid", ancestor.pid);
    object.put("comm", ancestor.comm);
    object.put("exe", ancestor.exe);
  }
}

// As detect::capability_names(), without making a string of each.
void write_capabilities(Text& out, std::uint64_t mask) {
  ListWriter list(out);
  for (std::size_t bit = 0; bit < 64; ++bit) {
    if (((mask >> bit) & 1) == 0) {
      continue;
    }
    if (bit < base::kCapabilities.size()) {
      append_quoted(list.next(), base::kCapabilities.at(bit));
    } else {
      append_quoted(list.next(), fmt::format("CAP_{}", bit));
    }
  }
}

void add_object(Text& out, const detect::Object& target) {
  ObjectWriter object(out);
  object.put_word("operation", target.operation);
  object.put("path", target.path);
  object.put("path_truncated", target.path_truncated);
  object.put("path_as_spelled", target.path_as_spelled);
  object.put_word("type", target.type);
  object.put_word("mode", target.mode);
  object.put_word("device", target.device);
  object.put("inode", target.inode);
  object.put_word("node", target.node);
  object.put_word("filesystem", target.filesystem);
  object.put("syscall", target.syscall);
  object.put("flags", target.flags);
  object.put("capabilities", target.capabilities);
  object.put("target_pid", target.target_pid);
  object.put("address", target.address);
  object.put("port", target.port);
  object.put("protocol", target.protocol);
  object.put("result", target.result);
  object.put("argv", target.argv);
  object.put("user", target.user);
  object.put("sha256", target.sha256);
}

void add_asker(Text& out, const detect::Asker& by) {
  ObjectWriter object(out);
  if (by.pid != 0) {
    object.set("pid", by.pid);
    object.set("uid", by.uid);
    return;
  }
  object.set("profile", by.profile);
  object.set("class", by.class_name);
  object.set_word("severity", detect::severity_name(by.severity));
}

void add_response(Text& out, const detect::Response& response) {
  ObjectWriter object(out);
  object.set("name", response.name);
  add_asker(object.key("by"), response.by);
  object.put("target_pid", response.target_pid);
  object.put("failure", response.failure);
  object.put("incident", response.incident);
  object.put("incident_failure", response.incident_failure);
}

void add_techniques(Text& out, const detect::Alert& alert) {
  ListWriter list(out);
  for (const std::string_view id : alert.mitre) {
    if (!id.empty()) {
      append_quoted(list.next(), id);
    }
  }
}

void add_aliases(Text& out, const detect::Alert& alert) {
  ObjectWriter object(out);
  object.put_word("falco", alert.falco);
  object.put_word("tracee", alert.tracee);
}

void add_origin(Text& out, const detect::Origin& origin) {
  ObjectWriter object(out);
  object.set_word("queue", origin.queue);
  object.set("epoch", origin.epoch);
  object.set("position", origin.position);
}

}  // namespace

void LineWriter::add_container(Text& out, const detect::ContainerRef& container) {
  if (container != container_) {
    Text text;
    write_container(text, *container);
    container_ = container;
    container_text_ = fmt::to_string(text);
  }
  append(out, container_text_);
}

void LineWriter::add_capabilities(Text& out, std::uint64_t mask) {
  if (mask != capabilities_) {
    Text text;
    write_capabilities(text, mask);
    capabilities_ = mask;
    capabilities_text_ = fmt::to_string(text);
  }
  append(out, capabilities_text_);
}

void LineWriter::add_process(Text& out, const event::Process& process) {
  ObjectWriter object(out);
  object.set("pid", process.pid);
  object.set("ppid", process.ppid);
  object.put("container_pid", process.container_pid);
  object.put("comm", process.comm);
  object.put("exe", process.exe);
  object.put("argv", process.argv);
  object.put("argv_truncated", process.argv_truncated);
  object.put("cwd", process.cwd);
  object.set("uid", process.uid);
  object.set("gid", process.gid);
  if (process.login_uid) {
    object.set("login_uid", *process.login_uid);
  }
  add_capabilities(object.key("caps"), process.caps);
  add_ancestors(object.key("ancestors"), process.ancestors);
  object.set_word("layer", process.upper_layer ? "upper" : "image");
  object.put("gone", process.gone);
}

void LineWriter::add_alert(ObjectWriter& object, const detect::Alert& alert) {
  time_.write(quoted(object.key("time"), base::kRfc3339Bytes), alert.time_ns);
  object.set_word("kind", alert.kind);
  object.set_word("class", alert.class_name);
  object.set_word("severity", detect::severity_name(alert.severity));
  object.set_word("action", alert.action);
  object.set("count", alert.count);
  object.put_word("cause", alert.cause);
  object.set("message", alert.message);
  object.put("exception", alert.exception);
  object.put("held_back", alert.held_back);
  add_parts(object, alert);
  if (!alert.mitre.front().empty()) {
    add_techniques(object.key("mitre"), alert);
  }
  if (!alert.falco.empty() || !alert.tracee.empty()) {
    add_aliases(object.key("aliases"), alert);
  }
  object.set_word("backend", alert.backend);
  object.set("host", alert.host);
  add_origin(object.key("origin"), alert.origin);
}

// What the event was about, where it was about that.
void LineWriter::add_parts(ObjectWriter& object, const detect::Alert& alert) {
  if (alert.container) {
    add_container(object.key("container"), alert.container);
  }
  if (alert.process) {
    add_process(object.key("process"), *alert.process);
  }
  if (alert.object) {
    add_object(object.key("object"), *alert.object);
  }
  if (alert.response) {
    add_response(object.key("response"), *alert.response);
  }
}

std::size_t LineWriter::add(Text& out, const detect::Alert& alert, std::uint64_t seq) {
  const std::size_t before = out.size();
  {
    ObjectWriter object(out);
    object.set("seq", seq);
    add_alert(object, alert);
  }
  out.push_back('\n');
  return out.size() - before;
}

std::string to_json(const detect::Alert& alert) {
  Text text;
  {
    ObjectWriter object(text);
    LineWriter().add_alert(object, alert);
  }
  return fmt::to_string(text);
}

}  // namespace holdfast::sink
