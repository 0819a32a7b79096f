#include <sys/stat.h>

#include <array>
#include <climits>
#include <cstdlib>
#include <string>

#include "src/profile/admit.h"

namespace holdfast::profile {
namespace {

std::string real_path(const std::string& path) {
  std::array<char, PATH_MAX> real{};
  return realpath(path.c_str(), real.data()) == nullptr ? path : std::string(real.data());
}

bool is_socket(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISSOCK(file.st_mode);
}

// OCI's names for namespaces, but for these, are the kernel's (namespaces(7)).
std::string kernel_name(const std::string& type) {
  return type == "network" ? "net" : type == "mount" ? "mnt" : type;
}

bool is_own_namespace(const std::string& type, const std::string& path) {
  struct stat own {};
  struct stat given {};
  return stat(("/proc/self/ns/" + kernel_name(type)).c_str(), &own) == 0 &&
         stat(path.c_str(), &given) == 0 && own.st_dev == given.st_dev &&
         own.st_ino == given.st_ino;
}

}  // namespace

Host this_host() { return {real_path, is_socket, is_own_namespace}; }

}  // namespace holdfast::profile
