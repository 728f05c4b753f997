// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/container/node_hash_map.h"
#include "absl/types/span.h"

#include "storage/query/admitted_keys.h"
#include "storage/query/call_source.h"
#include "storage/query/endings_of_rows.h"
#include "storage/query/row_filter.h"
#include "storage/query/wasted_types.h"

namespace itemized {

// The calls of one key, and what of them was wasted.
struct WastedGroup {
  int64_t calls = 0;
  int64_t unpriced_calls = 0;
  Picos spend = 0;
  WastedByReason wasted{};

  void Merge(const WastedGroup& other);
};
// Groups stay where they are while others come.
using WastedGroups = absl::node_hash_map<std::string, WastedGroup>;

// A prompt has so many tokens at least, or another of as many may be so by chance.
inline constexpr int64_t kDuplicatePromptTokensMin = 100;
// How long after a call another one can be its retry, or repeat its prompt.
inline constexpr int64_t kRepeatWithinUs = kMicrosPerHour;

// Finds the wasted calls in what it is given of the log (LogScan::OpenWithMargins). How the run of
// a call ended is known from the start; whether the run tried the call again, or repeats a prompt,
// is seen from its other calls within the hour, which the margins are for. So the calls of a piece
// are remembered, some 60 bytes each, until all of them are there. Not thread-safe.
class WastedCalls : public FilteringWorker {
 public:
  // Made under the lock of the state, as are the filters. It is given what `scope` lets through,
  // which has all calls of a step or none of them, and counts what `filter` lets through besides:
  // whether a call was tried again may be told by one that is not counted. All outlive it.
  WastedCalls(const State& state, RowFilter scope, RowFilter filter, const RowKeys& keys,
              AdmittedKeys* admitted);

  // What it decodes beside what the filter and the keys need.
  static ColumnMask columns();

  void BeginPiece(TimeRange range) override;
  void Add(const Block& picked) override;
  void EndPiece() override;

  const WastedGroups& groups() const { return groups_; }

 private:
  // A call whose run has no ending that makes it wasted.
  struct Record {
    uint64_t run_and_step = 0;  // A hash of both.
    int64_t time_us = 0;
    uint64_t model = 0;  // The numbers of the provider and of the model.
    int64_t prompt_tokens = 0;
    int64_t cost_picos = 0;
    WastedGroup* group = nullptr;  // Null if the question is not about the call.
    int8_t weight = 0;
    bool failed = false;

    // Records of one call are equal but for their weights.
    auto Content() const { return std::tie(time_us, model, prompt_tokens, failed, cost_picos); }
    auto Prompt() const { return std::tie(model, prompt_tokens); }
  };

  // Where a record is, and by what it is sorted.
  struct Place {
    uint64_t run_and_step = 0;
    uint32_t record = 0;
    bool failed = false;
  };

  // Records by the first bits of their hash: a cache has room for the records of one part, which
  // are sorted and judged while they are there.
  static constexpr int kPartBits = 9;

  WastedGroup* GroupFor(const LogRow& row);
  std::optional<WasteReason> ReasonByRun(const Block& block, size_t row);
  void AddRow(const LogRow& row);
  void Remember(const LogRow& row, WastedGroup* group);
  void JudgePart(absl::Span<const Record> part);
  void Judge(absl::Span<const Record> part, absl::Span<const Place> of_run_and_step);
  void JudgeFailures();
  void JudgePrompts();
  static bool IsRetried(absl::Span<const Record> calls, size_t i);

  const State& state_;
  RowFilter filter_;
  const RowKeys& keys_;
  AdmittedKeys& admitted_;
  EndingsOfRows endings_;
  WastedGroups groups_;
  std::vector<WastedGroup*> by_number_;  // The group of each number of RowKeys; null if not known.
  TimeRange range_;                      // That of the piece.
  std::array<std::vector<Record>, size_t{1} << kPartBits> parts_;  // The records of the piece.
  // Scratch: the prompts of a block, the records of a part by run and step, the calls of one run
  // and step by time, and those of them whose prompts may be repeats.
  std::vector<int64_t> prompt_tokens_;
  std::vector<Place> order_;
  std::vector<Record> calls_;
  std::vector<const Record*> prompts_;
};

}  // namespace itemized
