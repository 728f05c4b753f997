// SPDX-License-Identifier: Apache-2.0
#include "storage/budgets/budget_codec.h"

#include <utility>

#include "absl/strings/escaping.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"

namespace itemized {
namespace {

constexpr char kVersion = 1;

std::string HashOf(absl::string_view bytes) {
  XXH128_canonical_t hash;
  XXH128_canonicalFromHash(&hash, XXH3_128bits(bytes.data(), bytes.size()));
  return std::string(reinterpret_cast<const char*>(hash.digest), sizeof(hash.digest));
}

void AppendText(absl::string_view text, std::string* out) {
  AppendSized(out, text);
}

bool ReadText(absl::string_view* in, std::string* text) {
  absl::string_view bytes;
  if (!ReadSized(in, &bytes)) {
    return false;
  }
  *text = std::string(bytes);
  return true;
}

// Reads a byte that is at most `last`.
template <typename Enum>
bool ReadEnum(absl::string_view* in, Enum last, Enum* value) {
  if (in->empty() || static_cast<uint8_t>(in->front()) > static_cast<uint8_t>(last)) {
    return false;
  }
  *value = static_cast<Enum>(in->front());
  in->remove_prefix(1);
  return true;
}

bool ReadVersion(absl::string_view* in) {
  const bool is_good = !in->empty() && in->front() == kVersion;
  in->remove_prefix(is_good ? 1 : 0);
  return is_good;
}

bool ReadPercent(absl::string_view* in, int32_t* percent) {
  uint32_t value = 0;
  if (!ReadVarint32(in, &value) || value > static_cast<uint32_t>(kThresholdPercentMax)) {
    return false;
  }
  *percent = static_cast<int32_t>(value);
  return true;
}

bool ReadThresholds(absl::string_view* in, std::vector<int32_t>* thresholds) {
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count > in->size()) {
    return false;
  }
  thresholds->resize(count);
  for (int32_t& percent : *thresholds) {
    if (!ReadPercent(in, &percent)) {
      return false;
    }
  }
  return true;
}

bool ReadBudget(absl::string_view in, Budget* budget) {
  return ReadVersion(&in) && ReadText(&in, &budget->name) &&
         ReadEnum(&in, BudgetScopeKind::kAttribute, &budget->scope.kind) &&
         ReadText(&in, &budget->scope.key) && ReadText(&in, &budget->scope.value) &&
         ReadZigzag128(&in, &budget->amount) && ReadEnum(&in, BudgetPeriod::kMonth, &budget->per) &&
         ReadText(&in, &budget->zone) && ReadThresholds(&in, &budget->thresholds) &&
         ReadText(&in, &budget->webhook) && ReadZigzag(&in, &budget->set_at_us) && in.empty() &&
         budget->amount > 0;
}

void AppendCrossing(const Crossing& crossing, std::string* out) {
  AppendZigzag(out, crossing.period.start_us);
  AppendZigzag(out, crossing.period.end_us);
  AppendVarint(out, static_cast<uint64_t>(crossing.percent));
  AppendZigzag128(out, crossing.amount);
  AppendZigzag128(out, crossing.judged_amount);
  AppendZigzag128(out, crossing.spent);
  out->push_back(crossing.forecast.has_value() ? 1 : 0);
  if (crossing.forecast.has_value()) {
    AppendZigzag128(out, *crossing.forecast);
  }
  AppendZigzag(out, crossing.noticed_us);
  out->push_back(static_cast<char>(crossing.delivery));
  AppendZigzag(out, crossing.settled_us);
}

bool ReadForecast(absl::string_view* in, std::optional<Picos>* forecast) {
  bool has_one = false;
  if (!ReadEnum(in, true, &has_one)) {
    return false;
  }
  return !has_one || ReadZigzag128(in, &forecast->emplace());
}

bool ReadCrossing(absl::string_view* in, Crossing* crossing) {
  return ReadZigzag(in, &crossing->period.start_us) && ReadZigzag(in, &crossing->period.end_us) &&
         ReadPercent(in, &crossing->percent) && ReadZigzag128(in, &crossing->amount) &&
         ReadZigzag128(in, &crossing->judged_amount) && ReadZigzag128(in, &crossing->spent) &&
         ReadForecast(in, &crossing->forecast) && ReadZigzag(in, &crossing->noticed_us) &&
         ReadEnum(in, Delivery::kGivenUp, &crossing->delivery) &&
         ReadZigzag(in, &crossing->settled_us) &&
         crossing->period.start_us < crossing->period.end_us;
}

bool ReadCrossings(absl::string_view in, std::vector<Crossing>* crossings) {
  uint64_t count = 0;
  if (!ReadVersion(&in) || !ReadVarint(&in, &count) || count > in.size()) {
    return false;
  }
  crossings->resize(count);
  for (Crossing& crossing : *crossings) {
    if (!ReadCrossing(&in, &crossing)) {
      return false;
    }
  }
  return in.empty();
}

absl::Status Damaged() {
  return absl::DataLossError(
      "The store is damaged: a budget cannot be read. Restore the data directory from a backup.");
}

}  // namespace

std::string BudgetKey(absl::string_view name) {
  return kBudgetPrefix + HashOf(name);
}

std::string CrossingsKey(absl::string_view name) {
  return kCrossingsPrefix + HashOf(name);
}

std::string CrossingId(absl::string_view budget, const Crossing& crossing) {
  std::string bytes;
  AppendText(budget, &bytes);
  AppendZigzag(&bytes, crossing.period.start_us);
  AppendVarint(&bytes, static_cast<uint64_t>(crossing.percent));
  AppendZigzag(&bytes, crossing.noticed_us);
  return absl::BytesToHexString(HashOf(bytes));
}

std::string EncodeBudget(const Budget& budget) {
  std::string out(1, kVersion);
  AppendText(budget.name, &out);
  out.push_back(static_cast<char>(budget.scope.kind));
  AppendText(budget.scope.key, &out);
  AppendText(budget.scope.value, &out);
  AppendZigzag128(&out, budget.amount);
  out.push_back(static_cast<char>(budget.per));
  AppendText(budget.zone, &out);
  AppendVarint(&out, budget.thresholds.size());
  for (const int32_t percent : budget.thresholds) {
    AppendVarint(&out, static_cast<uint64_t>(percent));
  }
  AppendText(budget.webhook, &out);
  AppendZigzag(&out, budget.set_at_us);
  return out;
}

std::string EncodeCrossings(const std::vector<Crossing>& crossings) {
  std::string out(1, kVersion);
  AppendVarint(&out, crossings.size());
  for (const Crossing& crossing : crossings) {
    AppendCrossing(crossing, &out);
  }
  return out;
}

absl::StatusOr<Budget> DecodeBudget(absl::string_view bytes) {
  Budget budget;
  budget.thresholds.clear();
  if (!ReadBudget(bytes, &budget)) {
    return Damaged();
  }
  return budget;
}

absl::StatusOr<std::vector<Crossing>> DecodeCrossings(absl::string_view bytes) {
  std::vector<Crossing> crossings;
  if (!ReadCrossings(bytes, &crossings)) {
    return Damaged();
  }
  return crossings;
}

}  // namespace itemized
