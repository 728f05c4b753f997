// SPDX-License-Identifier: Apache-2.0
#include "server/convert/model_match.h"

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

absl::StatusOr<ModelMatch> ToCombination(const std::string& where, ModelMatch::Kind kind,
                                         const pb::ModelMatch::List& from) {
  ModelMatch match;
  match.kind = kind;
  for (const pb::ModelMatch& part : from.matches()) {
    ASSIGN_OR_RETURN(match.parts.emplace_back(), ToMatch(where, part));
  }
  return match;
}

ModelMatch ToLeaf(ModelMatch::Kind kind, const std::string& text) {
  ModelMatch match;
  match.kind = kind;
  match.text = text;
  return match;
}

}  // namespace

absl::StatusOr<ModelMatch> ToMatch(const std::string& where, const pb::ModelMatch& from) {
  using Kind = ModelMatch::Kind;
  switch (from.match_case()) {
    case pb::ModelMatch::kEquals:
      return ToLeaf(Kind::kEquals, from.equals());
    case pb::ModelMatch::kStartsWith:
      return ToLeaf(Kind::kStartsWith, from.starts_with());
    case pb::ModelMatch::kEndsWith:
      return ToLeaf(Kind::kEndsWith, from.ends_with());
    case pb::ModelMatch::kContains:
      return ToLeaf(Kind::kContains, from.contains());
    case pb::ModelMatch::kRegex:
      return ToLeaf(Kind::kRegex, from.regex());
    case pb::ModelMatch::kAnyOf:
      return ToCombination(where, Kind::kAnyOf, from.any_of());
    case pb::ModelMatch::kAllOf:
      return ToCombination(where, Kind::kAllOf, from.all_of());
    case pb::ModelMatch::MATCH_NOT_SET:
      break;
  }
  return absl::InvalidArgumentError(
      absl::StrCat("The field ", where, ".match is not set; say which models the rate is for."));
}

pb::ModelMatch FromMatch(const ModelMatch& from) {
  using Kind = ModelMatch::Kind;
  pb::ModelMatch match;
  switch (from.kind) {
    case Kind::kEquals:
      match.set_equals(from.text);
      break;
    case Kind::kStartsWith:
      match.set_starts_with(from.text);
      break;
    case Kind::kEndsWith:
      match.set_ends_with(from.text);
      break;
    case Kind::kContains:
      match.set_contains(from.text);
      break;
    case Kind::kRegex:
      match.set_regex(from.text);
      break;
    case Kind::kAnyOf:
    case Kind::kAllOf: {
      pb::ModelMatch::List* list =
          from.kind == Kind::kAnyOf ? match.mutable_any_of() : match.mutable_all_of();
      for (const ModelMatch& part : from.parts) {
        *list->add_matches() = FromMatch(part);
      }
    }
  }
  return match;
}

}  // namespace itemized::server
