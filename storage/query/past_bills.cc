// SPDX-License-Identifier: Apache-2.0
#include "storage/query/past_bills.h"

#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized {
namespace {

// A bill is kept for so long after a question. It takes memory, and holds up retention.
constexpr int64_t kKeptUs = 60 * kMicrosPerSecond;

absl::Status StopAtDamage(BlockRef, const absl::Status& damage) {
  return damage;
}

}  // namespace

// Applies the entries up to the first one that was recorded after the instant.
absl::Status PastBill::Apply(LogReplay* replay, const Cancellation* cancellation) {
  DatabaseOptions options;
  options.clock = &clock_;
  ASSIGN_OR_RETURN(state_, replay->NewStore(options));
  bool is_past = false;
  const auto take = [&](const Entry& entry) {
    RETURN_IF_ERROR(CheckNotCancelled(cancellation));
    is_past = entry.recorded_us > clock_.NowUs();
    return is_past ? absl::CancelledError() : state_->Apply(entry);
  };
  const absl::Status read = replay->Read(take, StopAtDamage);
  if (!is_past) {
    RETURN_IF_ERROR(read);
  }
  if (state_->views.folded().entry < replay->first() && replay->first() > 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("What was known at ", FormatTime(clock_.NowUs()),
                     " is no longer kept; ask for a later instant, or keep events for longer "
                     "(--retain-events)."));
  }
  return DropWhatIsGone(replay->first_hour());
}

// Blocks that were dropped since are missing here, too, and questions have to be told so.
absl::Status PastBill::DropWhatIsGone(Hour first_hour) {
  if (first_hour <= state_->blocks.first_hour()) {
    return absl::OkStatus();
  }
  Entry entry;
  entry.index = state_->views.folded().entry + 1;
  entry.events_first_hour = EventsFirstHour{.hour = first_hour, .is_dropping = false};
  entry.views_first_hour = first_hour;
  return state_->Apply(entry);
}

absl::StatusOr<std::shared_ptr<const PastBill>> PastBills::Get(int64_t at_us, int64_t now_us,
                                                               const Cancellation* cancellation) {
  if (at_us > now_us) {
    return absl::InvalidArgumentError(
        absl::StrCat("What will be known at ", FormatTime(at_us),
                     " cannot be said yet; give an instant that has passed."));
  }
  const MutexLock lock(mutex_);
  asked_at_us_ = now_us;
  if (kept_ != nullptr && kept_->clock_.NowUs() == at_us) {
    return kept_;
  }
  kept_ = nullptr;  // Two of them may not fit into memory.
  const std::unique_ptr<LogReplay> replay = begin_();
  std::shared_ptr<PastBill> bill(new PastBill(at_us));
  bill->pin_ = replay->pin();
  RETURN_IF_ERROR(bill->Apply(replay.get(), cancellation));
  bill->context_ = std::make_unique<QueryContext>(bill->state_.get());
  kept_ = bill;
  return kept_;
}

std::shared_ptr<const PastBill> PastBills::TakeIdle(int64_t now_us) {
  if (!mutex_.try_lock()) {
    return nullptr;  // A bill is being made.
  }
  std::shared_ptr<const PastBill> idle;
  if (kept_ != nullptr && now_us - asked_at_us_ > kKeptUs) {
    idle = std::exchange(kept_, nullptr);
  }
  mutex_.unlock();
  return idle;
}

void PastBills::DropIdle(int64_t now_us) {
  if (std::shared_ptr<const PastBill> idle = TakeIdle(now_us); idle != nullptr) {
    cleaner_.Wait();
    cleaner_.Start([idle = std::move(idle)]() mutable { idle.reset(); });
  }
}

}  // namespace itemized
