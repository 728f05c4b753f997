#include "storage/engine/verify.h"

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

#include "storage/base/status_macros.h"

namespace itemized {
namespace {

using Rows = std::map<std::string, std::string>;

constexpr Family kViewFamilies[] = {Family::kSteps, Family::kWorkflows, Family::kOutcomes};

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

absl::Status Differs(Family family, absl::string_view key, absl::string_view how) {
  return absl::DataLossError(
      absl::StrCat("the row ", absl::BytesToHexString(key), " of ", NameOf(family), " ", how));
}

absl::Status Compare(const Kv& kv, Family family, const Rows& expected) {
  size_t found = 0;
  auto stored = kv.Scan(family, "", "");
  for (; stored->Valid(); stored->Next()) {
    const auto row = expected.find(std::string(stored->key()));
    if (row == expected.end()) {
      return Differs(family, stored->key(), "does not follow from the log");
    }
    if (row->second != stored->value()) {
      return Differs(family, stored->key(), "is not what the log folds to");
    }
    ++found;
  }
  RETURN_IF_ERROR(stored->status());
  if (found != expected.size()) {
    return absl::DataLossError(absl::StrCat(expected.size() - found, " rows of ", NameOf(family),
                                            " that the log folds to are missing"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status VerifyRows(const State& state) {
  Views fresh(nullptr, state.catalog, std::numeric_limits<size_t>::max());
  RETURN_IF_ERROR(state.log.ReplayAll(state.views.folded(), [&](const Block& block) {
    RETURN_IF_ERROR(fresh.Stage(block));
    fresh.Fold(absl::MakeConstSpan(&block, 1));
    return absl::OkStatus();
  }));
  KvBatch batch;
  fresh.Checkpoint(Views::Scope::kAll, &batch);
  std::map<Family, Rows> expected;
  for (const KvBatch::Operation& operation : batch.operations()) {
    if (operation.value.has_value()) {
      expected[operation.family][operation.key] = *operation.value;
    }
  }
  for (const Family family : kViewFamilies) {
    RETURN_IF_ERROR(Compare(*state.kv, family, expected[family]));
  }
  return absl::OkStatus();
}

}  // namespace itemized
