// What a filter of config.json answers: built by libseccomp as a runtime builds it, and run by the
// small machine that the kernel has for it (classic BPF, seccomp(2)).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "src/base/result.h"

struct seccomp_data;

namespace holdfast::seccomp {

class Simulation {
 public:
  // `filter` is linux.seccomp. An error where libseccomp refuses it; the runtime would as well.
  static Result<Simulation> of(const nlohmann::json& filter);

  // SECCOMP_RET_* with its data.
  [[nodiscard]] std::uint32_t answer(const seccomp_data& call) const;

 private:
  struct Instruction {
    std::uint16_t code;
    std::uint8_t jt;
    std::uint8_t jf;
    std::uint32_t k;
  };
  std::vector<Instruction> program_;
};

// The filter in the pseudo code that libseccomp has for people (seccomp_export_pfc(3)).
Result<std::string> pseudo_code(const nlohmann::json& filter);

// The architectures that the filter is for, as libseccomp's tokens: those it names, and the native
// one. Of names that libseccomp does not know, none.
std::vector<std::uint32_t> architectures_of(const nlohmann::json& filter);

// How strict an answer of Simulation is, on the scale of filter.h.
int strictness(std::uint32_t answer);

}  // namespace holdfast::seccomp
