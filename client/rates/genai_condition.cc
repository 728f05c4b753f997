// SPDX-License-Identifier: Apache-2.0
#include "client/rates/genai_condition.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/civil_time.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized::client {
namespace {

bool IsKnown(const JsonMember& field) {
  if (field.name == "type") {
    return field.value.text == "start_date" || field.value.text == "time_of_date";
  }
  return field.name == "start_date" || field.name == "start_time" || field.name == "end_time";
}

absl::StatusOr<int64_t> ReadDate(const JsonValue& start) {
  const absl::StatusOr<int64_t> from_us = ParseTime(start.text);
  if (!from_us.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(
        "its \"start_date\" is no date: ", absl::StripSuffix(from_us.status().message(), ".")));
  }
  return *from_us;
}

// Reads a time such as "00:30:00Z" as a second of the day.
absl::StatusOr<int32_t> ReadTimeOfDay(const JsonValue* time) {
  absl::CivilSecond civil;
  if (time == nullptr || !absl::EndsWith(time->text, "Z") ||
      !absl::ParseCivilTime(absl::StrCat("1970-01-01T", absl::StripSuffix(time->text, "Z")),
                            &civil)) {
    return absl::InvalidArgumentError(
        "its \"start_time\" and \"end_time\" must both be times of the day in UTC, such as "
        "\"00:30:00Z\"");
  }
  return static_cast<int32_t>(civil - absl::CivilSecond(1970));
}

}  // namespace

absl::StatusOr<bool> ReadCondition(const JsonValue* constraint, int64_t not_before_us,
                                   v1::Rate* rate) {
  if (constraint == nullptr || constraint->kind == JsonValue::Kind::kNull) {
    return true;
  }
  const auto& fields = constraint->members;
  if (!std::all_of(fields.begin(), fields.end(), IsKnown)) {
    return false;
  }
  if (const JsonValue* start = constraint->Find("start_date")) {
    ASSIGN_OR_RETURN(const int64_t from_us, ReadDate(*start));
    rate->set_effective_from_unix_us(std::max(from_us, not_before_us));
  }
  const JsonValue* from = constraint->Find("start_time");
  const JsonValue* to = constraint->Find("end_time");
  if (from != nullptr || to != nullptr) {
    ASSIGN_OR_RETURN(const int32_t from_second, ReadTimeOfDay(from));
    ASSIGN_OR_RETURN(const int32_t to_second, ReadTimeOfDay(to));
    rate->mutable_hours()->set_from_second(from_second);
    rate->mutable_hours()->set_to_second(to_second);
  }
  return true;
}

}  // namespace itemized::client
