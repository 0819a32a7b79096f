// Through sd_journal_sendv(3).
#define SD_JOURNAL_SUPPRESS_LOCATION
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <unistd.h>

#include <cerrno>

#include <string>
#include <vector>

#include <fmt/core.h>

#include "src/forward/output.h"

namespace holdfast::forward {

namespace {

// The only one that libsystemd knows.
constexpr const char* kSocket = "/run/systemd/journal/socket";

class Fields {
 public:
  void add(const char* name, const std::string& value) {
    if (!value.empty()) {
      fields_.push_back(fmt::format("{}={}", name, value));
    }
  }
  int send() {
    std::vector<iovec> vectors;
    for (std::string& field : fields_) {
      vectors.push_back({field.data(), field.size()});
    }
    return sd_journal_sendv(vectors.data(), static_cast<int>(vectors.size()));
  }

 private:
  std::vector<std::string> fields_;
};

std::string number_at(const nlohmann::json& object, const char* key) {
  const nlohmann::json& found = member(object, key);
  return found.is_number() ? found.dump() : "";
}

Fields fields_of(const Line& line) {
  const nlohmann::json& json = line.json;
  const nlohmann::json& container = member(json, "container");
  const nlohmann::json& process = member(json, "process");
  Fields fields;
  fields.add("MESSAGE", text_at(json, "message"));
  fields.add("PRIORITY", fmt::format("{}", static_cast<int>(severity_of(line))));
  fields.add("SYSLOG_IDENTIFIER", "holdfast");
  fields.add("HOLDFAST_SEQ", fmt::format("{}", line.end.seq));
  fields.add("HOLDFAST_TIME", text_at(json, "time"));
  fields.add("HOLDFAST_KIND", text_at(json, "kind"));
  fields.add("HOLDFAST_CLASS", text_at(json, "class"));
  fields.add("HOLDFAST_SEVERITY", text_at(json, "severity"));
  fields.add("HOLDFAST_ACTION", text_at(json, "action"));
  fields.add("HOLDFAST_COUNT", number_at(json, "count"));
  fields.add("HOLDFAST_CONTAINER_ID", text_at(container, "id"));
  fields.add("HOLDFAST_CONTAINER_NAME", text_at(container, "name"));
  fields.add("HOLDFAST_IMAGE", text_at(container, "image"));
  fields.add("HOLDFAST_PROFILE", text_at(container, "profile"));
  fields.add("HOLDFAST_PID", number_at(process, "pid"));
  fields.add("HOLDFAST_EXE", text_at(process, "exe"));
  fields.add("HOLDFAST_PATH", text_at(member(json, "object"), "path"));
  fields.add("HOLDFAST_JSON", line.text);
  return fields;
}

class Journald : public Output {
 public:
  Answer send(std::span<const Line> lines) override {
    Answer answer;
    for (const Line& line : lines) {
      // libsystemd reports success where there is no journal, so it has to be looked for.
      const int sent = access(kSocket, W_OK) == 0 ? fields_of(line).send() : -errno;
      if (sent < 0) {
        answer.why =
            fail_errno(fmt::format("cannot write to the journal at {}", kSocket), -sent).message;
        break;
      }
      ++answer.taken;
    }
    return answer;
  }
};

}  // namespace

std::unique_ptr<Output> make_journald() { return std::make_unique<Journald>(); }

}  // namespace holdfast::forward
