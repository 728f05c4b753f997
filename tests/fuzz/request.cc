// SPDX-License-Identifier: Apache-2.0
// Requests that protobuf's own parser reads, up to what the database is asked:
// rates to be set, and questions. The first byte of an input says which.

#include <algorithm>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "itemized/v1/query.pb.h"
#include "itemized/v1/rates.pb.h"
#include <google/protobuf/stubs/logging.h>

#include "server/convert/page_token.h"
#include "server/convert/query_requests.h"
#include "server/convert/rates.h"
#include "storage/base/check.h"
#include "storage/pricing/rate_book.h"
#include "tests/fuzz/fuzz.h"

namespace itemized::fuzz {
namespace {

namespace pb = itemized::v1;

template <typename Message>
bool Parse(absl::string_view bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

// Whether it is one; if not, it says what to mend.
bool IsOk(const absl::Status& status) {
  CHECK(status.ok() || status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.ok() || !status.message().empty());
  return status.ok();
}

// What is in the book is stored, and listed, as it was set.
void CheckBook(const RateBook& book) {
  const std::vector<Rate> rates = book.List();
  for (const Rate& rate : rates) {
    const absl::StatusOr<Rate> stored = DecodeRate(EncodeRate(rate));
    CHECK(stored.ok() && *stored == rate);
  }
  pb::SetRatesRequest listed;
  const pb::ListRatesResponse response = server::ToListRatesResponse(rates, {}, true);
  *listed.mutable_rates() = response.rates();
  *listed.mutable_exchange_rates() = response.exchange_rates();
  absl::StatusOr<std::vector<Rate>> again = server::ToRates(listed);
  CHECK(again.ok());
  std::sort(again->begin(), again->end(),
            [](const Rate& a, const Rate& b) { return RateKey(a) < RateKey(b); });
  CHECK(*again == rates);
}

bool AcceptsRates(absl::string_view bytes) {
  pb::SetRatesRequest request;
  if (!Parse(bytes, request)) {
    return false;
  }
  const absl::StatusOr<std::vector<Rate>> rates = server::ToRates(request);
  if (!IsOk(rates.status())) {
    return false;
  }
  RateBook book;
  const bool all = std::all_of(rates->begin(), rates->end(),
                               [&](const Rate& rate) { return IsOk(book.Set(rate).status()); });
  CheckBook(book);
  return all;
}

template <typename Message, typename Convert>
bool AcceptsQuestion(absl::string_view bytes, Convert convert) {
  Message message;
  return Parse(bytes, message) && IsOk(convert(message));
}

absl::Status ConvertTop(const pb::GetTopRequest& request) {
  return server::ToTopQuery(request).status();
}

absl::Status ConvertSeries(const pb::GetSeriesRequest& request) {
  return server::ToSeriesQuery(request).status();
}

absl::Status ConvertOutliers(const pb::GetOutliersRequest& request) {
  return server::ToOutliersQuery(request).status();
}

absl::Status ConvertRun(const pb::GetRunRequest& request) {
  return server::ToRunQuery(request).status();
}

pb::SetRatesRequest SomeRates() {
  pb::SetRatesRequest request;
  pb::Rate& rate = *request.add_rates();
  rate.set_provider("openai");
  rate.mutable_match()->mutable_any_of()->add_matches()->set_equals("gpt-5");
  rate.mutable_match()->mutable_any_of()->add_matches()->set_regex("^o[34]");
  rate.set_effective_from_unix_us(1'700'000'000'000'000);
  rate.mutable_prices()->set_input("1.25");
  rate.mutable_prices()->set_request("0");
  rate.add_tiers()->set_input_tokens_over(200'000);
  rate.mutable_tiers(0)->mutable_prices()->set_input("2.5");
  rate.set_source("a price list");
  request.add_rates()->mutable_match()->set_starts_with("gpt-");
  request.mutable_rates(1)->mutable_prices()->set_output("10");
  return request;
}

std::string Series() {
  pb::GetSeriesRequest request;
  request.mutable_window()->set_start_unix_us(5);
  request.mutable_window()->set_end_unix_us(6);
  request.set_step("planning");
  request.set_every_us(kMicrosPerHour);
  request.set_time_zone("Europe/Berlin");
  return request.SerializeAsString();
}

std::string Top() {
  pb::GetTopRequest request;
  request.mutable_window()->set_last_us(kMicrosPerDay);
  request.set_by(pb::GROUP_BY_ATTRIBUTE);
  request.set_attribute_key("tenant");
  request.set_limit(10);
  return request.SerializeAsString();
}

}  // namespace

std::vector<std::string> Seeds() {
  pb::GetRunRequest run;
  run.set_workflow_id("w-1");
  pb::GetRunRequest page = run;
  page.set_page_token(server::ToPageToken("w-1", {.key = {.time_us = 7, .event_id = "c-1"}}));
  return {absl::StrCat("0", SomeRates().SerializeAsString()),
          absl::StrCat("1", Top()),
          absl::StrCat("2", Series()),
          absl::StrCat("3", pb::GetOutliersRequest().SerializeAsString()),
          absl::StrCat("4", run.SerializeAsString()),
          absl::StrCat("4", page.SerializeAsString())};
}

bool Accepts(absl::string_view input) {
  // Protobuf would write a line for each string that is not UTF-8.
  static const auto* const silence = new google::protobuf::LogSilencer;
  static_cast<void>(silence);
  const absl::string_view bytes = input.substr(std::min<size_t>(1, input.size()));
  switch (input.empty() ? '0' : input[0]) {
    case '1':
      return AcceptsQuestion<pb::GetTopRequest>(bytes, ConvertTop);
    case '2':
      return AcceptsQuestion<pb::GetSeriesRequest>(bytes, ConvertSeries);
    case '3':
      return AcceptsQuestion<pb::GetOutliersRequest>(bytes, ConvertOutliers);
    case '4':
      return AcceptsQuestion<pb::GetRunRequest>(bytes, ConvertRun);
    default:
      return AcceptsRates(bytes);
  }
}

}  // namespace itemized::fuzz
