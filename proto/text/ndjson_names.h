// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names that an event's fields and their values have in JSON.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/event.pb.h"
#include "proto/text/json_fields.h"

namespace itemized::text {

// A value and how it is written.
template <typename Enum>
struct Name {
  absl::string_view text;
  Enum value;
};

// The texts of all, for a sentence.
template <typename Names>
std::string List(const Names& names) {
  return absl::StrJoin(names, ", ",
                       [](std::string* out, const auto& name) { absl::StrAppend(out, name.text); });
}

// A string that is one of `names`.
template <typename Enum, size_t N>
Fault ReadEnum(simdjson::ondemand::value& value, absl::string_view path,
               const std::array<Name<Enum>, N>& names, Enum& result) {
  absl::string_view text;
  RETURN_IF_FAULT(ReadView(value, path, text));
  for (const Name<Enum>& name : names) {
    if (name.text == text) {
      result = name.value;
      return std::nullopt;
    }
  }
  return Refuse(pb::REFUSAL_CODE_INVALID_ENUM,
                absl::StrCat("\"", path, "\" must be one of ", List(names), ", but is \"",
                             Excerpt(text), "\"."));
}

constexpr uint32_t Bit(size_t field) {
  return uint32_t{1} << field;
}

inline Fault Twice(absl::string_view path) {
  return Malformed(absl::StrCat("\"", path, "\" is given twice: give it once."));
}

// The index of `key` in `names`, marked in `seen`.
template <typename Names>
Fault FindField(const Names& names, absl::string_view owner, absl::string_view key, uint32_t& seen,
                size_t& index) {
  const auto found = std::find_if(names.begin(), names.end(),
                                  [key](const auto& name) { return name.text == key; });
  const std::string path = owner.empty() ? Excerpt(key) : absl::StrCat(owner, ".", Excerpt(key));
  if (found == names.end()) {
    return Malformed(absl::StrCat("Unknown field \"", path, "\": the fields",
                                  owner.empty() ? "" : " of ", owner, " are ", List(names), "."));
  }
  index = static_cast<size_t>(found - names.begin());
  if ((seen & Bit(index)) != 0) {
    return Twice(path);
  }
  seen |= Bit(index);
  return std::nullopt;
}

// The `usage` of a call, which stays absent where nothing of it is known.
Fault ReadUsage(simdjson::ondemand::value& value, pb::Call& call);

// The `usage_reported` of a call, which is carried over as it stands; the server reads it.
Fault ReadUsageReported(simdjson::ondemand::value& value, pb::Call& call);

// The `usage_unknown` of a call.
Fault ReadUsageUnknown(simdjson::ondemand::value& value, pb::Call& call);

}  // namespace itemized::text
