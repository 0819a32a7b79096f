// See src/pch/library.h.
#include <CLI/CLI.hpp>

#include "src/pch/library.h"
