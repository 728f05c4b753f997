// SPDX-License-Identifier: Apache-2.0
#include "proto/text/change.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"

#include "storage/base/money.h"
#include "storage/base/quoted.h"
#include "storage/base/status_macros.h"

namespace itemized::text {
namespace {

// Returns a decimal in its shortest form.
absl::StatusOr<std::string> Decimal(absl::string_view text, absl::string_view what) {
  const absl::StatusOr<Picos> value = ParseUsd(text);
  if (!value.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(what,
                                                   " must be a decimal number such as 0.61, "
                                                   "but is ",
                                                   Quoted(text), "."));
  }
  return FormatUsd(*value);
}

// Splits at the last "=" into a step and what it gets.
absl::StatusOr<std::pair<std::string, std::string>> Split(absl::string_view text,
                                                          absl::string_view wanted) {
  const size_t sign = text.rfind('=');
  if (sign == absl::string_view::npos || sign == 0 || sign + 1 == text.size()) {
    return absl::InvalidArgumentError(
        absl::StrCat("The change must be ", wanted, ", but is ", Quoted(text), "."));
  }
  return std::pair(std::string(text.substr(0, sign)), std::string(text.substr(sign + 1)));
}

using GateField = std::string* (*)(v1::Gate*);
constexpr std::pair<absl::string_view, GateField> kGateFields[] = {
    {"skip", [](v1::Gate* gate) { return gate->mutable_skip(); }},
    {"cost", [](v1::Gate* gate) { return gate->mutable_cost_usd(); }},
    {"setup", [](v1::Gate* gate) { return gate->mutable_setup_usd(); }},
};

// Returns the field that a part such as "skip=0.61" sets; null if it sets none.
GateField FieldOf(absl::string_view part) {
  for (const auto& [name, field] : kGateFields) {
    if (absl::StartsWith(part, absl::StrCat(name, "="))) {
      return field;
    }
  }
  return nullptr;
}

// Whether what follows a ":" belongs to the gate, and not to the name of the step.
bool IsOfGate(absl::string_view text) {
  const std::vector<absl::string_view> parts = absl::StrSplit(text, ',');
  return text.empty() || std::any_of(parts.begin(), parts.end(), [](absl::string_view part) {
           return FieldOf(part) != nullptr;
         });
}

absl::StatusOr<v1::StepChange> ParseModel(absl::string_view text) {
  v1::StepChange change;
  ASSIGN_OR_RETURN(auto split, Split(text, "STEP=MODEL, such as planning=claude-haiku-4-5"));
  change.set_step(std::move(split.first));
  change.mutable_model()->set_model(std::move(split.second));
  return change;
}

absl::StatusOr<v1::StepChange> ParseGate(absl::string_view text) {
  v1::StepChange change;
  v1::Gate& gate = *change.mutable_gate();
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos || !IsOfGate(text.substr(colon + 1))) {
    change.set_step(std::string(text));
    return change;
  }
  change.set_step(std::string(text.substr(0, colon)));
  for (const absl::string_view part :
       absl::StrSplit(text.substr(colon + 1), ',', absl::SkipEmpty())) {
    const GateField field = FieldOf(part);
    if (field == nullptr) {
      return absl::InvalidArgumentError(absl::StrCat(
          "A gate has skip=SHARE, cost=USD and setup=USD, but not ", Quoted(part), "."));
    }
    std::string& value = *field(&gate);
    if (!value.empty()) {
      return absl::InvalidArgumentError(absl::StrCat("The gate of ", Quoted(change.step()), " has ",
                                                     part.substr(0, part.find('=')),
                                                     " twice; give it once."));
    }
    ASSIGN_OR_RETURN(value,
                     Decimal(part.substr(part.find('=') + 1), part.substr(0, part.find('='))));
  }
  return change;
}

absl::StatusOr<v1::StepChange> ParseCap(absl::string_view text) {
  v1::StepChange change;
  ASSIGN_OR_RETURN(auto split, Split(text, "STEP=TOKENS, such as doc_synthesis=3200"));
  int64_t tokens = 0;
  if (!absl::SimpleAtoi(split.second, &tokens)) {
    return absl::InvalidArgumentError(
        absl::StrCat("The cap must be a whole number of tokens such as 3200, but is ",
                     Quoted(split.second), "."));
  }
  change.set_step(std::move(split.first));
  change.mutable_cap_input()->set_tokens(tokens);
  return change;
}

