// See src/pch/library.h.
#include <gtest/gtest.h>

#include "src/pch/library.h"
