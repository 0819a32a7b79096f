#include "src/profile/schema.h"

#include <exception>

#include <fmt/core.h>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "schema_text.h"

namespace holdfast::profile {
namespace {

using Adapter = valijson::adapters::NlohmannJsonAdapter;

// valijson tells a place as "<root>", "[rootfs]", "[writable]", "[0]".
std::string pointer_of(const std::vector<std::string>& context) {
  std::string pointer;
  for (const std::string& step : context) {
    if (step.size() > 2 && step.front() == '[') {
      pointer += "/" + step.substr(1, step.size() - 2);
    }
  }
  return pointer.empty() ? "/" : pointer;
}

std::vector<Error> collect(valijson::ValidationResults& results, const std::string& what) {
  std::vector<Error> problems;
  valijson::ValidationResults::Error problem;
  while (results.popError(problem)) {
    problems.push_back(fail(fmt::format("{}: {}: does not fit the schema: {}", what,
                                        pointer_of(problem.context), problem.description)));
  }
  return problems;
}

}  // namespace

std::string_view profile_schema() { return kProfileSchemaText; }
std::string_view config_schema() { return kConfigSchemaText; }

std::vector<Error> check_schema(std::string_view schema_text, const nlohmann::json& document,
                                const std::string& what) {
  try {
    const nlohmann::json schema_document = nlohmann::json::parse(schema_text);
    valijson::Schema schema;
    valijson::SchemaParser(valijson::SchemaParser::kDraft7)
        .populateSchema(Adapter(schema_document), schema);
    valijson::ValidationResults results;
    valijson::Validator validator;
    if (validator.validate(schema, Adapter(document), &results)) {
      return {};
    }
    return collect(results, what);
  } catch (const std::exception& problem) {
    return {
        fail(fmt::format("{}: cannot be checked against the schema: {}", what, problem.what()))};
  }
}

}  // namespace holdfast::profile
