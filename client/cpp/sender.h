#pragma once

// The part of a tracer that runs in the background: batches, sends, keeps what
// is not acknowledged, reconnects and sends it again.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "client/cpp/backoff.h"
#include "client/cpp/batch_stream.h"
#include "client/cpp/call_queue.h"
#include "client/cpp/connection.h"
#include "client/cpp/outbox.h"
#include "client/cpp/tracer.h"
#include "storage/base/mutex.h"

namespace itemized::client {

// Thread-safe.
class Sender {
 public:
  explicit Sender(TracerOptions options);
  ~Sender();  // Stops at once; flush before.

  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // As Tracer's.
  void Push(Call&& call) { PushRecord(std::move(call)); }
  void Push(Completion&& completion) { PushRecord(std::move(completion)); }
  absl::Status Flush(absl::Duration timeout);
  TracerStats Stats() const;

  void CountDropped(absl::string_view why);
  absl::Duration close_timeout() const { return options_.close_timeout; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  template <typename Record>
  void PushRecord(Record&& record);

  void Run();
  bool WaitForWork();
  bool CanSend(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool CanTake(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  TimePoint NextWake(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void PackNext();
  void SendNext();
  std::shared_ptr<BatchStream> WelcomedStream();
  std::shared_ptr<BatchStream> NewStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reconcile(BatchStream& stream, uint64_t last_sequence);

  void OnAck(uint64_t sequence, const pb::BatchResult& result);
  void OnBroken(const absl::Status& status);
  void Settle(const Shipment& shipment, const pb::BatchResult& result);
  void ReportRefused(const std::vector<RefusedEvent>& refused) const;
  uint64_t SettledThrough() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const TracerOptions options_;
  const std::string id_prefix_;
  const std::shared_ptr<Connection> connection_;

  mutable Mutex mutex_;
  CondVar work_;     // Signalled when the sending thread may have something to do.
  CondVar settled_;  // Signalled when records are settled.
  CallQueue queue_ ABSL_GUARDED_BY(mutex_);
  Outbox outbox_ ABSL_GUARDED_BY(mutex_);
  uint64_t packed_through_ ABSL_GUARDED_BY(mutex_) = 0;  // All records below are out of queue_.
  uint64_t flush_through_ ABSL_GUARDED_BY(mutex_) = 0;   // Records below are sent without delay.
  std::shared_ptr<BatchStream> stream_ ABSL_GUARDED_BY(mutex_);
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // stream_ is of no more use.
  bool connected_before_ ABSL_GUARDED_BY(mutex_) = false;
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  TimePoint retry_at_ ABSL_GUARDED_BY(mutex_);  // Nothing is sent before.
  TracerStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread thread_;  // Last: it uses all of the above.
};

}  // namespace itemized::client
