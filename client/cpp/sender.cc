// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/sender.h"

#include <algorithm>
#include <cstdio>
#include <deque>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/spool/record_codec.h"

namespace itemized::client {

namespace {

constexpr size_t kBatchCallsMax = 10'000;  // The server refuses larger batches.
// How much of acknowledged batches stays in memory, in case that the server loses them; bytes.
constexpr uint64_t kMemoryRetainedMax = 8 << 20;
constexpr size_t kMemorySegmentBytes = 2 << 20;

using TimePoint = std::chrono::steady_clock::time_point;

TimePoint Now() {
  return std::chrono::steady_clock::now();
}

std::chrono::nanoseconds ToChrono(absl::Duration duration) {
  // Bounded so that adding it to an instant cannot overflow.
  return absl::ToChronoNanoseconds(
      std::clamp(duration, absl::ZeroDuration(), absl::Hours(24 * 365)));
}

TracerOptions Sane(TracerOptions options) {
  options.window = std::max<size_t>(options.window, 1);
  options.batch_calls_max = std::clamp<size_t>(options.batch_calls_max, 1, kBatchCallsMax);
  return options;
}

SpoolOptions InDirectory(const TracerOptions& options) {
  return {.directory = options.spool_directory,
          .bytes_max = options.spool_bytes_max,
          .batch_records = options.batch_calls_max};
}

SpoolOptions InMemory(const TracerOptions& options) {
  return {.records_max = options.queue_calls_max,
          .record_bytes_max = options.queue_bytes_max,
          .batch_records = options.batch_calls_max,
          .retain_bytes = kMemoryRetainedMax,
          .segment_bytes = kMemorySegmentBytes};
}

// Random, so that no other tracer of any process makes the same event ids.
std::string RandomPrefix() {
  std::random_device random;
  const uint64_t value = (uint64_t{random()} << 32) | random();
  return absl::StrCat(absl::Hex(value, absl::kZeroPad16), "-");
}

}  // namespace

Sender::Sender(TracerOptions options)
    : options_(Sane(std::move(options))),
      id_prefix_(RandomPrefix()),
      connection_(Connection::Open(options_.address)) {
  OpenDelivery();
  if (is_spooling_ && options_.spool_sync_interval > absl::ZeroDuration()) {
    syncing_ = std::thread([this] { SyncInIntervals(); });
  }
  sending_ = std::thread([this] { Run(); });
}

Sender::~Sender() {
  std::shared_ptr<BatchStream> stream;
  {
    MutexLock lock(mutex_);
    stop_ = true;
    stream = stream_;
    work_.notify_all();
  }
  if (stream != nullptr) {
    stream->Cancel();
  }
  sending_.join();
  if (syncing_.joinable()) {
    syncing_.join();
  }
  // The stream's reader uses this object, so it has to end before the members do.
  {
    MutexLock lock(mutex_);
    stream_.reset();
  }
  stream.reset();
  SyncSpool();
  TellWarnings();
}

void Sender::OpenDelivery() {
  std::vector<std::string> notes;
  std::unique_ptr<Spool> spool;
  if (!options_.spool_directory.empty()) {
    absl::StatusOr<std::unique_ptr<Spool>> opened = Spool::Open(InDirectory(options_), &notes);
    is_spooling_ = opened.ok();
    if (opened.ok()) {
      spool = *std::move(opened);
    } else {
      notes.push_back(absl::StrCat(
          opened.status().message(),
          " Calls are kept in memory instead: a crash of this process loses those that are not "
          "delivered."));
    }
  }
  if (spool == nullptr) {
    spool = std::make_unique<Spool>(InMemory(options_));
  }
  delivery_ = std::make_unique<Delivery>(
      Delivery::Options{.address = options_.address,
                        .window = options_.window,
                        .batch_age_max = ToChrono(options_.batch_age_max)},
      Backoff(ToChrono(options_.backoff_initial), ToChrono(options_.backoff_max)),
      std::move(spool));
  for (std::string& note : notes) {
    Warn(std::move(note));
  }
}

void Sender::Push(Call&& call) {
  if (call.event_id.empty()) {
    absl::StrAppend(&call.event_id, id_prefix_, absl::Hex(next_id_.fetch_add(1)));
  }
  PushRecord(RecordType::kCall, call);
}

void Sender::Push(Completion&& completion) {
  PushRecord(RecordType::kCompletion, completion);
}

template <typename Record>
void Sender::PushRecord(RecordType type, const Record& record) {
  thread_local std::string bytes;  // Its memory is used again.
  bytes.clear();
  AppendRecord(record, &bytes);
  if (bytes.size() > Segment::kPayloadBytesMax) {
    bytes = std::string();
    return CountDropped(
        "A record of more than 1 MiB was dropped; shorten its names and "
        "attributes.");
  }
  bool is_awaited = false;
  {
    MutexLock lock(mutex_);
    is_awaited = delivery_->Append(type, bytes);
  }
  if (is_awaited) {
    work_.notify_all();
  }
  if (options_.spool_sync_interval <= absl::ZeroDuration()) {
    SyncSpool();
  }
}

void Sender::CountDropped(absl::string_view why) {
  MutexLock lock(mutex_);
  delivery_->CountDropped(why);
}

void Sender::CountCorrected(Correction correction) {
  MutexLock lock(mutex_);
  delivery_->CountCorrected(std::move(correction));
  work_.notify_all();
}

absl::Status Sender::Flush(absl::Duration timeout) {
  const TimePoint deadline = Now() + ToChrono(timeout);
  MutexLock lock(mutex_);
  const uint64_t target = delivery_->RequestFlush();
  work_.notify_all();
  while (delivery_->settled_through() < target) {
    if (settled_.wait_until(mutex_, deadline) == std::cv_status::timeout &&
        delivery_->settled_through() < target) {
      const std::string last_error = delivery_->Stats().last_error;
      return absl::DeadlineExceededError(
          absl::StrCat(target - delivery_->settled_through(),
                       " records are not acknowledged by the itemized server at ", options_.address,
                       " yet; they are kept and sent again.",
                       last_error.empty() ? "" : " Last error: ", last_error));
    }
  }
  return absl::OkStatus();
}

TracerStats Sender::Stats() const {
  MutexLock lock(mutex_);
  TracerStats stats = delivery_->Stats();
  stats.spooling = is_spooling_;
  return stats;
}

void Sender::Run() {
  while (WaitForWork()) {
    TellWarnings();
    CutAndTrim();
    SendNext();
  }
}

// False when it is time to stop.
bool Sender::WaitForWork() {
  MutexLock lock(mutex_);
  while (!stop_) {
    const TimePoint now = Now();
    if (delivery_->HasWork(now)) {
      return true;
    }
    work_.wait_until(mutex_, delivery_->NextWake(now));
  }
  return false;
}

void Sender::CutAndTrim() {
  MutexLock lock(mutex_);
  delivery_->CutAndTrim(Now());
}

void Sender::SendNext() {
  const std::shared_ptr<BatchStream> stream = WelcomedStream();
  if (stream == nullptr) {
    return;
  }
  std::optional<Parcel> parcel;
  {
    MutexLock lock(mutex_);
    parcel = delivery_->Next();
  }
  if (!parcel.has_value()) {
    return;
  }
  absl::Status problem;
  const pb::Batch batch = PackParcel(&*parcel, &problem);
  if (!problem.ok()) {
    Warn(std::string(problem.message()));
  }
  const uint64_t sequence = parcel->sequence;
  if (Dispatch(stream.get(), *std::move(parcel))) {
    // An error is told to OnBroken too, which sees to it that this is sent again.
    stream->Send(batch, sequence).IgnoreError();
  }
}

// False if the stream broke meanwhile.
bool Sender::Dispatch(const BatchStream* stream, Parcel parcel) {
  MutexLock lock(mutex_);
  return stream_.get() == stream && delivery_->Dispatch(std::move(parcel));
}

// The open stream, or a new one once it is welcomed; null if nothing is to be
// sent now.
std::shared_ptr<BatchStream> Sender::WelcomedStream() {
  std::shared_ptr<BatchStream> old_stream;
  {
    MutexLock lock(mutex_);
    if (stop_ || !delivery_->CanSend(Now())) {
      return nullptr;
    }
    if (delivery_->is_streaming()) {
      return stream_;
    }
    old_stream = std::move(stream_);
  }
  old_stream.reset();  // Waits for its reader, which may still say that it broke.
  std::shared_ptr<BatchStream> stream;
  {
    MutexLock lock(mutex_);
    if (stop_) {
      return nullptr;
    }
    stream = stream_ = NewStream();
  }
  const absl::StatusOr<uint64_t> last_sequence = stream->AwaitWelcome();
  const bool goes_on = last_sequence.ok() && Reconcile(*stream, *last_sequence);
  TellWarnings();
  return goes_on ? stream : nullptr;
}

std::shared_ptr<BatchStream> Sender::NewStream() {
  return std::make_shared<BatchStream>(
      connection_,
      [this](uint64_t sequence, const pb::BatchResult& result) { OnAck(sequence, result); },
      BatchStream::Options{.window = options_.window,
                           .on_broken = [this](const absl::Status& s) { OnBroken(s); },
                           .producer = delivery_->BeginStream()});
}

// False if another stream is needed.
bool Sender::Reconcile(BatchStream& stream, uint64_t last_sequence) {
  {
    MutexLock lock(mutex_);
    if (delivery_->Welcome(last_sequence)) {
      return true;
    }
  }
  stream.Cancel();
  return false;
}

}  // namespace itemized::client
