#include "server/grpc/ingest_queue.h"

#include <utility>

#include "storage/base/check.h"

namespace itemized::server {
namespace {

// Collects the results of a batch's parts; used by the queue's thread only.
struct Collector {
  itemized::v1::BatchResult answer;
  absl::Status error;
  size_t parts_left = 0;
  IngestQueue::Answered answered;

  void Add(const BatchPart& part, const absl::StatusOr<BatchResult>& result) {
    if (result.ok()) {
      AddPartResult(part, *result, answer);
    } else {
      error.Update(result.status());
    }
    if (--parts_left > 0) {
      return;
    }
    if (!error.ok()) {
      return answered(error);
    }
    FinishResult(answer);
    answered(std::move(answer));
  }
};

}  // namespace

IngestQueue::IngestQueue(Submitter submitter, size_t pending_events_max)
    : submitter_(std::move(submitter)),
      pending_events_max_(pending_events_max),
      thread_([this] { Run(); }) {}

IngestQueue::~IngestQueue() {
  {
    MutexLock lock(mutex_);
    CHECK(unanswered_ == 0);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void IngestQueue::Submit(DecodedBatch batch, Answered answered) {
  if (batch.parts.empty()) {
    return answered(StartResult(batch));
  }
  auto collector = std::make_shared<Collector>();
  collector->answer = StartResult(batch);
  collector->parts_left = batch.parts.size();
  collector->answered = std::move(answered);
  for (BatchPart& each : batch.parts) {
    auto part = std::make_shared<const BatchPart>(std::move(each));
    // The entry keeps the part alive until the result has been added.
    SubmitPart({part, [collector, raw = part.get()](absl::StatusOr<BatchResult> result) {
                  collector->Add(*raw, result);
                }});
  }
}

void IngestQueue::WaitUntilIdle() {
  MutexLock lock(mutex_);
  while (unanswered_ > 0) {
    changed_.wait(mutex_);
  }
}

bool IngestQueue::HasRoom(size_t events) const {
  MutexLock lock(mutex_);
  return waiting_.empty() && Fits(events);
}

bool IngestQueue::Fits(size_t events) const {
  return pending_batches_ == 0 || pending_events_ + events <= pending_events_max_;
}

void IngestQueue::SubmitPart(Entry entry) {
  {
    MutexLock lock(mutex_);
    ++unanswered_;
    if (!waiting_.empty() || !Fits(entry.part->size())) {
      waiting_.push_back(std::move(entry));
      return;
    }
    ++pending_batches_;
    pending_events_ += entry.part->size();
  }
  HandOver(std::move(entry));
}

// The entry has been counted as pending. The lock is not held: the database
// may answer from within the call.
void IngestQueue::HandOver(Entry entry) {
  EventBatch events = entry.part->ToEventBatch();
  submitter_(std::move(events),
             [this, entry = std::move(entry)](absl::StatusOr<BatchResult> result) mutable {
               MutexLock lock(mutex_);
               settled_.push_back({std::move(entry), std::move(result)});
               changed_.notify_all();
             });
}

void IngestQueue::HandOverWaiting() {
  while (true) {
    Entry entry;
    {
      MutexLock lock(mutex_);
      if (waiting_.empty() || !Fits(waiting_.front().part->size())) {
        return;
      }
      entry = std::move(waiting_.front());
      waiting_.pop_front();
      ++pending_batches_;
      pending_events_ += entry.part->size();
    }
    HandOver(std::move(entry));
  }
}

void IngestQueue::Settle(Settled settled) {
  {
    MutexLock lock(mutex_);
    --pending_batches_;
    pending_events_ -= settled.entry.part->size();
    // Without another batch whose end could be awaited, the refusal stands.
    if (absl::IsResourceExhausted(settled.result.status()) && pending_batches_ > 0) {
      waiting_.push_front(std::move(settled.entry));
      return;
    }
  }
  settled.entry.done(std::move(settled.result));
  HandOverWaiting();
  MutexLock lock(mutex_);
  --unanswered_;
  changed_.notify_all();
}

void IngestQueue::Run() {
  while (true) {
    std::vector<Settled> settled;
    {
      MutexLock lock(mutex_);
      while (settled_.empty() && !stopping_) {
        changed_.wait(mutex_);
      }
      if (settled_.empty()) {
        return;
      }
      settled.swap(settled_);
    }
    for (Settled& each : settled) {
      Settle(std::move(each));
    }
  }
}

}  // namespace itemized::server
