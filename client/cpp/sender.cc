#include "client/cpp/sender.h"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/batch_packer.h"
#include "client/cpp/spool/read_batch.h"
#include "client/cpp/spool/record_codec.h"

namespace itemized::client {

namespace {

constexpr size_t kBatchCallsMax = 10'000;  // The server refuses larger batches.
// Of acknowledged batches in memory, kept in case that the server loses them.
constexpr uint64_t kMemoryRetainedMax = 8 << 20;
constexpr size_t kMemorySegmentBytes = 2 << 20;

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
      connection_(Connection::Open(options_.address)),
      backoff_(ToChrono(options_.backoff_initial), ToChrono(options_.backoff_max)) {
  OpenSpool();
  if (Stats().spooling && options_.spool_sync_interval > absl::ZeroDuration()) {
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

void Sender::OpenSpool() {
  MutexLock lock(mutex_);
  if (!options_.spool_directory.empty()) {
    std::vector<std::string> notes;
    absl::StatusOr<std::unique_ptr<Spool>> spool = Spool::Open(InDirectory(options_), &notes);
    for (std::string& note : notes) {
      Warn(std::move(note));
    }
    if (spool.ok()) {
      spool_ = *std::move(spool);
      stats_.spooling = true;
      stats_.recovered = spool_->unsettled_records();
    } else {
      Warn(absl::StrCat(spool.status().message(),
                        " Calls are kept in memory instead: a crash of this process loses those "
                        "that are not delivered."));
    }
  }
  if (spool_ == nullptr) {
    spool_ = std::make_unique<Spool>(InMemory(options_));
  }
  next_batch_ = spool_->acknowledged() + 1;
  flush_through_ = spool_->next_record();
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
  thread_local std::string bytes;  // So that its memory is used again.
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
    const absl::StatusOr<bool> taken = spool_->Append(type, bytes);
    ++(taken.ok() ? stats_.recorded : stats_.dropped);
    if (!taken.ok() && !dropping_) {
      Warn(std::string(taken.status().message()));
    }
    is_awaited = taken.ok() ? *taken : !dropping_;
    dropping_ = !taken.ok();
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
  ++stats_.dropped;
  stats_.last_error.assign(why.data(), why.size());
}

absl::Status Sender::Flush(absl::Duration timeout) {
  const TimePoint deadline = std::chrono::steady_clock::now() + ToChrono(timeout);
  MutexLock lock(mutex_);
  const uint64_t target = spool_->next_record();
  flush_through_ = std::max(flush_through_, target);
  retry_at_ = TimePoint();  // Somebody waits: try now whatever the backoff says.
  work_.notify_all();
  while (spool_->settled_through() < target) {
    if (settled_.wait_until(mutex_, deadline) == std::cv_status::timeout &&
        spool_->settled_through() < target) {
      return absl::DeadlineExceededError(
          absl::StrCat(target - spool_->settled_through(),
                       " records are not acknowledged by the itemized server at ", options_.address,
                       " yet; they are kept and sent again.",
                       stats_.last_error.empty() ? "" : " Last error: ", stats_.last_error));
    }
  }
  return absl::OkStatus();
}

TracerStats Sender::Stats() const {
  MutexLock lock(mutex_);
  TracerStats stats = stats_;
  stats.queued = spool_->unsettled_records();
  return stats;
}

void Sender::Run() {
  while (WaitForWork()) {
    TellWarnings();
    CutAndTrim();
    SendNext();
  }
}

bool Sender::HasRoomInWindow() const {
  return spool_->newest() < spool_->acknowledged() + options_.window;
}

bool Sender::CanSend(TimePoint now) const {
  return now >= retry_at_ && next_batch_ <= spool_->newest() && parcels_.size() < options_.window;
}

// Whether the open batch is to be completed before it is full.
bool Sender::CanCut(TimePoint now) const {
  return now >= retry_at_ && HasRoomInWindow() && spool_->open_since().has_value() &&
         (spool_->open_first_record() < flush_through_ ||
          now >= *spool_->open_since() + ToChrono(options_.batch_age_max));
}

Sender::TimePoint Sender::NextWake(TimePoint now) const {
  if (now < retry_at_) {
    return std::min(retry_at_, trim_at_);
  }
  if (HasRoomInWindow() && spool_->open_since().has_value()) {
    return std::min(*spool_->open_since() + ToChrono(options_.batch_age_max), trim_at_);
  }
  // Whatever else there is to do is signalled.
  return std::min(now + std::chrono::hours(1), trim_at_);
}

// False when it is time to stop.
bool Sender::WaitForWork() {
  MutexLock lock(mutex_);
  while (!stop_) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (CanSend(now) || CanCut(now) || now >= trim_at_ || !warnings_.empty()) {
      return true;
    }
    work_.wait_until(mutex_, NextWake(now));
  }
  return false;
}

void Sender::CutAndTrim() {
  MutexLock lock(mutex_);
  const TimePoint now = std::chrono::steady_clock::now();
  if (CanCut(now)) {
    spool_->Cut();
  }
  trim_at_ = spool_->Trim(now);
  if (const absl::Status error = spool_->TakeError(); !error.ok()) {
    Warn(std::string(error.message()));
  }
}

void Sender::SendNext() {
  const std::shared_ptr<BatchStream> stream = WelcomedStream();
  if (stream == nullptr) {
    return;
  }
  Parcel parcel;
  {
    MutexLock lock(mutex_);
    if (broken_ || next_batch_ > spool_->newest()) {
      return;
    }
    parcel.sequence = spool_->SequenceOf(next_batch_);
    parcel.batch = spool_->batch(next_batch_);
  }
  absl::Status problem;
  if (parcel.batch.segment != nullptr) {
    // What the server has seen under a sequence must not change in a power cut.
    problem = parcel.batch.segment->SyncThrough(parcel.batch.end);
  }
  Chunk chunk;
  problem.Update(ReadBatch(parcel.batch, &chunk));
  PackedBatch packed = Pack(chunk);
  parcel.unsendable = std::move(packed.refused);
  parcel.unsent = parcel.batch.records - chunk.calls.size() - chunk.completions.size() +
                  parcel.unsendable.size();
  if (!problem.ok()) {
    MutexLock lock(mutex_);
    Warn(std::string(problem.message()));
  }
  const uint64_t sequence = parcel.sequence;
  if (Dispatch(stream.get(), std::move(parcel))) {
    // An error is told to OnBroken too, which sees to it that this is sent again.
    stream->Send(packed.batch, sequence).IgnoreError();
  }
}

// False if the stream broke meanwhile.
bool Sender::Dispatch(const BatchStream* stream, Parcel parcel) {
  MutexLock lock(mutex_);
  if (broken_ || stream_.get() != stream) {
    return false;
  }
  stats_.sent += parcel.batch.records - parcel.unsent;
  parcels_.push_back(std::move(parcel));
  ++next_batch_;
  return true;
}

// The stream at hand, or a new one once it is welcomed; null if nothing is to be
// sent now.
std::shared_ptr<BatchStream> Sender::WelcomedStream() {
  std::shared_ptr<BatchStream> old_stream;
  {
    MutexLock lock(mutex_);
    if (stop_ || !CanSend(std::chrono::steady_clock::now())) {
      return nullptr;
    }
    if (stream_ != nullptr && !broken_) {
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
  stats_.reconnects += connected_before_ ? 1 : 0;
  connected_before_ = true;
  broken_ = false;
  return std::make_shared<BatchStream>(
      connection_,
      [this](uint64_t sequence, const pb::BatchResult& result) { OnAck(sequence, result); },
      BatchStream::Options{.window = options_.window,
                           .on_broken = [this](const absl::Status& s) { OnBroken(s); },
                           .producer = spool_->producer()});
}

}  // namespace itemized::client
