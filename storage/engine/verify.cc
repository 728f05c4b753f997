#include "storage/engine/verify.h"

#include <limits>
#include <map>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

constexpr size_t kExamplesMax = 20;

using Rows = std::map<std::string, std::string>;

const char* NameOf(Family family) {
  switch (family) {
    case Family::kSteps:
      return "steps";
    case Family::kWorkflows:
      return "workflows";
    default:
      return "outcomes";
  }
}

std::string Row(Family family, absl::string_view key) {
  return absl::StrCat("the row ", absl::BytesToHexString(key), " of ", NameOf(family));
}

void CompareRows(Family family, KvIterator* stored, Rows* expected, VerifyReport* report) {
  for (; stored->Valid(); stored->Next()) {
    ++report->rows;
    const auto row = expected->find(std::string(stored->key()));
    if (row == expected->end()) {
      report->Add(absl::StrCat(Row(family, stored->key()), " does not follow from the log"));
      continue;
    }
    if (row->second != stored->value()) {
      report->Add(absl::StrCat(Row(family, stored->key()), " is not what the log folds to"));
    }
    expected->erase(row);
  }
  for (const auto& [key, value] : *expected) {
    report->Add(absl::StrCat(Row(family, key), ", which the log folds to, is missing"));
  }
}

}  // namespace

void VerifyReport::Add(std::string difference) {
  ++differences;
  if (examples.size() < kExamplesMax) {
    examples.push_back(std::move(difference));
  }
}

VerifySnapshot::VerifySnapshot(const State& state)
    : kv_(*state.kv), log_(state.log), catalog_(state.catalog), up_to_(state.views.folded()) {
  for (size_t i = 0; i < kFamilies.size(); ++i) {
    stored_[i] = kv_.Scan(kFamilies[i], "", "");
  }
}

// False if some blocks cannot be read, so that the fold lacks them.
absl::StatusOr<bool> VerifySnapshot::Fold(Views* fresh, VerifyReport* report) const {
  ASSIGN_OR_RETURN(const std::vector<BlockRef> refs, log_.List(up_to_));
  bool is_whole = true;
  for (const BlockRef& ref : refs) {
    const absl::StatusOr<Block> block = log_.Read(ref);
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
    RETURN_IF_ERROR(fresh->Stage(*block));
    fresh->Fold(absl::MakeConstSpan(&*block, 1));
  }
  return is_whole;
}

absl::StatusOr<VerifyReport> VerifySnapshot::Verify() && {
  VerifyReport report;
  const absl::Status files = kv_.VerifyChecksums();
  if (absl::IsDataLoss(files)) {
    report.Add(std::string(files.message()));
  } else {
    RETURN_IF_ERROR(files);
  }
  Views fresh(nullptr, catalog_, std::numeric_limits<size_t>::max());
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
    CompareRows(kFamilies[i], stored_[i].get(), &expected[kFamilies[i]], &report);
    const absl::Status status = stored_[i]->status();
    if (absl::IsDataLoss(status)) {
      report.Add(std::string(status.message()));
    } else {
      RETURN_IF_ERROR(status);
    }
  }
  return report;
}

}  // namespace itemized
