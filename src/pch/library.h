// What most files include and no commit of ours changes: read once for each library that names it
// (cpp_pch; -Db_pch=false builds without). A file includes what it uses all the same.
#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
