// SPDX-License-Identifier: Apache-2.0
#include "storage/usage_shapes/envelope.h"

#include <algorithm>
#include <utility>

#include "storage/usage_shapes/table_json.h"

namespace itemized {
namespace {

// The names of the fields in the table, in the order of ContextField.
constexpr std::array<const char*, kContextFieldCount> kFieldNames = {
    "id", "model", "group", "provider", "service_tier", "region", "reported_cost"};

std::vector<Rule> RulesOf(std::optional<JsonElement> list) {
  std::vector<Rule> rules;
  VisitItems(list, [&](JsonElement rule) { rules.emplace_back(rule); });
  return rules;
}

JsonElement Required(JsonElement source, const char* name) {
  const std::optional<JsonElement> member = Member(source, name);
  CHECK(member.has_value());
  return *member;
}

Envelope::Beside ToBeside(const std::string& path, JsonElement source) {
  Envelope::Beside beside{.path = path, .place = {}, .where = std::nullopt};
  const std::string at = TextAt(source, "at");
  beside.place = ToJsonPath(at.empty() ? TextAt(source, "in") : at);
  if (const auto where = Member(source, "where")) {
    beside.where.emplace(*where);
  }
  return beside;
}

}  // namespace

Envelope::Envelope(JsonElement source, JsonElement context)
    : when_(Required(source, "when")),
      usage_(PathsAt(source, "usage")),
      fields_(TextsAt(source, "fields")),
      is_bare_(IsTrueAt(source, "whole")),
      begins_(IsTrueAt(source, "begins")),
      totals_(IsTrueAt(source, "totals")) {
  if (const std::string body = TextAt(source, "body"); !body.empty()) {
    body_ = ToJsonPath(body);
  }
  VisitFields(Member(source, "beside"), [this](const std::string& path, JsonElement rule) {
    beside_.push_back(ToBeside(path, rule));
  });
  for (size_t f = 0; f < kContextFieldCount; ++f) {
    const std::optional<JsonElement> own = Member(source, kFieldNames[f]);
    const std::optional<JsonElement> usual =
        has_usage() ? std::optional(Required(context, kFieldNames[f])) : std::nullopt;
    rules_[f] = RulesOf(own.has_value() ? own : usual);
  }
}

std::optional<JsonElement> Envelope::UsageOf(std::optional<JsonElement> body) const {
  if (is_bare_) {
    return body;
  }
  if (is_of_fields()) {
    const bool has_any = std::any_of(fields_.begin(), fields_.end(), [&](const std::string& name) {
      return Look(body, {name}).has_value();
    });
    return has_any ? body : std::nullopt;
  }
  for (const JsonPath& path : usage_) {
    if (const std::optional<JsonElement> usage = Look(body, path)) {
      return usage;
    }
  }
  return std::nullopt;
}

}  // namespace itemized
