#include "schema_validator.h"

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <unordered_map>

#include "bounded_regex.h"

#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validation_visitor.hpp>

using Adapter = valijson::adapters::NlohmannJsonAdapter;
using Regexes = std::unordered_map<std::string, valijson::std::regex>;

struct schema_validator {
  valijson::Schema schema;
  /// Every pattern of the schema, so that validation only looks up and never inserts.
  Regexes regexes;
};

namespace {

char *copy(const std::string &text) {
  char *copy = static_cast<char *>(std::malloc(text.size() + 1));
  if (copy) std::memcpy(copy, text.c_str(), text.size() + 1);
  return copy;
}

void collectPatterns(const nlohmann::json &value, Regexes &regexes) {
  if (value.is_object()) {
    const auto pattern = value.find("pattern");
    if (pattern != value.end() && pattern->is_string()) {
      const auto text = pattern->get<std::string>();
      try {
        regexes.emplace(text, valijson::std::regex(text));
      } catch (const std::exception &) {
        // No keyword but data, such as an example: the caller has checked the keywords.
      }
    }
  }
  if (value.is_structured()) {
    for (const auto &element : value) collectPatterns(element, regexes);
  }
}

/// Turns valijson's "<root>", "[name]", "[0]" into a JSON pointer.
std::string pointer(const std::vector<std::string> &context) {
  std::string pointer;
  for (size_t i = 1; i < context.size(); ++i) {
    pointer += '/';
    const auto &step = context[i];
    const bool isBracketed = step.size() >= 2 && step.front() == '[' && step.back() == ']';
    const auto name = isBracketed ? step.substr(1, step.size() - 2) : step;
    for (const char character : name) {
      if (character == '~') {
        pointer += "~0";
      } else if (character == '/') {
        pointer += "~1";
      } else {
        pointer += character;
      }
    }
  }
  return pointer;
}

}  // namespace

extern "C" {

schema_validator *schema_validator_create(const char *schema, size_t length, char **error) {
  try {
    const auto json = nlohmann::json::parse(schema, schema + length);
    auto validator = std::make_unique<schema_validator>();
    valijson::SchemaParser parser(valijson::SchemaParser::kDraft7);
    parser.populateSchema(Adapter(json), validator->schema);
    collectPatterns(json, validator->regexes);
    return validator.release();
  } catch (const std::exception &exception) {
    *error = copy(exception.what());
  } catch (...) {
    *error = copy("the schema cannot be read");
  }
  return nullptr;
}

void schema_validator_destroy(schema_validator *validator) { delete validator; }

int schema_validator_validate(
    const schema_validator *validator, const char *document, size_t length,
    schema_violation_handler handler, void *context, char **error) {
  try {
    const auto json = nlohmann::json::parse(document, document + length);
    const Adapter target(json);
    const std::vector<std::string> root(1, "<root>");
    // The visitor's parameter is not const, but it inserts only patterns that are not there.
    auto &regexes = const_cast<Regexes &>(validator->regexes);
    using Visitor = valijson::ValidationVisitor<Adapter>;
    if (Visitor(target, root, true, nullptr, regexes).validateSchema(validator->schema)) return 1;
    valijson::ValidationResults results;
    Visitor(target, root, true, &results, regexes).validateSchema(validator->schema);
    for (const auto &violation : results) {
      const auto place = pointer(violation.context);
      handler(
          context, place.data(), place.size(), violation.description.data(),
          violation.description.size());
    }
    return 0;
  } catch (const std::exception &exception) {
    *error = copy(exception.what());
  } catch (...) {
    *error = copy("the document cannot be judged");
  }
  return -1;
}

int schema_validator_check_pattern(const char *pattern, size_t length, char **error) {
  try {
    const valijson::std::regex regex(std::string(pattern, length));
    return 1;
  } catch (const std::exception &exception) {
    *error = copy(exception.what());
  } catch (...) {
    *error = copy("the pattern cannot be compiled");
  }
  return 0;
}

void schema_validator_free_text(char *text) { std::free(text); }

}  // extern "C"
