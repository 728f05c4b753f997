// SPDX-License-Identifier: Apache-2.0
#pragma once

// The part of a tracer that runs in the background.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"

#include "client/cpp/batch_stream.h"
#include "client/cpp/connection.h"
#include "client/cpp/corrections.h"
#include "client/cpp/delivery.h"
#include "client/cpp/tracer.h"
#include "storage/base/mutex.h"

namespace itemized::client {

// The threads and streams that drive a Delivery. Thread-safe.
class Sender {
 public:
  explicit Sender(TracerOptions options);
  ~Sender();  // Stops at once, so callers flush before.

  Sender(const Sender&) = delete;
  Sender& operator=(const Sender&) = delete;

  // Push, Flush and Stats are those of Tracer.
  void Push(Call&& call);
  void Push(Completion&& completion);
  absl::Status Flush(absl::Duration timeout);
  TracerStats Stats() const;

  void CountDropped(absl::string_view why);
  void CountCorrected(Correction correction);
  absl::Duration close_timeout() const { return options_.close_timeout; }

 private:
  void OpenDelivery();
  template <typename Record>
  void PushRecord(RecordType type, const Record& record);

  void Run();
  bool WaitForWork();
  void CutAndTrim();
  void SendNext();
  bool Dispatch(const BatchStream* stream, Parcel parcel);
  std::shared_ptr<BatchStream> WelcomedStream();
  std::shared_ptr<BatchStream> NewStream() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Reconcile(BatchStream& stream, uint64_t last_sequence);

  void OnAck(uint64_t sequence, const pb::BatchResult& result);
  void OnBroken(const absl::Status& status);
  void ReportRefused(const std::vector<RefusedEvent>& refused);

  void SyncInIntervals();
  bool WaitForUnsynced();
  void SyncSpool();

  void Warn(std::string sentence);
  void TellWarnings();

  const TracerOptions options_;
  const std::string id_prefix_;
  std::atomic<uint64_t> next_id_{0};
  const std::shared_ptr<Connection> connection_;
  bool is_spooling_ = false;  // Set by the constructor.

  mutable Mutex mutex_;
  CondVar work_;     // Signalled when a thread of ours may have something to do.
  CondVar settled_;  // Signalled when records are settled.
  std::unique_ptr<Delivery> delivery_ ABSL_PT_GUARDED_BY(mutex_);  // Set by the constructor.
  std::shared_ptr<BatchStream> stream_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;

  std::thread syncing_;  // It runs only if there is a spool directory.
  std::thread sending_;  // Stands last, because it uses all members above.
};

}  // namespace itemized::client
