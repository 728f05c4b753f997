// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"

#include "storage/base/mutex.h"
#include "storage/pricing/rate_book.h"

namespace itemized {

// What decides the rates of a call but for its time: provider, model, service tier, region, and the
// contracts together.
using NamesOfCall = std::array<std::string, 5>;
NamesOfCall NamesOf(absl::string_view provider, absl::string_view model, const ServedAs& served);

// The rate book in force, and a cache of which of its rates hold for calls of some names. Whoever
// checks a batch looks its names up first, so that the committer's thread finds them here and never
// searches. Thread-safe.
class RateLookups {
 public:
  // A schedule that keeps its book alive.
  using SchedulePtr = std::shared_ptr<const RateBook::Schedule>;

  // Puts `book` in force. Schedules that were handed out stay as they are.
  void SetBook(std::shared_ptr<const RateBook> book);
  std::shared_ptr<const RateBook> book() const;
  bool has_patterns() const { return book()->has_patterns(); }

  SchedulePtr Find(absl::string_view provider, absl::string_view model, const ServedAs& served);

 private:
  struct Found {
    std::shared_ptr<const RateBook> book;
    RateBook::Schedule schedule;
  };

  mutable Mutex mutex_;
  std::shared_ptr<const RateBook> book_ ABSL_GUARDED_BY(mutex_) =
      std::make_shared<const RateBook>();
  absl::flat_hash_map<NamesOfCall, SchedulePtr> found_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace itemized
