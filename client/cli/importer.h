#pragma once

// Reads files of events and streams them to the server in batches.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "itemized/v1/ingest.pb.h"

#include "client/cli/import_ledger.h"
#include "client/cli/input_file.h"
#include "client/cli/line_reader.h"
#include "client/cli/ndjson.h"
#include "client/cpp/batch_stream.h"

namespace itemized::cli {

// Run is called once, by one thread; everything else by any.
class Importer {
 public:
  // The references outlive the importer.
  Importer(const std::vector<std::string>& files, int stdin_fd,
           const std::atomic<bool>& interrupted, std::shared_ptr<client::Connection> connection,
           ImportLedger& ledger);

  // Imports all files; OK once everything sent is acknowledged. Once
  // `interrupted` is set it reads no further, but still waits for what is in
  // flight. Errors: UNAVAILABLE if a file cannot be read or the stream breaks.
  absl::Status Run();

  // Gives up waiting; Run returns CANCELLED.
  void Cancel() { stream_.Cancel(); }

  uint64_t bytes_read() const { return bytes_read_; }
  int64_t events() const { return events_; }  // Sent so far.

 private:
  absl::Status ImportFile(size_t index);
  absl::Status ImportLine(Place place, const Line& line, const std::string& content_hash);
  absl::Status SendBatch();

  const std::vector<std::string>& files_;
  const int stdin_fd_;
  const std::atomic<bool>& interrupted_;
  ImportLedger& ledger_;
  client::BatchStream stream_;

  NdjsonParser parser_;
  pb::Batch batch_;
  std::vector<Place> places_;  // Of the events in the batch.
  size_t batch_bytes_ = 0;     // Of their lines.
  uint64_t sequence_ = 0;
  std::atomic<uint64_t> bytes_read_ = 0;
  std::atomic<int64_t> events_ = 0;
};

}  // namespace itemized::cli
