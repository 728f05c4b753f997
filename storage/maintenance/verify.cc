// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/verify.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

constexpr size_t kExamplesMax = 20;

const char* NameOf(Family family) {
  switch (family) {
    case Family::kMeta:
      return "default";
    case Family::kRollups:
      return "steps";
    case Family::kRuns:
      return "workflows";
    case Family::kNotes:
      return "notes";
    default:
      return "outcomes";
  }
}

std::string Row(Family family, absl::string_view key) {
  return absl::StrCat("The row ", absl::BytesToHexString(key), " of ", NameOf(family));
}

// Returns the hour that a row of steps or outcomes is about; their keys end with a day or an hour.
Hour HourOfKey(Family family, absl::string_view key) {
  uint32_t bucket = 0;
  key.remove_prefix(key.size() - std::min<size_t>(key.size(), 4));
  if (!ReadBigEndian32(&key, &bucket)) {
    return Hour::Max();  // Only the watermark has so short a key.
  }
  return family == Family::kRollups ? FirstHourOf(Day(bucket)) : Hour(bucket);
}

}  // namespace

void VerifyReport::Add(std::string difference) {
  ++differences;
  if (examples.size() < kExamplesMax) {
    examples.push_back(std::move(difference));
  }
}

VerifySnapshot::VerifySnapshot(const State& state)
    : kv_(*state.kv),
      replay_(state),
      catalog_(state.catalog),
      first_hour_(state.blocks.first_hour()) {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    stored_[i] = kv_.Scan(kFamilies[i], "", "");
  }
}

// Applies the log. False if some of it cannot be read, so that `fresh` lacks that.
absl::StatusOr<bool> VerifySnapshot::ApplyLog(State* fresh, VerifyReport* report) const {
  bool is_whole = true;
  const auto take = [&](const Entry& entry) {
    for (const Block& block : entry.blocks) {
      ++report->blocks;
      report->calls += static_cast<int64_t>(block.calls.size());
      report->completions += static_cast<int64_t>(block.completions.size());
    }
    return is_whole ? fresh->Apply(entry) : absl::OkStatus();
  };
  const auto on_damage = [&](BlockRef, const absl::Status& damage) {
    ++report->blocks;
    report->Add(std::string(damage.message()));
    is_whole = false;
    return absl::OkStatus();
  };
  const absl::Status read = replay_.Read(take, on_damage);
  if (absl::IsDataLoss(read)) {
    report->Add(std::string(read.message()));
    return false;
  }
  RETURN_IF_ERROR(read);
  return is_whole;
}

void VerifySnapshot::CarryOutcomesOf(const Run& run) {
  if (run.exists()) {
    const RunShare share = ShareOf(run, catalog_);
    carried_.insert(
        keys::Outcome(keys::kOutcomesOfWorkflow, share.workflow.value(), HourOf(share.anchor_us)));
  }
  for (const RunCall& call : run.ledger()) {
    carried_.insert(
        keys::Outcome(keys::kUnsurfacedOfSeries, call.series().value(), HourOf(call.time_us)));
  }
}

bool VerifySnapshot::IsCarried(Family family, absl::string_view key) const {
  if (family == Family::kNotes) {
    return false;
  }
  if (family == Family::kMeta) {
    return first_hour_ > Hour() && key == keys::kApplied;
  }
  if (first_hour_ > Hour() && (key == keys::kWatermark || key == keys::kRunsWatermark)) {
    return true;  // It names the newest block, which may be one that is no longer kept.
  }
  return family == Family::kRuns
             ? carried_.contains(absl::StrCat("run ", key))
             : HourOfKey(family, key) < first_hour_ || carried_.contains(std::string(key));
}

// Returns whether the row says of a producer or of the rates of the past what entries said that
// the log has lost.
bool VerifySnapshot::IsOfEarlierEntries(absl::string_view key) const {
  return replay_.first() > 1 &&
         (absl::StartsWith(key, keys::kProducers) || absl::StartsWith(key, keys::kEndedRates));
}

