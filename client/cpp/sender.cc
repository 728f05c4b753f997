#include "client/cpp/sender.h"

#include <algorithm>
#include <optional>
#include <random>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cpp/batch_packer.h"

namespace itemized::client {

namespace {

constexpr size_t kBatchCallsMax = 10'000;  // The server refuses larger batches.
// Of the records in memory, which is more than on the wire: with one record more, a batch stays
// below the 4 MiB that a gRPC server reads unless told otherwise.
constexpr size_t kBatchBytesMax = 3 << 20;
constexpr size_t kRecordBytesMax = 1 << 20;
// Of acknowledged batches, kept in case that the server loses them.
constexpr size_t kRetainedBytesMax = 8 << 20;

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

CallQueue::Limits QueueLimits(const TracerOptions& options) {
  return {.chunk_records = options.batch_calls_max,
          .chunk_bytes = kBatchBytesMax,
          .chunk_age = ToChrono(options.batch_age_max),
          .records = options.queue_calls_max,
          .bytes = options.queue_bytes_max};
}

// Random, so that no other tracer of any process makes the same event ids.
std::string RandomPrefix() {
  std::random_device random;
  const uint64_t value = (uint64_t{random()} << 32) | random();
  return absl::StrCat(absl::Hex(value, absl::kZeroPad16));
}

}  // namespace

Sender::Sender(TracerOptions options)
    : options_(Sane(std::move(options))),
      id_prefix_(RandomPrefix()),
      connection_(Connection::Open(options_.address)),
      queue_(QueueLimits(options_)),
      outbox_(NewProducerId(), kRetainedBytesMax),
      backoff_(ToChrono(options_.backoff_initial), ToChrono(options_.backoff_max)) {
  thread_ = std::thread([this] { Run(); });
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
  thread_.join();
  // The stream's reader uses this object, so it has to end before the members do.
  {
    MutexLock lock(mutex_);
    stream_.reset();
  }
  stream.reset();
}

template <typename Record>
void Sender::PushRecord(Record&& record) {
  const size_t bytes = RecordBytes(record);
  if (bytes > kRecordBytesMax) {
    CountDropped("A record of more than 1 MiB was dropped; shorten its names and attributes.");
    return;
  }
  CallQueue::PushResult result;
  {
    MutexLock lock(mutex_);
    result = queue_.Push(std::forward<Record>(record), bytes);
    ++(result == CallQueue::PushResult::kFull ? stats_.dropped : stats_.recorded);
  }
  if (result == CallQueue::PushResult::kWakeSender) {
    work_.notify_all();
  }
}

template void Sender::PushRecord(Call&&);
template void Sender::PushRecord(Completion&&);

void Sender::CountDropped(absl::string_view why) {
  MutexLock lock(mutex_);
  ++stats_.dropped;
  stats_.last_error.assign(why.data(), why.size());
}

uint64_t Sender::SettledThrough() const {
  return outbox_.empty() ? packed_through_ : outbox_.front().first_number;
}

absl::Status Sender::Flush(absl::Duration timeout) {
  const TimePoint deadline = std::chrono::steady_clock::now() + ToChrono(timeout);
  MutexLock lock(mutex_);
  const uint64_t target = queue_.next_number();
  flush_through_ = std::max(flush_through_, target);
  retry_at_ = TimePoint();  // Somebody waits: try now whatever the backoff says.
  work_.notify_all();
  while (SettledThrough() < target) {
    if (settled_.wait_until(mutex_, deadline) == std::cv_status::timeout &&
        SettledThrough() < target) {
      return absl::DeadlineExceededError(absl::StrCat(
          target - SettledThrough(), " records are not acknowledged by the itemized server at ",
          options_.address, " yet; they are kept and sent again.",
          stats_.last_error.empty() ? "" : " Last error: ", stats_.last_error));
    }
  }
  return absl::OkStatus();
}

TracerStats Sender::Stats() const {
  MutexLock lock(mutex_);
  TracerStats stats = stats_;
  stats.queued = queue_.held_records();
  return stats;
}

void Sender::Run() {
  while (WaitForWork()) {
    PackNext();
    SendNext();
  }
}

bool Sender::CanSend(TimePoint now) const {
  return outbox_.has_unsent() && now >= retry_at_;
}

bool Sender::CanTake(TimePoint now) const {
  return outbox_.size() < options_.window && now >= retry_at_ && queue_.Due(now, flush_through_);
}

Sender::TimePoint Sender::NextWake(TimePoint now) const {
  if (now < retry_at_) {
    return retry_at_;
  }
  if (outbox_.size() < options_.window) {
    if (const std::optional<TimePoint> due = queue_.NextDue()) {
      return *due;
    }
  }
  return now + std::chrono::hours(1);  // Whatever else there is to do is signalled.
}

// False when it is time to stop.
bool Sender::WaitForWork() {
  MutexLock lock(mutex_);
  while (!stop_) {
    const TimePoint now = std::chrono::steady_clock::now();
    if (CanSend(now) || CanTake(now)) {
      return true;
    }
    work_.wait_until(mutex_, NextWake(now));
  }
  return false;
}

// Turns the next chunk that is due into a shipment.
void Sender::PackNext() {
  Chunk chunk;
  {
    MutexLock lock(mutex_);
    if (!CanTake(std::chrono::steady_clock::now())) {
      return;
    }
    chunk = queue_.Take();
  }
  PackedBatch packed = Pack(chunk, id_prefix_);
  ReportRefused(packed.refused);
  auto shipment = std::make_shared<Shipment>();
  shipment->first_number = chunk.first_number;
  const size_t records = chunk.size();
  shipment->records = records - packed.refused.size();
  shipment->bytes = shipment->records == 0 ? 0 : chunk.bytes;
  shipment->batch = std::move(packed.batch);
  chunk.calls.clear();
  chunk.completions.clear();

  MutexLock lock(mutex_);
  stats_.refused += packed.refused.size();
  queue_.Release(packed.refused.size(), chunk.bytes - shipment->bytes);
  packed_through_ = chunk.first_number + records;
  if (shipment->records > 0) {
    outbox_.Push(std::move(shipment));
  } else {
    settled_.notify_all();
  }
  queue_.Recycle(std::move(chunk));
}

void Sender::SendNext() {
  const std::shared_ptr<BatchStream> stream = WelcomedStream();
  if (stream == nullptr) {
    return;
  }
  Outbox::Parcel parcel;
  {
    MutexLock lock(mutex_);
    if (broken_ || !outbox_.has_unsent()) {
      return;
    }
    parcel = outbox_.TakeUnsent();
    stats_.sent += parcel.shipment->records;
  }
  // An error is told to OnBroken too, which sees to it that this is sent again.
  stream->Send(parcel.shipment->batch, parcel.sequence).IgnoreError();
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
  return last_sequence.ok() && Reconcile(*stream, *last_sequence) ? stream : nullptr;
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
                           .producer = outbox_.producer()});
}

