// SPDX-License-Identifier: Apache-2.0
#include "server/http/events_report.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "storage/base/check.h"

namespace itemized::server {

namespace pb = itemized::v1;

EventsReport::EventsReport(Respond respond, MemoryBudget::Charge memory)
    : respond_(std::move(respond)), memory_(std::move(memory)) {}

void EventsReport::Refuse(EventPlace place, pb::RefusalCode code, std::string message) {
  const MutexLock lock(mutex_);
  ++refused_;
  Tell(place, code, std::move(message));
}

// Keeps the first ones of the body, in whatever order the batches are settled.
void EventsReport::Tell(EventPlace place, pb::RefusalCode code, std::string message) {
  const uint64_t order = place.index.value_or(place.line);
  if (told_.size() >= kRefusalsTold && order >= told_.rbegin()->first) {
    return;
  }
  told_.emplace(order, Told{place, code, std::move(message)});
  if (told_.size() > kRefusalsTold) {
    told_.erase(std::prev(told_.end()));
  }
}

void EventsReport::Expect() {
  const MutexLock lock(mutex_);
  ++open_;
}

void EventsReport::Settle(const std::vector<EventPlace>& places,
                          const absl::StatusOr<pb::BatchResult>& result) {
  {
    const MutexLock lock(mutex_);
    if (result.ok()) {
      Add(places, *result);
    } else if (status_.ok()) {
      status_ = result.status();
    }
  }
  EndOne();
}

void EventsReport::FinishReading() {
  EndOne();
}

void EventsReport::EndOne() {
  HttpResponse response;
  {
    const MutexLock lock(mutex_);
    if (--open_ > 0) {
      return;
    }
    response = status_.ok() ? Answer() : HttpError(status_);
    memory_.Release();
  }
  respond_(std::move(response));
}

void EventsReport::Add(const std::vector<EventPlace>& places, const pb::BatchResult& result) {
  accepted_ += result.accepted();
  duplicate_ += result.duplicate();
  refused_ += result.refused();
  conflict_ += result.conflict();
  for (const pb::Refusal& refusal : result.refusals()) {
    CHECK(refusal.index() < places.size());
    Tell(places[refusal.index()], refusal.code(), refusal.message());
  }
}

HttpResponse EventsReport::Answer() {
  HttpResponse response;
  response.status = refused_ > 0 && accepted_ + duplicate_ == 0 ? 422 : 200;
  response.body =
      absl::StrCat("{\"accepted\":", accepted_, ",\"duplicate\":", duplicate_,
                   ",\"refused\":", refused_, ",\"conflict\":", conflict_, ",\"refusals\":[");
  const char* separator = "";
  for (const auto& [order, told] : told_) {
    absl::StrAppend(&response.body, std::exchange(separator, ","), "{\"line\":", told.place.line);
    if (told.place.index.has_value()) {
      absl::StrAppend(&response.body, ",\"index\":", *told.place.index);
    }
    absl::StrAppend(&response.body, ",\"code\":\"", text::EnumText(told.code),
                    "\",\"message\":", text::JsonString(told.message), "}");
  }
  absl::StrAppend(&response.body,
                  "],\"refusals_omitted\":", refused_ - static_cast<int64_t>(told_.size()), "}\n");
  return response;
}

}  // namespace itemized::server
