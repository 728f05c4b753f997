// SPDX-License-Identifier: Apache-2.0
#include "client/cli/importer.h"

#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "client/cli/version.h"
#include "client/cpp/backoff.h"
#include "client/cpp/producer.h"
#include "storage/base/bytes.h"
#include "storage/base/check.h"
#include "storage/base/status_macros.h"

namespace itemized::cli {
namespace {

constexpr int64_t kBatchEvents = 1000;
// A server needs 30 calls of a step for a median. While few are known, batches are small.
constexpr int64_t kFirstBatchEvents = 50;
constexpr int64_t kGrowth = 8;  // A batch has so small a part of what was sent before it.
constexpr size_t kBatchesUnderWay = 16;
constexpr size_t kBatchBytes = size_t{4} << 20;  // Well below what a server takes in one message.

// Says that a broken last line may be due to a file that was cut.
text::LineRefusal MaybeCutOff(text::LineRefusal refusal, const Line& line) {
  if (!line.terminated && refusal.code == pb::REFUSAL_CODE_MALFORMED) {
    absl::StrAppend(&refusal.message,
                    " It is the last line and has no line feed: the file may be cut off.");
  }
  return refusal;
}

// One content has one id if the same version reads it: its batches are then cut alike, and the
// server knows them from an import that was interrupted.
std::string ProducerIdOf(const std::string& content_hash) {
  const std::string name = absl::StrCat("itemize import ", kVersion, " ", content_hash);
  const XXH128_hash_t hash = XXH3_128bits(name.data(), name.size());
  std::string id;
  AppendBigEndian64(&id, hash.high64);
  AppendBigEndian64(&id, hash.low64);
  return id;
}

// Whether the same may work later.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsResourceExhausted(status) ||
         absl::IsOutOfRange(status);
}

}  // namespace

Importer::Importer(const std::vector<std::string>& files, int stdin_fd,
                   const std::atomic<bool>& interrupted, absl::Duration patience,
                   std::shared_ptr<client::Connection> connection, ImportPace pace,
                   ImportLedger& ledger)
    : files_(files),
      stdin_fd_(stdin_fd),
      interrupted_(interrupted),
      patience_(patience),
      connection_(std::move(connection)),
      pace_(pace),
      ledger_(ledger) {}

void Importer::Cancel() {
  const MutexLock lock(mutex_);
  cancelled_ = true;
  if (stream_ != nullptr) {
    stream_->Cancel();
  }
  cancelled_changed_.notify_all();
}

absl::Status Importer::Run() {
  absl::Status status;
  for (size_t i = 0; i < files_.size() && status.ok() && !interrupted_; ++i) {
    status = ImportFile(i);
  }
  return status;
}

// Goes over the file again if the stream breaks, without what was acknowledged.
absl::Status Importer::ImportFile(size_t index) {
  ASSIGN_OR_RETURN(const InputFile file, OpenInput(files_[index], stdin_fd_, interrupted_));
  const uint64_t bytes_before = bytes_read_;
  client::Backoff backoff(std::chrono::milliseconds(100), std::chrono::seconds(2));
  absl::Time give_up = absl::Now() + patience_;
  while (true) {
    const uint64_t acknowledged = ledger_.acknowledged(index);
    bytes_read_ = bytes_before;
    const absl::Status status = SendFile(index, file);
    if (ledger_.acknowledged(index) > acknowledged) {
      backoff.Reset();
      give_up = absl::Now() + patience_;
    }
    if (!MayPass(status) || absl::Now() >= give_up || !WaitBeforeRetry(backoff.Next())) {
      return status;
    }
    ledger_.Abandon();
  }
}

// False if it is not to be tried again.
bool Importer::WaitBeforeRetry(std::chrono::nanoseconds wait) {
  const auto deadline = std::chrono::steady_clock::now() + wait;
  MutexLock lock(mutex_);
  while (!cancelled_ && std::chrono::steady_clock::now() < deadline) {
    cancelled_changed_.wait_until(mutex_, deadline);
  }
  return !cancelled_ && !interrupted_;
}

