// SPDX-License-Identifier: Apache-2.0
#include "storage/store/state.h"

#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/rate.h"

namespace itemized {
namespace {

// Family::kMeta (storage/FORMAT.md, "Versions" and "Rates").
constexpr char kVersionKey[] = "version";

absl::Status CheckVersion(Kv* kv, const std::string& directory) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv->Get(Family::kMeta, kVersionKey));
  if (!row.has_value()) {
    KvBatch batch;
    batch.Put(Family::kMeta, kVersionKey, absl::StrCat(kSchemaVersion));
    Catalog::Create(&batch);
    return kv->Write(batch, /*sync=*/true);
  }
  int version = 0;
  if (!absl::SimpleAtoi(*row, &version)) {
    return absl::DataLossError(absl::StrCat(directory, ": the schema version cannot be read"));
  }
  if (version > kSchemaVersion) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, " was written by a newer itemized (schema version ", version,
                     "; this one knows ", kSchemaVersion, "); start that version or a later one"));
  }
  if (version < kSchemaVersion) {
    return absl::FailedPreconditionError(absl::StrCat(
        directory, " was written by an older itemized (schema version ", version,
        "; this one reads ", kSchemaVersion,
        " only); start that version, or name an empty directory and send the events again"));
  }
  return absl::OkStatus();
}

absl::Status CheckRoom(const Kv& kv, int64_t free_bytes_min) {
  ASSIGN_OR_RETURN(const int64_t free, kv.FreeBytes());
  if (free >= free_bytes_min) {
    return absl::OkStatus();
  }
  return absl::UnavailableError(absl::StrCat(
      "the disk of the store is nearly full: ", free >> 20, " MiB are free, and ",
      free_bytes_min >> 20, " MiB must stay so; nothing is taken until there is room again"));
}

absl::Status LoadRates(const Kv& kv, RateBook* book) {
  auto rows = kv.Scan(Family::kMeta, "r/", "r0");
  for (; rows->Valid(); rows->Next()) {
    ASSIGN_OR_RETURN(Rate rate, DecodeRate(rows->value()));
    RETURN_IF_ERROR(book->Set(std::move(rate)).status());
  }
  return rows->status();
}

absl::Status LoadRepricing(const Kv& kv, std::optional<int64_t>* from_us) {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv.Get(Family::kMeta, kRepricingKey));
  if (!row.has_value()) {
    return absl::OkStatus();
  }
  absl::string_view value = *row;
  uint64_t instant = 0;
  if (!ReadVarint(&value, &instant) || !value.empty() || instant > uint64_t{kTimeMaxUs}) {
    return absl::DataLossError("the store is damaged: the repricing marker cannot be read");
  }
  *from_us = static_cast<int64_t>(instant);
  return absl::OkStatus();
}

}  // namespace

State::State(std::unique_ptr<Kv> store, Log opened_log, const DatabaseOptions& options)
    : clock(options.clock),
      trusted(options.clock, options.steady),
      kv(std::move(store)),
      log(std::move(opened_log)),
      views(kv.get(), &log, catalog, options.resident_runs_max),
      free_bytes_min(options.free_bytes_min) {}

absl::StatusOr<std::unique_ptr<State>> State::Open(std::unique_ptr<Kv> kv,
                                                   const DatabaseOptions& options) {
  RETURN_IF_ERROR(CheckVersion(kv.get(), options.directory));
  ASSIGN_OR_RETURN(Log log, Log::Open(kv.get()));
  auto state = std::make_unique<State>(std::move(kv), std::move(log), options);
  RETURN_IF_ERROR(state->catalog.Load(*state->kv));
  RateBook book;
  RETURN_IF_ERROR(LoadRates(*state->kv, &book));
  state->rates.SetBook(std::make_shared<const RateBook>(std::move(book)));
  RETURN_IF_ERROR(LoadRepricing(*state->kv, &state->unfinished_repricing_us));
  RETURN_IF_ERROR(state->views.Load());
  RETURN_IF_ERROR(
      state->trusted.Load(*state->kv, state->views.latest_call_us(), options.accept_clock));
  return state;
}

absl::Status State::Commit(std::vector<Block>* blocks, const StagedRuns& staged, KvBatch batch) {
  RETURN_IF_ERROR(CheckRoom(*kv, free_bytes_min));
  catalog.Save(&batch);
  RETURN_IF_ERROR(log.Append(blocks, std::move(batch)));
  PassFailpoint(Failpoint::kLogAppended);
  const WriterLock lock(mutex);
  catalog.MarkSaved();
  views.Fold(*blocks, staged);
  if (on_fold != nullptr) {
    on_fold(*blocks);
  }
  PassFailpoint(Failpoint::kFolded);
  return absl::OkStatus();
}

}  // namespace itemized
