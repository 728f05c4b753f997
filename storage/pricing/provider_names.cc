// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/provider_names.h"

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

namespace itemized {
namespace {

bool Matches(absl::string_view pattern, absl::string_view text) {
  return absl::ConsumeSuffix(&pattern, "*") ? absl::StartsWith(text, pattern) : text == pattern;
}

// Names of providers in lower case, without those that end in *.
using ProvidersByName = absl::flat_hash_map<absl::string_view, const ProviderRow*>;

const ProvidersByName& Providers() {
  static const auto* const kByName = [] {
    auto* by_name = new ProvidersByName;
    for (const ProviderRow& row : kProviderRows) {
      by_name->emplace(row.name, &row);
      for (const absl::string_view synonym : absl::StrSplit(row.synonyms, ' ')) {
        by_name->emplace(synonym, &row);
      }
    }
    by_name->erase("");
    return by_name;
  }();
  return *kByName;
}

// Returns the first row of which the field has a pattern that `text` matches.
const ProviderRow* FindByPattern(absl::string_view ProviderRow::*field, absl::string_view text) {
  for (const ProviderRow& row : kProviderRows) {
    for (const absl::string_view pattern : absl::StrSplit(row.*field, ' ', absl::SkipEmpty())) {
      if (Matches(pattern, text)) {
        return &row;
      }
    }
  }
  return nullptr;
}

}  // namespace

const ProviderRow* FindProvider(absl::string_view name) {
  const std::string lower = absl::AsciiStrToLower(name);
  if (const auto found = Providers().find(lower); found != Providers().end()) {
    return found->second;
  }
  return FindByPattern(&ProviderRow::synonyms, lower);
}

std::string CanonicalProvider(absl::string_view name) {
  if (const ProviderRow* row = FindProvider(name)) {
    return std::string(row->name);
  }
  std::string lower = absl::AsciiStrToLower(name);
  for (const absl::string_view gateway : absl::StrSplit(kGatewayNames, ' ')) {
    if (gateway == lower) {
      return "";
    }
  }
  return lower;
}

bool IsSameProvider(absl::string_view a, absl::string_view b) {
  if (a == b) {
    return true;
  }
  const std::string canonical = CanonicalProvider(a);
  return !canonical.empty() && canonical == CanonicalProvider(b);
}

const ProviderRow* ProviderOfModel(absl::string_view model) {
  return FindByPattern(&ProviderRow::models, absl::AsciiStrToLower(model));
}

}  // namespace itemized
