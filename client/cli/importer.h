// SPDX-License-Identifier: Apache-2.0
#pragma once

// Reads files of events and streams them to the server in batches. Files, retries and progress do
// not depend on the form of the events; ImportLine is where a line becomes an itemized.v1.Event.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "itemized/v1/ingest.pb.h"
#include "proto/text/ndjson.h"

#include "client/cli/import.h"
#include "client/cli/import_ledger.h"
#include "client/cli/input_file.h"
#include "client/cli/line_reader.h"
#include "client/cpp/batch_stream.h"
#include "storage/base/mutex.h"

namespace itemized::cli {

// Run must be called once; any thread may call everything else meanwhile.
class Importer {
 public:
  // The references outlive the importer. A server that goes away is waited for up
  // to `patience`, counted from its last answer.
  Importer(const std::vector<std::string>& files, int stdin_fd,
           const std::atomic<bool>& interrupted, absl::Duration patience,
           std::shared_ptr<client::Connection> connection, ImportPace pace, ImportLedger& ledger);

  // Imports all files; OK once everything sent is acknowledged. Once `interrupted` is set it reads
  // no further, but still waits for what is in flight. UNAVAILABLE if a file cannot be read or the
  // server stays away; FAILED_PRECONDITION if another import of the same content has taken over.
  absl::Status Run();

  // Gives up waiting; Run returns CANCELLED.
  void Cancel();

  uint64_t bytes_read() const { return bytes_read_; }
  int64_t events() const { return events_; }  // How many were sent so far.
  EventSpan span() const { return span_; }    // Those that were sent lie in it, once Run is over.

 private:
  absl::Status ImportFile(size_t index);
  absl::Status SendFile(size_t index, const InputFile& file);
  absl::Status SendLines(size_t index, const InputFile& file);
  absl::Status BeginStream(size_t index, const InputFile& file);
  bool WaitBeforeRetry(std::chrono::nanoseconds wait);
  absl::Status ImportLine(Place place, const Line& line, const InputFile& file);
  int64_t BatchEventsMax() const;
  absl::Status SendBatch(size_t index, const InputFile& file);

  const std::vector<std::string>& files_;
  const int stdin_fd_;
  const std::atomic<bool>& interrupted_;
  const absl::Duration patience_;
  const std::shared_ptr<client::Connection> connection_;
  const ImportPace pace_;
  ImportLedger& ledger_;

  Mutex mutex_;
  CondVar cancelled_changed_;
  bool cancelled_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<client::BatchStream> stream_ ABSL_GUARDED_BY(mutex_);  // It is for one file.

  text::NdjsonParser parser_;
  pb::Batch batch_;
  std::vector<Place> places_;  // Where the events of the batch stand.
  EventSpan span_;
  size_t batch_bytes_ = 0;      // How many bytes the lines of the batch have.
  uint64_t sequence_ = 0;       // The sequence of the last batch cut from the file.
  uint64_t known_through_ = 0;  // Batches of the file that need not be sent.
  std::atomic<uint64_t> bytes_read_ = 0;
  std::atomic<int64_t> events_ = 0;
};

}  // namespace itemized::cli
