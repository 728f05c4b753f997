// SPDX-License-Identifier: Apache-2.0
#pragma once

// The C++ client: this folder records model calls, reports them to an itemized server from the
// background, and asks it questions. It goes into other people's programs, and so uses the
// messages of proto/ and the plain values of storage/base alone.
//
//   Tracer tracer({.address = "127.0.0.1:4317"});
//   {
//     CostTrace trace(tracer, "summarise", "claude-sonnet-4-6", run_id);  // cost_trace.h
//     ...
//   }
//   tracer.Complete(run_id, Outcome::kCompleted);
//   absl::Status delivered = tracer.Flush(absl::Seconds(5));

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "client/cpp/call.h"
#include "storage/base/time.h"

namespace itemized::client {

class Sender;

struct TracerOptions {
  std::string address = "127.0.0.1:4317";  // Where the server takes gRPC.

  // A batch is sent when it has this many records, 2 MiB or one record this old.
  size_t batch_calls_max = 1000;  // It may be 1 to 10,000.
  absl::Duration batch_age_max = absl::Milliseconds(200);

  // If there is no spool, records that are not acknowledged are kept in memory up to these
  // limits, and further ones are dropped. What was acknowledged last takes up to 10 MiB more.
  size_t queue_calls_max = 100'000;
  size_t queue_bytes_max = 64 << 20;

  // A directory of this tracer's own, created if it is missing. Records are kept there instead of
  // in memory, and outlive the process: the next tracer that opens the directory delivers them. If
  // it cannot be opened, for instance because another tracer uses it, that is told to on_warning
  // and the tracer works from memory.
  std::string spool_directory = {};
  // How many bytes the files of the spool may have. When they are full, further records are
  // dropped.
  uint64_t spool_bytes_max = uint64_t{1} << 30;
  // A record in a spool is safe from a crash of the process as soon as Record returns, and from a
  // power cut or crash of the machine at most this long after. With zero, Record waits for the
  // disk.
  absl::Duration spool_sync_interval = absl::Milliseconds(100);

  size_t window = 16;  // So many batches may be on their way at once.

  // Waits between attempts to reach the server double from the one to the other.
  absl::Duration backoff_initial = absl::Milliseconds(100);
  absl::Duration backoff_max = absl::Seconds(10);

  // How long the destructor waits for what is not acknowledged.
  absl::Duration close_timeout = absl::Seconds(5);

  // Is called from a background thread for each event that was not stored, again if its batch is
  // sent again. It may call Record, but not Flush, and must not block for long. If it is null, the
  // first such event is told to on_warning.
  std::function<void(const RefusedEvent&)> on_refused = nullptr;

  // Is called from a background thread, and at last from the destructor, with a sentence that an
  // operator should read: the server has lost what it had acknowledged, another sender goes by the
  // same id, records are being dropped, the spool is damaged or fails, or a value had to be
  // corrected (told once for each kind). It may do what on_refused may. If it is null, sentences go
  // to standard error.
  std::function<void(const std::string&)> on_warning = nullptr;

  const Clock* clock = nullptr;  // Null is the machine's clock. It must outlive the tracer.
};

// What became of records: recorded + recovered = acknowledged + refused + queued.
struct TracerStats {
  uint64_t recorded = 0;      // Record took them.
  uint64_t recovered = 0;     // They were found in the spool of an earlier tracer.
  uint64_t sent = 0;          // They were given to the network; those sent again count again.
  uint64_t acknowledged = 0;  // The server has them on disk.
  uint64_t duplicate = 0;     // They are acknowledged and had been stored before.
  uint64_t refused = 0;       // They are not stored, see on_refused, or were damaged in the spool.
  uint64_t queued = 0;        // They are not acknowledged yet.
  uint64_t dropped = 0;       // Record did not take them: queue, spool or disk was full.
  uint64_t reconnects = 0;    // Streams that were opened after the first.
  uint64_t lost_batches = 0;  // Batches that were acknowledged, and that the server has lost since.
  uint64_t warnings = 0;      // Sentences that were told to on_warning.
  uint64_t corrected = 0;     // Values that were replaced or left out of what Record took.
  bool spooling = false;      // Records are kept in spool_directory.
  std::string last_error;     // Why a stream or record failed last, which may long be mended.
};

// Thread-safe; one for a process is enough. After fork(), a child makes a tracer of its own, with a
// spool directory of its own: all that it records into its parent's tracer is dropped.
class Tracer {
 public:
  explicit Tracer(TracerOptions options);
  // Flushes for up to close_timeout. What is left then is lost, unless it is in a spool.
  ~Tracer();

  Tracer(const Tracer&) = delete;
  Tracer& operator=(const Tracer&) = delete;

  // These hand a record to the background thread, by way of the spool if there is one. They never
  // wait for the network and never fail: a record that finds no room, or is larger than 1 MiB, is
  // counted as dropped. A value that no server takes costs itself, not its record, where it can
  // (corrections.h).
  void Record(Call call) noexcept;
  void Record(Completion completion) noexcept;

  // Records the end of a run.
  void Complete(std::string workflow_id, Outcome outcome,
                std::vector<std::string> unused_steps = {}, std::string workflow = {});

  // Sends at once what was recorded before, and waits until the server has stored or refused it
  // all. DEADLINE_EXCEEDED says how many records are not acknowledged, and why if that is known;
  // they stay queued.
  absl::Status Flush(absl::Duration timeout);

  TracerStats Stats() const;
  const Clock& clock() const { return *clock_; }

 private:
  bool forked() const;
  template <typename Event>
  void Hand(Event&& event) noexcept;

  const Clock* const clock_;
  const uint64_t forks_;  // How many forks there had been when the tracer was made.
  std::unique_ptr<Sender> sender_;
  std::atomic<uint64_t> dropped_after_fork_{0};
};

}  // namespace itemized::client
