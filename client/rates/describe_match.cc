// SPDX-License-Identifier: Apache-2.0
#include "client/rates/describe_match.h"

namespace itemized::client {
namespace {

ModelMatch Leaf(ModelMatch::Kind kind, const std::string& text) {
  ModelMatch match;
  match.kind = kind;
  match.text = text;
  return match;
}

ModelMatch Combination(ModelMatch::Kind kind, const v1::ModelMatch::List& list) {
  ModelMatch match;
  match.kind = kind;
  for (const v1::ModelMatch& part : list.matches()) {
    match.parts.push_back(ToModelMatch(part));
  }
  return match;
}

}  // namespace

ModelMatch ToModelMatch(const v1::ModelMatch& match) {
  switch (match.match_case()) {
    case v1::ModelMatch::kEquals:
      return ModelMatch::Equals(match.equals());
    case v1::ModelMatch::kStartsWith:
      return Leaf(ModelMatch::Kind::kStartsWith, match.starts_with());
    case v1::ModelMatch::kEndsWith:
      return Leaf(ModelMatch::Kind::kEndsWith, match.ends_with());
    case v1::ModelMatch::kContains:
      return Leaf(ModelMatch::Kind::kContains, match.contains());
    case v1::ModelMatch::kRegex:
      return Leaf(ModelMatch::Kind::kRegex, match.regex());
    case v1::ModelMatch::kAnyOf:
      return Combination(ModelMatch::Kind::kAnyOf, match.any_of());
    case v1::ModelMatch::kAllOf:
      return Combination(ModelMatch::Kind::kAllOf, match.all_of());
    case v1::ModelMatch::MATCH_NOT_SET:
      break;
  }
  return ModelMatch::Equals("");
}

std::string DescribeMatch(const v1::ModelMatch& match) {
  return match.regex() == kAnyModelRegex ? "*" : ToModelMatch(match).ToString();
}

}  // namespace itemized::client
