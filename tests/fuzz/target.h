// What the fuzz targets share. A target reads one input as strangers write it and holds the product
// to what must be true of every input; a broken promise ends the process, which is the finding.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "src/base/result.h"
#include "src/oci/spec.h"
#include "src/profile/compile.h"
#include "src/profile/load.h"

namespace holdfast::fuzz {

// Runs one input. The error is the sentence that its author would read. Each target defines it.
Status judge(std::string_view bytes);

// Ends the process, saying `promise`, unless it `holds`.
void require(bool holds, std::string_view promise);

// judge(), and what every error must be: a sentence of one line that fits a terminal and a log. (No
// input's size is the size of what is said about it.)
Status judge_and_check(std::string_view bytes);

// Profiles in memory, by path; all lie in the directory kDirectory.
inline constexpr const char* kDirectory = "/p";
using Files = std::map<std::string, std::string>;
// `files` must outlive the source.
profile::Source source_of(const Files& files);
const Files& shipped_profiles();

// What docker writes, with its seccomp filter.
const oci::Spec& ordinary_spec();

// Compiles for a kernel that can refuse and for one that cannot. Promised: what comes out can be
// registered with the monitor and is there what it was here.
Status compile_both(const profile::Profile& profile, const oci::Spec& spec);

}  // namespace holdfast::fuzz

// libFuzzer's entry; each target defines it (llvm.org/docs/LibFuzzer.html, "Fuzz Target").
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
