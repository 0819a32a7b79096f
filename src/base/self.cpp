#include "src/base/self.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace holdfast::base {
namespace {

bool belongs_to_us(const std::string& path) {
  struct stat self {};
  struct stat file {};
  return stat("/proc/self/exe", &self) == 0 && stat(path.c_str(), &file) == 0 &&
         S_ISREG(file.st_mode) && file.st_uid == self.st_uid && (file.st_mode & S_IWOTH) == 0 &&
         access(path.c_str(), X_OK) == 0;
}

}  // namespace

std::string own_folder() {
  std::array<char, PATH_MAX> buffer{};
  const ssize_t length = readlink("/proc/self/exe", buffer.data(), buffer.size());
  const std::string self(buffer.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
  const std::size_t slash = self.rfind('/');
  return slash == std::string::npos ? "" : self.substr(0, slash);
}

std::string find_program(const std::string& installed, const std::string& beside) {
  const std::string folder = own_folder();
  const std::string built = folder + "/" + beside;
  if (!folder.empty() && belongs_to_us(built)) {
    std::array<char, PATH_MAX> real{};
    return realpath(built.c_str(), real.data()) != nullptr ? real.data() : built;
  }
  return access(installed.c_str(), X_OK) == 0 ? installed : "";
}

}  // namespace holdfast::base