// False if the server has lost what it had acknowledged. Then a new stream says
// what is known now, and all is sent again.
bool Sender::Reconcile(BatchStream& stream, uint64_t last_sequence) {
  std::string warning;
  {
    MutexLock lock(mutex_);
    const Outbox::Loss loss = outbox_.Reconcile(last_sequence);
    if (loss.lost == 0) {
      return true;
    }
    broken_ = true;
    stats_.lost_batches += loss.lost;
    warning = absl::StrCat("The itemized server at ", options_.address, " has lost ", loss.lost,
                           " batches that it had acknowledged; ", loss.replayed,
                           " of them are still here and are sent again.");
    stats_.last_error = warning;
  }
  stream.Cancel();
  if (options_.on_warning) {
    options_.on_warning(warning);
  }
  return false;
}

void Sender::OnBroken(const absl::Status& status) {
  MutexLock lock(mutex_);
  broken_ = true;
  outbox_.Rewind();
  retry_at_ = std::chrono::steady_clock::now() + backoff_.Next();
  if (!absl::IsCancelled(status)) {
    stats_.last_error = std::string(status.message());
  }
  if (absl::IsFailedPrecondition(status)) {
    outbox_.BeginAnew(NewProducerId());  // Somebody else goes by our id.
  } else if (absl::IsAlreadyExists(status)) {
    outbox_.BeginEpoch();
  }
  work_.notify_all();
}

void Sender::OnAck(uint64_t sequence, const pb::BatchResult& result) {
  std::shared_ptr<const Shipment> shipment;
  {
    MutexLock lock(mutex_);
    shipment = outbox_.Awaited(sequence);
    if (shipment == nullptr) {  // Cancelling ends in OnBroken; then all is sent again.
      return stream_ == nullptr ? void() : stream_->Cancel();
    }
  }
  ReportRefused(DescribeRefusals(shipment->batch, result));
  Settle(*shipment, result);
}

void Sender::Settle(const Shipment& shipment, const pb::BatchResult& result) {
  const auto count = [&](int64_t events) {
    return static_cast<uint64_t>(
        std::clamp<int64_t>(events, 0, static_cast<int64_t>(shipment.records)));
  };
  MutexLock lock(mutex_);
  if (outbox_.Acknowledge()) {
    stats_.refused += count(result.refused());
    stats_.acknowledged += shipment.records - count(result.refused());
    stats_.duplicate += count(result.duplicate());
    queue_.Release(shipment.records, shipment.bytes);
  }
  backoff_.Reset();
  settled_.notify_all();
  work_.notify_all();
}

void Sender::ReportRefused(const std::vector<RefusedEvent>& refused) const {
  if (options_.on_refused) {
    for (const RefusedEvent& event : refused) {
      options_.on_refused(event);
    }
  }
}

}  // namespace itemized::client
