#pragma once

// The part of a tracer that runs in the background: cuts batches, sends them,
// keeps what is not acknowledged, reconnects and sends it again.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
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
#include "client/cpp/connection.h"
#include "client/cpp/spool/spool.h"
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
  void Push(Call&& call);
  void Push(Completion&& completion);
  absl::Status Flush(absl::Duration timeout);
  TracerStats Stats() const;

  void CountDropped(absl::string_view why);
  absl::Duration close_timeout() const { return options_.close_timeout; }

 private:
  using TimePoint = std::chrono::steady_clock::time_point;

  // A batch that went out over stream_ and is not acknowledged.
  struct Parcel {
    uint64_t sequence = 0;
    SpooledBatch batch;
    std::vector<RefusedEvent> unsendable;  // Records that could not be put on the wire.
    size_t unsent = 0;                     // Those, and those that could not be read.
  };

  void OpenSpool();
  template <typename Record>
  void PushRecord(RecordType type, const Record& record);

  void Run();
  bool WaitForWork();
  bool CanSend(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool CanCut(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasRoomInWindow() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  TimePoint NextWake(TimePoint now) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CutAndTrim();
  void SendNext();
  bool Dispatch(const BatchStream* stream, Parcel parcel);
  std::shared_ptr<BatchStream> WelcomedStream();
  std::shared_ptr<BatchStream> NewStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reconcile(BatchStream& stream, uint64_t last_sequence);

  void OnAck(uint64_t sequence, const pb::BatchResult& result);
  void OnBroken(const absl::Status& status);
  void Settle(const pb::BatchResult& result);
  void ReportRefused(const std::vector<RefusedEvent>& refused) const;

  void SyncInIntervals();
  bool WaitForUnsynced();
  void SyncSpool();

  void Warn(std::string sentence) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TellWarnings();

  const TracerOptions options_;
  const std::string id_prefix_;
  std::atomic<uint64_t> next_id_{0};
  const std::shared_ptr<Connection> connection_;

  mutable Mutex mutex_;
  CondVar work_;     // Signalled when a thread of ours may have something to do.
  CondVar settled_;  // Signalled when records are settled.
  std::unique_ptr<Spool> spool_ ABSL_GUARDED_BY(mutex_);  // Set by the constructor.
  uint64_t next_batch_ ABSL_GUARDED_BY(mutex_) = 1;       // To be sent.
  std::deque<Parcel> parcels_ ABSL_GUARDED_BY(mutex_);
  uint64_t flush_through_ ABSL_GUARDED_BY(mutex_) = 0;  // Records below are sent without delay.
  std::shared_ptr<BatchStream> stream_ ABSL_GUARDED_BY(mutex_);
  bool broken_ ABSL_GUARDED_BY(mutex_) = false;  // stream_ is of no more use.
  bool connected_before_ ABSL_GUARDED_BY(mutex_) = false;
  bool fenced_before_ ABSL_GUARDED_BY(mutex_) = false;
  bool renumbered_ ABSL_GUARDED_BY(mutex_) = false;  // And nothing was acknowledged since.
  bool dropping_ ABSL_GUARDED_BY(mutex_) = false;    // The last record was dropped.
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  Backoff backoff_ ABSL_GUARDED_BY(mutex_);
  TimePoint retry_at_ ABSL_GUARDED_BY(mutex_);  // Nothing is sent before.
  TimePoint trim_at_ ABSL_GUARDED_BY(mutex_) = TimePoint::max();
  std::deque<std::string> warnings_ ABSL_GUARDED_BY(mutex_);  // Not told yet.
  TracerStats stats_ ABSL_GUARDED_BY(mutex_);

  std::thread syncing_;  // Only with a spool directory.
  std::thread sending_;  // Last: it uses all of the above.
};

}  // namespace itemized::client
