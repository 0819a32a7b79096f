// The parts of a profile that say what processes do (exec, files, network, capabilities, process),
// what config.json may ask for (admit), who may come in (exec_into), what is done about alerts
// (respond), and what is ordinary (exceptions).
#pragma once

#include "src/base/json.h"
#include "src/base/result.h"
#include "src/profile/profile.h"

namespace holdfast::profile {

// Each reads one member of the profile's document, where it is given.
Status read_exec(const base::JsonView& view, Profile& profile);
Status read_files(const base::JsonView& view, Profile& profile);
Status read_network(const base::JsonView& view, Profile& profile);
Status read_capabilities(const base::JsonView& view, Profile& profile);
Status read_process(const base::JsonView& view, Profile& profile);
Status read_admit(const base::JsonView& view, Profile& profile);
Status read_exec_into(const base::JsonView& view, Profile& profile);
Status read_respond(const base::JsonView& view, Profile& profile);
Status read_exceptions(const base::JsonView& view, Profile& profile);

}  // namespace holdfast::profile
