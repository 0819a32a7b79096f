// One process in /proc, held by a descriptor: what is read through it is that process's or nothing,
// whoever has its pid later.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "bpf/abi/limits.h"
#include "src/base/process.h"
#include "src/base/unique_fd.h"

namespace holdfast::event {

// The directory of `pid` below `proc_root`; after its end reads fail.
base::UniqueFd open_process(const std::string& proc_root, pid_t pid);

// The bytes of its file `name`, at most `max_bytes`; "" where there are none.
std::string read_at(int process, const char* name, std::size_t max_bytes);

// Where its link `name` leads, printable; "" where it leads nowhere. Of a path of more than
// `max_bytes` the end, behind "…": a container chooses how long it is, and every line has some.
std::string link_at(int process, const char* name, std::size_t max_bytes = HF_EVENT_EXE_MAX);

std::optional<base::ProcessStat> stat_at(int process);

// Its command name, printable.
std::string comm_at(int process);

// Its arguments, printable, of at most `max_bytes` of them; secrets redacted.
std::vector<std::string> arguments_at(int process, std::size_t max_bytes);

}  // namespace holdfast::event
