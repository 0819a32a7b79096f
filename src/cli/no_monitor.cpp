#include <string>

#include <fmt/format.h>

#include "src/cli/commands.h"
#include "src/monitor/client.h"
#include "src/profile/user.h"

namespace holdfast::cli {

std::string how_to_start_one() {
  return profile::own_user() == 0
             ? "the next guarded container starts one, or holdfast.service (contrib/systemd)"
             : "only root starts one: sudo systemctl enable --now holdfast.socket "
               "(contrib/systemd)";
}

Error no_answer(const std::string& socket, const Error& error) {
  if (!monitor::nobody_listens(socket)) {
    return error;
  }
  return fail(
      fmt::format("no monitor listens at {}: no container is guarded, or only by what a former "
                  "monitor left in force; {}",
                  socket, how_to_start_one()));
}

}  // namespace holdfast::cli
