// What is left to do after a change: holdfast restarts no engine.
#pragma once

#include <string>
#include <vector>

#include "src/engine/engine.h"

namespace holdfast::engine {

// Sentences: how the engine gets to know, and how to try it.
std::vector<std::string> after_install(Engine engine, const Options& options, const Owner& owner);
std::vector<std::string> after_uninstall(Engine engine, const Owner& owner);

}  // namespace holdfast::engine
