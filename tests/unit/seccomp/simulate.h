// What a filter of config.json would answer: built by libseccomp as a runtime builds it, and run by
// the small machine that the kernel has for it (classic BPF, seccomp(2)).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace holdfast::seccomp {

class Simulation {
 public:
  // Fails the test (gtest) when libseccomp refuses the filter.
  explicit Simulation(const nlohmann::json& filter);

  // SECCOMP_RET_* with its data, for a call of the native architecture.
  [[nodiscard]] std::uint32_t answer(const std::string& syscall, std::uint64_t arg0 = 0) const;

 private:
  struct Instruction {
    std::uint16_t code;
    std::uint8_t jt;
    std::uint8_t jf;
    std::uint32_t k;
  };
  std::vector<Instruction> program_;
};

}  // namespace holdfast::seccomp
