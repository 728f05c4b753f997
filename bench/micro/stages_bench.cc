// SPDX-License-Identifier: Apache-2.0
// What each stage of ingestion takes of a thread, nanoseconds a call: the workload of
// bench/load in groups of 20 batches, columns, stage after stage on one thread. What they
// add up to is the budget in ARCHITECTURE.md.

#include <stdlib.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "benchmark/benchmark.h"

#include "bench/load/encode.h"
#include "bench/load/workload.h"
#include "server/convert/batch_decoder.h"
#include "storage/base/check.h"
#include "storage/block/block_codec.h"
#include "storage/ingest/checked_batch.h"
#include "storage/ingest/group_builder.h"
#include "storage/runs/runs.h"
#include "storage/store/state.h"
#include "storage/views/baselines.h"
#include "storage/views/call_rollups.h"
#include "storage/views/rows_by_name.h"

namespace itemized {
namespace {

constexpr int64_t kCalls = 400'000;
constexpr int kDays = 2;  // Calls are as dense as ten million in a month.
constexpr size_t kGroupBatches = 20;

enum Stage { kDecode, kCheck, kBuild, kEncode, kDecodeBlock, kSort, kRollups, kBaselines, kRuns };
constexpr const char* kStageNames[] = {"decode",       "check",          "dedup_price",
                                       "encode",       "unpack",         "sort",
                                       "fold_rollups", "fold_baselines", "fold_runs"};
constexpr size_t kStages = std::size(kStageNames);

std::vector<std::string> Messages(bench::Form form) {
  const int64_t end_us = absl::ToUnixMicros(absl::Now());
  bench::Workload workload({.seed = 1, .calls = kCalls, .end_us = end_us, .days = kDays});
  bench::Encoder encoder(form, "c0ffee1234567890");
  std::vector<std::string> messages;
  while (!workload.Done()) {
    const grpc::ByteBuffer buffer = encoder.Encode(workload.NextBatch(), messages.size());
    grpc::Slice slice;
    CHECK(buffer.DumpToSingleSlice(&slice).ok());
    messages.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return messages;
}

absl::Status AddRates(RateBook* book) {
  for (const bench::Model& model : bench::kModels) {
    Rate rate;
    rate.provider = model.provider;
    rate.match = ModelMatch::Equals(model.name);
    const std::pair<UsageClass, const char*> prices[] = {{UsageClass::kInput, model.input},
                                                         {UsageClass::kCacheRead, model.cache_read},
                                                         {UsageClass::kOutput, model.output}};
    for (const auto& [usage_class, usd_per_million] : prices) {
      const absl::StatusOr<Picos> price = ParseDecimal(usd_per_million, 6);
      CHECK_OK(price);
      rate.prices[static_cast<size_t>(usage_class)] = static_cast<int64_t>(*price);
    }
    const absl::Status status = book->Set(rate).status();
    if (!status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

// Takes groups through a database, and their blocks through views of its own, which can
// be timed one by one.
class Pipeline {
 public:
  explicit Pipeline(const std::string& directory) {
    auto kv = OpenRocksKv(directory);
    CHECK_OK(kv);
    auto state = State::Open(*std::move(kv), {.directory = directory, .free_bytes_min = 0});
    CHECK_OK(state);
    state_ = *std::move(state);
    RateBook book;
    CHECK_OK(AddRates(&book));
    state_->rates.SetBook(std::make_shared<const RateBook>(std::move(book)));
    runs_ = std::make_unique<Runs>(/*kv=*/nullptr, /*blocks=*/nullptr, state_->catalog,
                                   /*resident_max=*/0);
  }

  void Ingest(absl::Span<const std::string> messages) {
    std::vector<server::DecodedIngestRequest> requests;
    std::vector<CheckedBatch> batches;
    GroupBuilder builder(state_.get(), messages.size() * bench::kBatchCalls);
    Time(kDecode, [&] {
      for (const std::string& message : messages) {
        requests.push_back(*server::DecodeIngestRequest({.bytes = message, .owner = nullptr}));
      }
    });
    Time(kCheck, [&] {
      for (const server::DecodedIngestRequest& request : requests) {
        for (const server::BatchPart& part : request.batch.parts) {
          batches.push_back(CheckBatch(part.ToEventBatch(), INT64_MAX / 2, HashKey{1, 2}));
        }
      }
    });
    Entry entry;
    Time(kBuild, [&] {
      for (const CheckedBatch& batch : batches) {
        CHECK_OK(builder.Add(batch).status());
      }
      entry.blocks = builder.Finish();
    });
    CHECK_OK(state_->Commit(&entry, builder.staged()));
    TimeEncoding(entry.blocks);
    TimeFolds(entry.blocks);
  }

  double NanosecondsOf(size_t stage) const { return nanoseconds_[stage]; }

 private:
  template <typename Work>
  void Time(Stage stage, Work work) {
    const auto start = std::chrono::steady_clock::now();
    work();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - start;
    nanoseconds_[stage] += taken.count();
  }

  void TimeEncoding(const std::vector<Block>& blocks) {
    std::vector<std::string> encoded;
    Time(kEncode, [&] {
      for (const Block& block : blocks) {
        encoded.push_back(EncodeBlock(block));
      }
    });
    Time(kDecodeBlock, [&] {
      for (size_t i = 0; i < blocks.size(); ++i) {
        CHECK_OK(DecodeBlock(blocks[i].ref, encoded[i], kAllColumns).status());
      }
    });
  }

  void TimeFolds(absl::Span<const Block> blocks) {
    absl::Span<const Block> rest = blocks;
    while (!rest.empty()) {
      size_t count = 1;
      while (count < rest.size() &&
             DayOfHour(rest[count].ref.hour) == DayOfHour(rest[0].ref.hour)) {
        ++count;
      }
      Time(kSort, [&] { rows_.Sort(rest.first(count), state_->catalog); });
      Time(kRollups, [&] { rollups_.Fold(rows_); });
      Time(kBaselines, [&] { baselines_.Fold(rows_, rollups_); });
      rest.remove_prefix(count);
    }
    Time(kBaselines, [&] { baselines_.Settle(rollups_); });
    StagedRuns staged(runs_.get(), /*mutex=*/nullptr);
    for (const Block& block : blocks) {
      CHECK_OK(staged.Add(block));
    }
    Time(kRuns, [&] { CHECK_OK(runs_->Fold(blocks, staged.blocks())); });
  }

  std::unique_ptr<State> state_;
  RowsByName rows_;
  CallRollups rollups_;
  Baselines baselines_;
  std::unique_ptr<Runs> runs_;
  double nanoseconds_[kStages] = {};
};

void IngestStages(benchmark::State& state) {
  const std::vector<std::string> messages = Messages(bench::Form::kColumns);
  std::string directory = std::filesystem::temp_directory_path() / "itemized-stages-XXXXXX";
  CHECK(mkdtemp(directory.data()) != nullptr);
  for (auto _ : state) {
    const std::string store = absl::StrCat(directory, "/", state.iterations());
    Pipeline pipeline(store);
    absl::Span<const std::string> rest = messages;
    while (!rest.empty()) {
      pipeline.Ingest(rest.first(std::min(kGroupBatches, rest.size())));
      rest.remove_prefix(std::min(kGroupBatches, rest.size()));
    }
    for (size_t stage = 0; stage < kStages; ++stage) {
      state.counters[kStageNames[stage]] =
          pipeline.NanosecondsOf(stage) / static_cast<double>(kCalls);
    }
  }
  std::error_code ignored;  // A left-over directory is harmless.
  std::filesystem::remove_all(directory, ignored);
}
BENCHMARK(IngestStages)
    ->Iterations(1)
    ->Repetitions(5)
    ->ReportAggregatesOnly()
    ->Unit(benchmark::kMillisecond);

// The first stage of the same calls as rows; the others are alike.
void DecodeRows(benchmark::State& state) {
  const std::vector<std::string> messages = Messages(bench::Form::kRows);
  for (auto _ : state) {
    for (const std::string& message : messages) {
      benchmark::DoNotOptimize(server::DecodeIngestRequest({.bytes = message, .owner = nullptr}));
    }
  }
  state.SetItemsProcessed(state.iterations() * kCalls);
}
BENCHMARK(DecodeRows)->Repetitions(5)->ReportAggregatesOnly()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace itemized
