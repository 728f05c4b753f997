// SPDX-License-Identifier: Apache-2.0
#include "storage/maintenance/verify.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

constexpr size_t kExamplesMax = 20;

const char* NameOf(Family family) {
  switch (family) {
    case Family::kRollups:
      return "steps";
    case Family::kRuns:
      return "workflows";
    default:
      return "outcomes";
  }
}

std::string Row(Family family, absl::string_view key) {
  return absl::StrCat("the row ", absl::BytesToHexString(key), " of ", NameOf(family));
}

// The hour from which a row of steps or outcomes is; their keys end with a day or
// an hour.
Hour HourOfKey(Family family, absl::string_view key) {
  uint32_t bucket = 0;
  key.remove_prefix(key.size() - std::min<size_t>(key.size(), 4));
  if (!ReadBigEndian32(&key, &bucket)) {
    return std::numeric_limits<Hour>::max();  // The watermark.
  }
  return family == Family::kRollups ? FirstHourOf(bucket) : bucket;
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
      log_(state.log),
      catalog_(state.catalog),
      up_to_(state.views.folded()),
      first_hour_(state.log.first_hour()) {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    stored_[i] = kv_.Scan(kFamilies[i], "", "");
  }
}

// False if some blocks cannot be read, so that the fold lacks them.
absl::StatusOr<bool> VerifySnapshot::Fold(Views* fresh, VerifyReport* report) const {
  ASSIGN_OR_RETURN(const std::vector<BlockRef> refs, log_.List(up_to_));
  bool is_whole = true;
  for (const BlockRef& ref : refs) {
    absl::StatusOr<Block> block = log_.Read(ref);
    ++report->blocks;
    if (absl::IsDataLoss(block.status())) {
      report->Add(absl::StrCat("block ", ref.sequence, " of hour ",
                               FormatTime(HourStartUs(ref.hour)), ": ", block.status().message()));
      is_whole = false;
      continue;
    }
    RETURN_IF_ERROR(block.status());
    report->calls += static_cast<int64_t>(block->calls.size());
    report->completions += static_cast<int64_t>(block->completions.size());
    StagedRuns staged(&fresh->runs(), /*mutex=*/nullptr);
    RETURN_IF_ERROR(staged.Add(*block));  // All its runs are in memory, whole.
    fresh->Fold(absl::MakeConstSpan(&*block, 1), staged);
  }
  return is_whole;
}

void VerifySnapshot::CarryOutcomesOf(const Run& run) {
  if (run.exists()) {
    const RunShare share = ShareOf(run, catalog_);
    carried_.insert(CellKey(share.workflow, HourOf(share.anchor_us)));
  }
  for (const RunCall& call : run.ledger()) {
    carried_.insert(UnsurfacedKey(call.series, HourOf(call.time_us)));
  }
}

bool VerifySnapshot::IsCarried(Family family, absl::string_view key) const {
  if (first_hour_ > 0 && key == kWatermarkKey) {
    return true;  // The newest block may be one that is no longer kept.
  }
  return family == Family::kRuns
             ? carried_.contains(absl::StrCat("run ", key))
             : HourOfKey(family, key) < first_hour_ || carried_.contains(std::string(key));
}

// A run that began before the first hour is carried, and with it what it adds to the
// outcomes.
absl::StatusOr<bool> VerifySnapshot::IsCarried(Family family, absl::string_view key,
                                               absl::string_view value, const Views& fresh) {
  if (first_hour_ == 0 || family != Family::kRuns) {
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
    ++report->rows;
    const auto row = expected->find(std::string(stored.key()));
    ASSIGN_OR_RETURN(const bool is_carried,
                     IsCarried(kFamilies[family], stored.key(), stored.value(), fresh));
    if (is_carried) {
      ++report->carried;
    } else if (row == expected->end()) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], stored.key()), " does not follow from the log"));
    } else if (row->second != stored.value()) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], stored.key()), " is not what the log folds to"));
    }
    if (row != expected->end()) {
      expected->erase(row);
    }
  }
  for (const auto& [key, value] : *expected) {
    if (!IsCarried(kFamilies[family], key)) {
      report->Add(
          absl::StrCat(Row(kFamilies[family], key), ", which the log folds to, is missing"));
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
  Views fresh(nullptr, nullptr, catalog_, std::numeric_limits<size_t>::max());
  ASSIGN_OR_RETURN(const bool is_whole, Fold(&fresh, &report));
  if (!is_whole) {
    return report;  // Every row that a damaged block concerns would differ.
  }
  KvBatch batch;
  fresh.Checkpoint(Views::Scope::kAll, &batch);
  std::map<Family, Rows> expected;
  for (const KvBatch::Operation& operation : batch.operations()) {
    if (operation.value.has_value()) {
      expected[operation.family][operation.key] = *operation.value;
    }
  }
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    const absl::Status status = CompareRows(i, fresh, &expected[kFamilies[i]], &report);
    if (absl::IsDataLoss(status)) {
      report.Add(std::string(status.message()));
    } else {
      RETURN_IF_ERROR(status);
    }
  }
  return report;
}

}  // namespace itemized
