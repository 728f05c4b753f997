// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/rate_lookups.h"

#include <utility>

#include "storage/base/bytes.h"

namespace itemized {
namespace {

constexpr size_t kFoundMax = 20'000;  // Names of models are the senders' choice.

}  // namespace

NamesOfCall NamesOf(absl::string_view provider, absl::string_view model, const ServedAs& served) {
  std::string contracts;
  for (const auto& [key, value] : served.contracts) {
    AppendSized(&contracts, key);
    AppendSized(&contracts, value);
  }
  return {std::string(provider), std::string(model), std::string(served.service_tier),
          std::string(served.region), std::move(contracts)};
}

void RateLookups::SetBook(std::shared_ptr<const RateBook> book) {
  const MutexLock lock(mutex_);
  book_ = std::move(book);
  found_.clear();
}

std::shared_ptr<const RateBook> RateLookups::book() const {
  const MutexLock lock(mutex_);
  return book_;
}

// Searches the book without the lock, since that takes long.
RateLookups::SchedulePtr RateLookups::Find(absl::string_view provider, absl::string_view model,
                                           const ServedAs& served) {
  NamesOfCall names = NamesOf(provider, model, served);
  std::shared_ptr<const RateBook> book;
  {
    const MutexLock lock(mutex_);
    const auto known = found_.find(names);
    if (known != found_.end()) {
      return known->second;
    }
    book = book_;
  }
  auto found = std::make_shared<Found>();
  found->schedule = book->Find(provider, model, served);
  found->book = book;
  SchedulePtr schedule(found, &found->schedule);
  const MutexLock lock(mutex_);
  if (book == book_) {  // If another book came into force meanwhile, the schedule is not kept.
    if (found_.size() >= kFoundMax) {
      found_.clear();
    }
    found_.emplace(std::move(names), schedule);
  }
  return schedule;
}

}  // namespace itemized