// Returns whether a row cannot be compared, for a part of it follows from events that were dropped.
// A run that began before the first hour is such a row, and so are the outcomes that it adds to.
absl::StatusOr<bool> VerifySnapshot::IsCarried(Family family, absl::string_view key,
                                               absl::string_view value, const Views& fresh) {
  if (family == Family::kNotes) {
    return replay_.first() > 1;  // Entries that said it may be gone.
  }
  if (family == Family::kMeta) {
    return IsCarried(family, key) || IsOfEarlierEntries(key);
  }
  if (first_hour_ == Hour() || family != Family::kRuns || key == keys::kRunsWatermark) {
    return IsCarried(family, key);
  }
  const std::optional<Run> run = Run::Decode(value, catalog_);
  const int64_t start_us = HourStartUs(first_hour_);
  const auto is_old = [&](const BlockRef& ref) { return ref.hour < first_hour_; };
  if (!run.has_value() ||
      (std::none_of(run->blocks().begin(), run->blocks().end(), is_old) &&
       !(run->completion().has_value() && run->completion()->time_us < start_us))) {
    return false;
  }
  carried_.insert(absl::StrCat("run ", key));
  CarryOutcomesOf(*run);
  const auto carry = [this](const Run& folded) { CarryOutcomesOf(folded); };
  RETURN_IF_ERROR(fresh.runs().Visit(key, carry).status());
  return true;
}

absl::Status VerifySnapshot::CompareRows(size_t family, const Views& fresh, Rows* expected,
                                         VerifyReport* report) {
  KvIterator& stored = *stored_[family];
  for (; stored.Valid(); stored.Next()) {
    if (kFamilies[family] == Family::kMeta && IsNotOfEntries(stored.key())) {
      continue;
    }
    ++report->rows;
    const auto row = expected->find(std::string(stored.key()));
    ASSIGN_OR_RETURN(const bool is_carried,
                     IsCarried(kFamilies[family], stored.key(), stored.value(), fresh));
    if (is_carried) {
      ++report->carried;
    } else if (row == expected->end()) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], stored.key()), " does not follow from the log."));
    } else if (row->second != stored.value()) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], stored.key()), " is not what the log folds to."));
    }
    if (row != expected->end()) {
      expected->erase(row);
    }
  }
  for (const auto& [key, value] : *expected) {
    if (!IsCarried(kFamilies[family], key)) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], key), ", which the log folds to, is missing."));
    }
  }
  return stored.status();
}

absl::StatusOr<VerifyReport> VerifySnapshot::Verify() && {
  VerifyReport report;
  const absl::Status files = kv_.VerifyChecksums();
  if (absl::IsDataLoss(files)) {
    report.Add(std::string(files.message()));
  } else {
    RETURN_IF_ERROR(files);
  }
  ASSIGN_OR_RETURN(const std::unique_ptr<State> fresh, replay_.NewStore(DatabaseOptions()));
  ASSIGN_OR_RETURN(const bool is_whole, ApplyLog(fresh.get(), &report));
  if (is_whole) {  // Otherwise every row that a damaged block concerns would differ.
    RETURN_IF_ERROR(Compare(fresh.get(), &report));
  }
  return report;
}

absl::Status VerifySnapshot::Compare(State* fresh, VerifyReport* report) {
  KvBatch batch;
  fresh->views.Checkpoint(Views::Scope::kAll, &batch);
  RETURN_IF_ERROR(fresh->kv->Write(batch, /*sync=*/false));
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    Rows expected;
    auto rows = fresh->kv->Scan(kFamilies[i], "", "");
    for (; rows->Valid(); rows->Next()) {
      expected.emplace(rows->key(), rows->value());
    }
    const absl::Status status = CompareRows(i, fresh->views, &expected, report);
    if (absl::IsDataLoss(status)) {
      report->Add(std::string(status.message()));
    } else {
      RETURN_IF_ERROR(status);
    }
  }
  return absl::OkStatus();
}

}  // namespace itemized
