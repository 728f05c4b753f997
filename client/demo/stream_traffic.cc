// SPDX-License-Identifier: Apache-2.0
#include "client/demo/stream_traffic.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "client/cpp/batch_stream.h"
#include "client/demo/column_batch.h"
#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"

namespace itemized::demo {
namespace {

constexpr size_t kRefusalsShown = 5;

constexpr uint64_t kLearningBatches = 4;
constexpr int kLearningEvents = 400;

class Sender {
 public:
  Sender(std::shared_ptr<client::Connection> connection, const StreamOptions& options)
      : connection_(std::move(connection)),
        options_(options),
        stream_(connection_, [this](uint64_t, const v1::BatchResult& result) { Count(result); }) {}

  absl::Status Add(const Delivery& delivery) {
    ++(delivery.is_completion ? completions_ : calls_);
    batch_.Add(delivery);
    return batch_.size() < EventsOfBatch(options_, sequence_) ? absl::OkStatus() : Flush();
  }

  absl::StatusOr<StreamReport> Finish() {
    if (batch_.size() > 0) {
      RETURN_IF_ERROR(Flush());
    }
    RETURN_IF_ERROR(stream_.Finish());
    MutexLock lock(mutex_);
    report_.calls = calls_;
    report_.completions = completions_;
    return report_;
  }

  int64_t calls() const { return calls_; }

 private:
  absl::Status Flush() {
    const bool alone = sequence_ < kLearningBatches;
    ++sequence_;
    if (!alone) {
      return stream_.Send(batch_.Take(), sequence_);
    }
    v1::WriteRequest request;
    *request.mutable_batch() = batch_.Take();
    ASSIGN_OR_RETURN(const v1::WriteResponse response, connection_->Write(request));
    Count(response.result());
    return absl::OkStatus();
  }

  void Count(const v1::BatchResult& result) {
    MutexLock lock(mutex_);
    report_.accepted += result.accepted();
    report_.duplicate += result.duplicate();
    report_.refused += result.refused();
    for (const v1::Refusal& refusal : result.refusals()) {
      if (report_.refusals.size() < kRefusalsShown) {
        report_.refusals.push_back(refusal.message());
      }
    }
  }

  const std::shared_ptr<client::Connection> connection_;
  const StreamOptions options_;
  ColumnBatch batch_;
  uint64_t sequence_ = 0;
  int64_t calls_ = 0;
  int64_t completions_ = 0;
  Mutex mutex_;
  StreamReport report_ ABSL_GUARDED_BY(mutex_);
  client::BatchStream stream_;  // Last: its callbacks use the members above.
};

}  // namespace

int EventsOfBatch(const StreamOptions& options, uint64_t sent) {
  return sent < kLearningBatches ? std::min(kLearningEvents, options.batch_events)
                                 : options.batch_events;
}

void ShowProgress(const StreamOptions& options, const Traffic& traffic, int64_t calls) {
  if (options.show_progress && traffic.Done()) {
    std::fputs("\r\033[K", stderr);
  } else if (options.show_progress) {
    std::fprintf(stderr, "\r  day %2d of %d, %lld calls ", (traffic.hour() + 23) / 24,
                 traffic.hours() / 24, static_cast<long long>(calls));
  }
}

absl::StatusOr<StreamReport> StreamTraffic(std::shared_ptr<client::Connection> connection,
                                           const StreamOptions& options, Traffic* traffic) {
  Sender sender(std::move(connection), options);
  RETURN_IF_ERROR(PlayTraffic(options, traffic, &sender));
  return sender.Finish();
}

}  // namespace itemized::demo