absl::Status Importer::SendFile(size_t index, const InputFile& file) {
  batch_.Clear();
  batch_bytes_ = 0;
  places_.clear();
  sequence_ = 0;
  absl::Status status = SendLines(index, file);
  std::shared_ptr<client::BatchStream> stream;
  {
    const MutexLock lock(mutex_);
    stream = std::move(stream_);
  }
  if (stream != nullptr) {
    // The stream is finished after an error of ours, too: what was sent before it counts.
    const absl::Status finished = stream->Finish();
    status = status.ok() ? finished : status;
  }
  if (absl::IsFailedPrecondition(status)) {
    return absl::FailedPreconditionError(
        absl::StrCat("Another import of the content of \"", files_[index],
                     "\" has begun since: let it finish. ", status.message()));
  }
  return status;
}

absl::Status Importer::SendLines(size_t index, const InputFile& file) {
  CHECK(lseek(file.fd.get(), 0, SEEK_SET) == 0);
  LineReader reader(file.fd.get(), file.bytes, text::kLineBytesMax);
  const uint64_t bytes_before = bytes_read_;
  Line line;
  while (!interrupted_) {
    ASSIGN_OR_RETURN(const bool more, reader.Next(line));
    if (!more) {
      return SendBatch(index, file);
    }
    RETURN_IF_ERROR(ImportLine({index, line.number}, line, file));
    bytes_read_ = bytes_before + reader.bytes_read();
  }
  return absl::OkStatus();
}

absl::Status Importer::ImportLine(Place place, const Line& line, const InputFile& file) {
  if (line.too_long) {
    ledger_.Refuse(place, {pb::REFUSAL_CODE_MALFORMED, text::kLineTooLong});
    return absl::OkStatus();
  }
  if (text::IsBlank(line.text)) {
    return absl::OkStatus();
  }
  pb::Event* event = batch_.add_events();
  if (std::optional<text::LineRefusal> refusal = parser_.Parse(line.text, *event)) {
    batch_.mutable_events()->RemoveLast();
    ledger_.Refuse(place, MaybeCutOff(*std::move(refusal), line));
    return absl::OkStatus();
  }
  if (event->has_call() && event->call().event_id().empty()) {
    event->mutable_call()->set_event_id(absl::StrCat(file.content_hash, ":", line.number));
  }
  const int64_t time_us =
      event->has_call() ? event->call().time_unix_us() : event->completion().time_unix_us();
  span_.from_us = std::min(span_.from_us, time_us);
  span_.to_us = std::max(span_.to_us, time_us);
  places_.push_back(place);
  batch_bytes_ += line.text.size();
  const bool full = batch_.events_size() >= BatchEventsMax() || batch_bytes_ >= kBatchBytes;
  return full ? SendBatch(place.file, file) : absl::OkStatus();
}

int64_t Importer::BatchEventsMax() const {
  return pace_ == ImportPace::kFast
             ? kBatchEvents
             : std::clamp(events_.load() / kGrowth, kFirstBatchEvents, kBatchEvents);
}

absl::Status Importer::BeginStream(size_t index, const InputFile& file) {
  const client::Producer producer = {.id = ProducerIdOf(file.content_hash),
                                     .epoch = 1,
                                     .acknowledged_sequence = ledger_.acknowledged(index)};
  auto stream = std::make_shared<client::BatchStream>(
      connection_,
      [this, index](uint64_t sequence, const pb::BatchResult& result) {
        ledger_.Acknowledge({index, sequence}, result);
      },
      client::BatchStream::Options{.window = pace_ == ImportPace::kFast ? kBatchesUnderWay : 1,
                                   .producer = producer});
  {
    const MutexLock lock(mutex_);
    if (cancelled_) {
      return absl::CancelledError("The import was interrupted.");
    }
    stream_ = stream;
  }
  ASSIGN_OR_RETURN(const uint64_t last_sequence, stream->AwaitWelcome());
  // What an earlier import left there is sent again, so that refused lines are named.
  known_through_ = std::min(last_sequence, producer.acknowledged_sequence);
  return absl::OkStatus();
}

absl::Status Importer::SendBatch(size_t index, const InputFile& file) {
  if (batch_.events().empty()) {
    return absl::OkStatus();
  }
  if (++sequence_ == 1) {
    RETURN_IF_ERROR(BeginStream(index, file));
  }
  if (sequence_ > known_through_) {
    std::shared_ptr<client::BatchStream> stream;
    {
      const MutexLock lock(mutex_);
      stream = stream_;
    }
    ledger_.Send({index, sequence_}, places_);
    RETURN_IF_ERROR(stream->Send(batch_, sequence_));
    events_ += batch_.events_size();
  }
  places_.clear();
  batch_.Clear();
  batch_bytes_ = 0;
  return absl::OkStatus();
}

}  // namespace itemized::cli
