// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads the columns of a batch row by row, and checks every value.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"

#include "storage/catalog/catalog.h"
#include "storage/model/event_batch.h"

namespace itemized {

// Key and value of an attribute, as places in the dictionary of the batch.
using AttributeView = std::pair<uint32_t, uint32_t>;

// One row, with its names as places in the dictionary of the batch. Its usage stays in the columns,
// which need no copy, since one thread fills these views and another reads them.
struct CallView {
  absl::string_view event_id;
  int64_t time_us = 0;
  int64_t duration_us = 0;
  std::array<uint32_t, kNameKindCount> names{};  // The place of the name of each NameKind.
  uint32_t workflow_id = 0;
  uint32_t row = 0;
  // Where the attributes lie in the reader's list. They are sorted by key, and each key is there
  // once.
  uint32_t attributes_begin = 0;
  uint32_t attributes_end = 0;
  uint32_t revision = 0;
  int64_t reported_cost = 0;  // Pico-dollars plus one; 0 if none was reported.
  CallStatus status = CallStatus::kOk;
  bool usage_missing = false;
  bool usage_unknown = false;  // Only where it is missing.

  uint32_t NameOf(NameKind kind) const { return names[static_cast<size_t>(kind)]; }
};

// Reads one batch and points into it. Not thread-safe.
class BatchReader {
 public:
  // Stands for the empty string, which a column that is not there has in every row.
  static constexpr uint32_t kEmptyName = UINT32_MAX;

  // Refuses events after `latest_us`. Appends the attributes of rows to `*attributes`. Owns none of
  // its arguments.
  BatchReader(const CallColumns& columns, int64_t latest_us,
              std::vector<AttributeView>* attributes);

  // Why no row can be read, if the columns do not fit together.
  const std::optional<Refusal>& malformed() const { return malformed_; }

  // Moves `*call` to the next row, or says why that row is refused.
  std::optional<Refusal> Next(CallView* call);

  absl::string_view Text(uint32_t name) const {
    return name == kEmptyName ? absl::string_view() : columns_.strings[name];
  }
  // The usage classes that have a column.
  const std::vector<size_t>& usage_classes() const { return usage_classes_; }

 private:
  std::optional<Refusal> CheckShape() const;
  std::optional<Refusal> ReadNames(CallView* call);
  bool NumbersAreGood() const;
  void ReadNumbers(CallView* call) const;
  std::optional<Refusal> CheckId(const CallView& call) const;
  std::optional<Refusal> CheckRevision(const CallView& call) const;
  std::optional<Refusal> CheckNumbers(const CallView& call) const;
  std::optional<Refusal> CheckUsage(const CallView& call) const;
  std::optional<Refusal> CheckReasoning() const;
  std::optional<Refusal> ReadAttributes(CallView* call);
  std::optional<Refusal> CheckName(const char* field, uint32_t name, bool required);
  bool IsGood(uint32_t name) const { return name < good_.size() && good_[name] != 0; }
  Refusal Refuse(RefusalCode code, std::string message) const;

  const CallColumns& columns_;
  const int64_t latest_us_;
  std::vector<AttributeView>& attributes_;
  std::optional<Refusal> malformed_;
  std::vector<char> good_;             // Whether each string was checked, and is not empty.
  std::vector<size_t> usage_classes_;  // The classes that have a column.
  // Whether the numbers and ids of all rows are good, so that no row need be checked for them.
  bool numbers_are_good_ = false;
  bool ids_are_good_ = false;
  size_t row_ = 0;
  size_t event_id_begin_ = 0;
  size_t attribute_begin_ = 0;
};

}  // namespace itemized
