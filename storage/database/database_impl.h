// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a Database is made of. For the files of this folder alone.

#include <memory>
#include <optional>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/database/database.h"
#include "storage/ingest/committer.h"
#include "storage/query/past_bills.h"
#include "storage/query/query_context.h"
#include "storage/store/log_replay.h"
#include "storage/store/state.h"

namespace itemized {

class Database::Impl {
 public:
  Impl(std::unique_ptr<State> state, const DatabaseOptions& options)
      : state_(std::move(state)),
        context_(state_.get()),
        past_([this] { return BeginReplay(); }),
        committer_(state_.get(), options, [this] { past_.DropIdle(state_->clock->NowUs()); }) {}

  const State& state() const { return *state_; }

  // Asks `question` of the bill as it was known at that instant, or as it is if there is none.
  template <typename Answerer, typename Question>
  auto Ask(Answerer answer, const Question& question, std::optional<int64_t> as_known_at_us,
           const Cancellation* cancellation)
      -> decltype(answer(std::declval<QueryContext&>(), question, cancellation)) {
    if (!as_known_at_us.has_value()) {
      return answer(context_, question, cancellation);
    }
    ASSIGN_OR_RETURN(const std::shared_ptr<const PastBill> past,
                     past_.Get(*as_known_at_us, state_->trusted.NowUs(), cancellation));
    return answer(past->context(), question, cancellation);
  }
  Committer& committer() { return committer_; }
  NewOutliers& new_outliers() { return context_.new_outliers; }

  // Runs `function` on the committer's thread and returns its result.
  template <typename Function>
  auto RunThere(Function function) {
    std::optional<decltype(function(*state_))> result;
    committer_.Execute([&](State& state) { result = function(state); });
    return *std::move(result);
  }

 private:
  std::unique_ptr<LogReplay> BeginReplay() {
    return RunThere([](const State& state) { return std::make_unique<LogReplay>(state); });
  }

  std::unique_ptr<State> state_;
  QueryContext context_;
  PastBills past_;
  Committer committer_;
};

}  // namespace itemized