absl::StatusOr<v1::StepChange> ParseCache(absl::string_view text) {
  v1::StepChange change;
  ASSIGN_OR_RETURN(auto split, Split(text, "STEP=SHARE, such as research=0.8"));
  ASSIGN_OR_RETURN(*change.mutable_cache()->mutable_share(), Decimal(split.second, "The share"));
  change.set_step(std::move(split.first));
  return change;
}

absl::StatusOr<v1::StepChange> ParseBatch(absl::string_view text) {
  v1::StepChange change;
  change.set_step(std::string(text));
  change.mutable_batch();
  return change;
}

absl::StatusOr<v1::StepChange> ParseDrop(absl::string_view text) {
  v1::StepChange change;
  change.set_step(std::string(text));
  change.mutable_drop();
  return change;
}

struct Kind {
  const char* name;
  absl::StatusOr<v1::StepChange> (*parse)(absl::string_view text);
};

constexpr Kind kKinds[] = {{"model", ParseModel}, {"gate", ParseGate},   {"cap-input", ParseCap},
                           {"cache", ParseCache}, {"batch", ParseBatch}, {"drop", ParseDrop}};

std::string GateText(const std::string& step, v1::Gate gate) {
  std::vector<std::string> parts;
  for (const auto& [name, field] : kGateFields) {
    if (const std::string& value = *field(&gate); !value.empty()) {
      parts.push_back(absl::StrCat(name, "=", value));
    }
  }
  const size_t colon = step.rfind(':');
  const bool is_mistakable = colon != std::string::npos && IsOfGate(step.substr(colon + 1));
  return absl::StrCat(step, parts.empty() && !is_mistakable ? "" : ":", absl::StrJoin(parts, ","));
}

}  // namespace

const std::vector<std::string>& ChangeKinds() {
  static const auto& kinds = *new std::vector<std::string>([] {
    std::vector<std::string> names;
    for (const Kind& kind : kKinds) {
      names.emplace_back(kind.name);
    }
    return names;
  }());
  return kinds;
}

absl::StatusOr<v1::StepChange> ParseChange(absl::string_view kind, absl::string_view text) {
  for (const Kind& known : kKinds) {
    if (known.name != kind) {
      continue;
    }
    ASSIGN_OR_RETURN(v1::StepChange change, known.parse(text));
    if (change.step().empty()) {
      return absl::InvalidArgumentError(absl::StrCat("The change ",
                                                     Quoted(absl::StrCat(kind, ":", text)),
                                                     " names no step; say which one it is about."));
    }
    return change;
  }
  return absl::InvalidArgumentError(absl::StrCat(
      "A change is one of ", absl::StrJoin(ChangeKinds(), ", "), ", but not ", Quoted(kind), "."));
}

absl::StatusOr<v1::StepChange> ParseChange(absl::string_view text) {
  const size_t colon = text.find(':');
  if (colon == absl::string_view::npos) {
    return absl::InvalidArgumentError(absl::StrCat(
        "A change must begin with its kind (", absl::StrJoin(ChangeKinds(), ", "),
        ") and a colon, as in model:planning=claude-haiku-4-5, but is ", Quoted(text), "."));
  }
  return ParseChange(text.substr(0, colon), text.substr(colon + 1));
}

std::string ChangeText(const v1::StepChange& change) {
  switch (change.change_case()) {
    case v1::StepChange::kModel:
      return absl::StrCat("--model ", change.step(), "=", change.model().provider(),
                          change.model().provider().empty() ? "" : "/", change.model().model());
    case v1::StepChange::kGate:
      return absl::StrCat("--gate ", GateText(change.step(), change.gate()));
    case v1::StepChange::kCapInput:
      return absl::StrCat("--cap-input ", change.step(), "=", change.cap_input().tokens());
    case v1::StepChange::kCache:
      return absl::StrCat("--cache ", change.step(), "=", change.cache().share());
    case v1::StepChange::kBatch:
      return absl::StrCat("--batch ", change.step());
    case v1::StepChange::kDrop:
      return absl::StrCat("--drop ", change.step());
    case v1::StepChange::CHANGE_NOT_SET:
      break;
  }
  return "";
}

}  // namespace itemized::text
