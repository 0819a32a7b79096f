#include "src/profile/user.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "src/base/path.h"

namespace holdfast::profile {
namespace {

std::string home_of(uid_t user, const std::string& passwd_file) {
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(passwd_file.c_str(), "re"));
  // Not getpwuid(3): hook and shim are linked statically, and load no name service modules.
  while (const struct passwd* entry = file ? fgetpwent(file.get()) : nullptr) {
    if (entry->pw_uid == user) {
      return entry->pw_dir;
    }
  }
  return "";
}

}  // namespace

uid_t outer_user(const std::vector<base::IdRange>& map, uid_t uid) {
  for (const base::IdRange& range : map) {
    if (uid >= range.inside && uid - range.inside < range.count) {
      return static_cast<uid_t>(range.outside + (uid - range.inside));
    }
  }
  return uid;
}

uid_t own_user() {
  const auto map = base::mapped_users("/proc", "self");
  return outer_user(map.ok() ? map.value() : std::vector<base::IdRange>(), geteuid());
}

std::string user_profiles_directory(uid_t user, const std::string& passwd_file, const char* home) {
  if (user == 0) {
    return "";
  }
  std::string directory = home_of(user, passwd_file);
  if (directory.empty() && home != nullptr) {
    directory = home;
  }
  directory = base::clean_path(directory);
  return directory.size() <= 1 ? "" : directory + "/.config/holdfast/profiles.d";
}

std::string own_profiles_directory() {
  return user_profiles_directory(own_user(), "/etc/passwd", std::getenv("HOME"));
}

}  // namespace holdfast::profile
