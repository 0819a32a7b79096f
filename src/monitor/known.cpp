#include "src/monitor/known.h"

#include <unistd.h>

#include <nlohmann/json.hpp>

#include "src/base/file.h"
#include "src/base/json.h"
#include "src/oci/state.h"

namespace holdfast::monitor {

std::string containers_directory(const std::string& socket_path) {
  return socket_path.substr(0, socket_path.rfind('/') + 1) + "containers";
}

std::string container_file(const std::string& directory, const std::string& key) {
  return directory + "/" + key + ".json";
}

bool is_known(const std::string& socket_path, const std::string& id) {
  return oci::valid_id(id) &&
         access(container_file(containers_directory(socket_path), id).c_str(), F_OK) == 0;
}

Result<profile::ExecInto> read_exec_into(const std::string& socket_path, const std::string& id) {
  const std::string path = container_file(containers_directory(socket_path), id);
  const std::string text = TRY(base::read_file(path, kMaxContainerFileBytes));
  const nlohmann::json json =
      TRY(base::parse_json(text, path, {.max_bytes = kMaxContainerFileBytes}));
  const base::JsonView view(json, path);
  const base::JsonView request = TRY(view.need("request", "start the container again"));
  return TRY(decode_request(request.raw().dump())).registration.exec_into;
}

}  // namespace holdfast::monitor
