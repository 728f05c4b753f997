#pragma once

// Calls rolled up by series and day: the view behind rankings and series.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "storage/base/time.h"
#include "storage/catalog/catalog.h"
#include "storage/kv/kv.h"
#include "storage/log/block.h"
#include "storage/sketch/histogram.h"
#include "storage/views/call_sums.h"

namespace itemized {

// The calls of one series in one UTC day.
struct DayRollup {
  CallSums sums;
  // Costs of priced calls, in two parts: those that count in the step's
  // baseline, and those flagged against a learned median.
  Histogram baseline_cost;
  Histogram flagged_cost;
  Histogram duration;  // Microseconds, of all calls.
  // By rising hour of the day, hours without calls left out.
  std::vector<std::pair<uint8_t, CallSums>> hours;

  bool operator==(const DayRollup&) const = default;

  void EncodeTo(std::string* out) const;
  bool DecodeFrom(absl::string_view* in);
};

// True if a row's cost counts in the baseline of its step.
bool CountsInBaseline(const CallRows& calls, size_t row);

// Not thread-safe: the engine guards it with the lock of the views.
class CallRollups {
 public:
  using Days = std::map<Day, DayRollup>;

  // Folds a block in. Blocks may come in any order; the result is the same.
  void Fold(const Block& block);

  // Of all series: what the guard against overflow looks at.
  const CallSums& total() const { return total_; }

  size_t series_count() const { return series_.size(); }
  // The days of a series, by rising day; a day stays when all its calls are retracted.
  const Days& DaysOf(SeriesId series) const;

  // Adds the rows changed since the last call to `batch`, as absolute values.
  void Checkpoint(const Catalog& catalog, KvBatch* batch);
  absl::Status Load(const Kv& kv);

 private:
  struct Series {
    Days days;
    std::vector<Day> dirty;
    Day last_day = 0;            // Of `last`: most calls follow one of the same day.
    DayRollup* last = nullptr;
    bool last_dirty = false;     // last_day is in `dirty`.
  };
  DayRollup& Touch(SeriesId series, Day day);

  std::vector<Series> series_;  // By SeriesId.
  std::vector<SeriesId> dirty_series_;
  CallSums total_;
};

}  // namespace itemized
