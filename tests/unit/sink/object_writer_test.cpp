#include "src/sink/object_writer.h"

#include <gtest/gtest.h>

#include <string>

#include <nlohmann/json.hpp>

namespace holdfast::sink {
namespace {

using nlohmann::json;

template <typename T>
std::string text_of(const T& value) {
  Text text;
  append_json(text, value);
  return fmt::to_string(text);
}

TEST(ObjectWriter, EveryByteInEveryPlaceIsAsTheLibraryWritesIt) {
  for (int byte = 0; byte < 256; ++byte) {
    for (std::size_t place = 0; place < 18; ++place) {
      std::string text(18, 'x');
      text[place] = static_cast<char>(byte);
      const std::string expected = json(text).dump(-1, ' ', false, json::error_handler_t::replace);
      ASSERT_EQ(text_of(text), expected) << byte << " at " << place;
      ASSERT_EQ(
          text_of(text.substr(0, place + 1)),
          json(text.substr(0, place + 1)).dump(-1, ' ', false, json::error_handler_t::replace));
    }
  }
  EXPECT_EQ(text_of(std::string()), "\"\"");
  EXPECT_EQ(text_of("é\n"), "\"é\\n\"");
}

TEST(ObjectWriter, WritesWhatIsThere) {
  Text text;
  {
    ObjectWriter object(text);
    object.set("zero", 0);
    object.put("nothing", 0);
    object.put("no", false);
    object.put("yes", true);
    object.put("empty", std::string());
    object.put("text", std::string("a\"b"));
    object.set("large", ~std::uint64_t{0});
    object.set("negative", -5);
    object.set("word", "w");
    object.set("list", std::vector<std::string>{});
    object.put("words", std::vector<std::string>{"a", "b"});
    object.set("map", std::map<std::string, std::string>{{"k", "v"}, {"l", "w"}});
    object.put("no map", std::map<std::string, std::string>{});
    object.set_word("no word", "");
    object.put_word("nor this", "");
    object.put_word("our word", "ours");
    ObjectWriter inner(object.key("inner"));
  }
  EXPECT_EQ(json::parse(fmt::to_string(text)),
            json::parse(R"({"zero":0,"yes":true,"text":"a\"b","large":18446744073709551615,
                            "negative":-5,"word":"w","list":[],"words":["a","b"],
                            "map":{"k":"v","l":"w"},"no word":"","our word":"ours","inner":{}})"));
}

TEST(ObjectWriter, AnEmptyObjectIsOne) {
  Text text;
  { const ObjectWriter object(text); }
  EXPECT_EQ(fmt::to_string(text), "{}");
}

}  // namespace
}  // namespace holdfast::sink
