// SPDX-License-Identifier: Apache-2.0
#include "server/convert/repricing.h"

#include <algorithm>
#include <cstdint>
#include <map>

#include "absl/strings/str_cat.h"

#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/model/limits.h"

namespace itemized::server {
namespace {

namespace pb = itemized::v1;

// Sets the three amounts of a row or a total.
template <typename Message>
void SetChange(Picos before, Picos after, Message* message) {
  message->set_before_usd(FormatUsd(before));
  message->set_after_usd(FormatUsd(after));
  message->set_change_usd(FormatUsd(after - before));
}

int64_t ToCount(Picos tokens) {
  return static_cast<int64_t>(std::min(tokens, Picos(INT64_MAX)));
}

const char* NameOf(JobKind kind) {
  switch (kind) {
    case JobKind::kPrice:
      return "price";
    case JobKind::kUndo:
      return "undo";
    case JobKind::kRederive:
      return "rederive";
  }
  return "";
}

pb::RepricingJob FromJob(const RepricingJob& from) {
  pb::RepricingJob job;
  job.set_id(static_cast<int64_t>(from.id));
  job.set_kind(NameOf(from.kind));
  if (from.undoes != 0) {
    job.set_undoes(static_cast<int64_t>(from.undoes));
  }
  job.set_start_unix_us(from.request.range.start_us);
  job.set_end_unix_us(from.request.range.end_us);
  if (from.request.provider.has_value()) {
    job.set_provider(*from.request.provider);
  }
  if (from.request.model.has_value()) {
    job.set_model(*from.request.model);
  }
  job.set_begun_at(FormatTime(from.begun_at_us));
  if (from.is_done()) {
    job.set_ended_at(FormatTime(from.ended_at_us));
  }
  job.set_calls(from.calls);
  SetChange(from.cost_before, from.cost_after, &job);
  return job;
}

}  // namespace

absl::StatusOr<RepricingRequest> ToRepricingRequest(const pb::RepriceRequest& from) {
  RepricingRequest request;
  request.range.start_us = from.start_unix_us();
  request.range.end_us = from.end_unix_us() == 0 ? kTimeMaxUs : from.end_unix_us();
  if (request.range.start_us < kTimeMinUs || request.range.end_us > kTimeMaxUs ||
      request.range.empty()) {
    return absl::InvalidArgumentError(
        "The range of calls is empty or reaches outside 1970 to 2200; give start_unix_us and, "
        "after "
        "it, end_unix_us, in microseconds since 1970-01-01 UTC.");
  }
  if (from.has_provider()) {
    request.provider = from.provider();
  }
  if (from.has_model()) {
    request.model = from.model();
  }
  for (const auto& name : {request.provider, request.model}) {
    if (name.has_value() && name->size() > kNameBytesMax) {
      return absl::InvalidArgumentError(absl::StrCat("The name of a provider or model has ",
                                                     name->size(), " bytes; give one of at most ",
                                                     kNameBytesMax, "."));
    }
  }
  request.rederive = from.rederive();
  return request;
}

pb::RepriceResponse ToRepriceResponse(const RepricingPreview& preview) {
  pb::RepriceResponse response;
  response.set_looked_at(preview.looked_at);
  Picos before = 0;
  Picos after = 0;
  int64_t calls = 0;
  for (const RepricingRow& from : preview.rows) {
    pb::RepricingRow* row = response.add_rows();
    row->set_step(from.step);
    row->set_provider(from.provider);
    row->set_model(from.model);
    row->set_calls(from.calls);
    row->set_unpriced_before(from.unpriced_before);
    row->set_unpriced_after(from.unpriced_after);
    row->set_tokens_before(ToCount(from.tokens_before));
    row->set_tokens_after(ToCount(from.tokens_after));
    SetChange(from.cost_before, from.cost_after, row);
    before += from.cost_before;
    after += from.cost_after;
    calls += from.calls;
  }
  response.mutable_total()->set_calls(calls);
  SetChange(before, after, response.mutable_total());
  return response;
}

pb::RepriceResponse ToRepriceResponse(const RepricingJob& job) {
  pb::RepriceResponse response;
  *response.mutable_job() = FromJob(job);
  return response;
}

pb::ListRepricingsResponse ToListRepricingsResponse(const std::vector<RepricingJob>& jobs) {
  std::map<uint64_t, uint64_t> undone_by;
  for (const RepricingJob& job : jobs) {
    if (job.undoes != 0) {
      undone_by[job.undoes] = job.id;
    }
  }
  pb::ListRepricingsResponse response;
  for (const RepricingJob& job : jobs) {
    pb::RepricingJob* added = response.add_jobs();
    *added = FromJob(job);
    if (const auto undo = undone_by.find(job.id); undo != undone_by.end()) {
      added->set_undone_by(static_cast<int64_t>(undo->second));
    }
  }
  return response;
}

}  // namespace itemized::server
