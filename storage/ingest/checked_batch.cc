// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/checked_batch.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"

#include "storage/model/limits.h"
#include "storage/model/value_checks.h"

namespace itemized {
namespace {

std::optional<Refusal> CheckCompletion(const Completion& completion, uint32_t index,
                                       int64_t latest_us) {
  auto reason = CheckText("workflow_id", completion.workflow_id, true);
  if (!reason) {
    reason = CheckText("workflow", completion.workflow, false);
  }
  if (!reason) {
    reason = CheckTime(completion.time_us, latest_us);
  }
  const int outcome = static_cast<int>(completion.outcome);
  if (!reason && (outcome < 1 || outcome >= kOutcomeCount)) {
    reason.emplace(RefusalCode::kInvalidEnum,
                   "The outcome is missing or unknown; use completed, failed, short_circuited or "
                   "abandoned.");
  }
  if (!reason && completion.unused_steps.size() > kUnusedStepsMax) {
    reason.emplace(RefusalCode::kMalformed,
                   absl::StrCat("The completion names ", completion.unused_steps.size(),
                                " unused steps; send at most ", kUnusedStepsMax, "."));
  }
  for (const std::string& step : completion.unused_steps) {
    if (!reason) {
      reason = CheckText("name of an unused step", step, true);
    }
  }
  if (!reason) {
    return std::nullopt;
  }
  return Refusal{.index = index, .code = reason->first, .message = std::move(reason->second)};
}

void CheckCalls(int64_t latest_us, const HashKey& id_key, CheckedBatch* checked) {
  const CallColumns& columns = checked->batch.calls;
  BatchReader reader(columns, latest_us, &checked->attributes);
  checked->usage_classes = reader.usage_classes();
  checked->calls.reserve(columns.size());
  for (uint32_t row = 0; row < columns.size(); ++row) {
    CheckedCall& call = checked->calls.emplace_back();
    auto refusal = reader.malformed() ? reader.malformed() : reader.Next(&call.view);
    if (refusal) {
      refusal->index = row;
      AddRefusal(*std::move(refusal), columns.size(), &checked->refused);
      checked->calls.pop_back();
      continue;
    }
    call.fingerprint = FingerprintOf(id_key, call.view.event_id);
  }
}

}  // namespace

CheckedBatch CheckBatch(EventBatch batch, int64_t now_us, const HashKey& id_key) {
  CheckedBatch checked;
  checked.batch = std::move(batch);
  const size_t events = checked.batch.size();
  if (events > kBatchEventsMax) {
    const std::string message =
        absl::StrCat("The batch has ", events, " events; send at most ", kBatchEventsMax, ".");
    for (uint32_t i = 0; i < events; ++i) {
      AddRefusal({.index = i, .code = RefusalCode::kBatchTooLarge, .message = message},
                 checked.batch.calls.size(), &checked.refused);
    }
    return checked;
  }
  const int64_t latest_us = now_us + kFutureMaxUs;
  CheckCalls(latest_us, id_key, &checked);
  const absl::Span<const absl::string_view> names = checked.batch.calls.strings;
  checked.says_how_served = std::any_of(names.begin(), names.end(), [](absl::string_view name) {
    return name == kServiceTierAttribute || name == kRegionAttribute;
  });
  const auto first = static_cast<uint32_t>(checked.batch.calls.size());
  for (uint32_t i = 0; i < checked.batch.completions.size(); ++i) {
    auto refusal = CheckCompletion(checked.batch.completions[i], first + i, latest_us);
    if (refusal) {
      AddRefusal(*std::move(refusal), first, &checked.refused);
    } else {
      checked.completions.push_back(i);
    }
  }
  return checked;
}

void DropSuperseded(absl::Span<CheckedBatch> batches) {
  if (std::none_of(batches.begin(), batches.end(),
                   [](const CheckedBatch& batch) { return batch.has_revisions(); })) {
    return;
  }
  absl::flat_hash_map<std::pair<absl::string_view, EventFingerprint>, uint32_t> newest;
  const auto key_of = [](const CheckedBatch& batch, const CheckedCall& call) {
    return std::pair(batch.Text(call.view.workflow_id), call.fingerprint);
  };
  for (const CheckedBatch& batch : batches) {
    for (const CheckedCall& call : batch.calls) {
      uint32_t& revision = newest[key_of(batch, call)];
      revision = std::max(revision, call.view.revision);
    }
  }
  for (CheckedBatch& batch : batches) {
    batch.refused.duplicate +=
        static_cast<int64_t>(std::erase_if(batch.calls, [&](const CheckedCall& call) {
          return call.fingerprint != 0 && call.view.revision < newest[key_of(batch, call)];
        }));
  }
}

void FindRates(const CheckedBatch& batch, RateLookups* rates) {
  const std::shared_ptr<const RateBook> book = rates->book();
  if (!book->has_patterns()) {
    return;
  }
  // The provider that each model last came with; both are places in the dictionary.
  std::vector<uint32_t> seen(batch.batch.calls.strings.size(), BatchReader::kEmptyName - 1);
  for (const CheckedCall& call : batch.calls) {
    const uint32_t model = call.view.NameOf(NameKind::kModel);
    const uint32_t provider = call.view.NameOf(NameKind::kProvider);
    const ServedAs served = batch.ServedOf(call.view, book->contracts());
    if (model != BatchReader::kEmptyName && (seen[model] != provider || !served.is_standard())) {
      seen[model] = served.is_standard() ? provider : seen[model];
      rates->Find(batch.Text(provider), batch.Text(model), served);
    }
  }
}

BatchResult AllDuplicate(const CheckedBatch& batch) {
  BatchResult result = batch.refused;
  result.duplicate = static_cast<int64_t>(batch.calls.size() + batch.completions.size());
  return result;
}

}  // namespace itemized
