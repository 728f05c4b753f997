#include "storage/engine/committer.h"

#include <chrono>
#include <future>
#include <utility>

#include "storage/base/status_macros.h"
#include "storage/engine/group_builder.h"

namespace itemized {
namespace {

// Events in one group. More do not make the fsync cheaper; they make the
// first sender wait for the last.
constexpr size_t kGroupEventsMax = 20'000;

// Changed runs after which they are written: bounds the pause that takes.
constexpr size_t kDirtyRunsMax = 8'192;

int64_t SteadyUs() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

absl::Status Unavailable(const absl::Status& status) {
  return absl::UnavailableError(status.message());
}

}  // namespace

Committer::Committer(State* state, const DatabaseOptions& options)
    : state_(*state),
      options_(options),
      rates_(state->rates, state->catalog),
      last_checkpoint_us_(SteadyUs()),
      thread_([this] { Loop(); }) {}

Committer::~Committer() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::Submit(EventBatch batch, Database::WriteDone done) {
  {
    const MutexLock lock(mutex_);
    Task task{.batch = std::move(batch), .done = std::move(done), .job = nullptr};
    const size_t events = task.batch.size();
    // An empty queue takes a batch of any size, so that no batch waits for ever.
    task.refused = pending_events_ > 0 && pending_events_ + events > options_.pending_events_max;
    if (task.refused) {
      task.batch = EventBatch();
    } else {
      pending_events_ += events;
    }
    queue_.push_back(std::move(task));
  }
  wake_.notify_all();
}

void Committer::Run(Job job) {
  std::promise<void> done;
  {
    const MutexLock lock(mutex_);
    Task task;
    task.job = [&](State& state, RateFinder& rates) {
      job(state, rates);
      done.set_value();
    };
    queue_.push_back(std::move(task));
  }
  wake_.notify_all();
  done.get_future().wait();
}

std::vector<Committer::Task> Committer::TakeGroup(bool* stop) {
  std::vector<Task> group;
  const MutexLock lock(mutex_);
  if (queue_.empty() && !stop_) {
    wake_.wait_for(mutex_, std::chrono::microseconds(options_.checkpoint_interval_us));
  }
  size_t events = 0;
  while (!queue_.empty() && events < kGroupEventsMax) {
    const bool is_job = queue_.front().job != nullptr;
    if (is_job && !group.empty()) {
      break;
    }
    events += queue_.front().batch.size();
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (is_job) {
      break;
    }
  }
  pending_events_ -= events;
  *stop = stop_ && group.empty();
  return group;
}

void Committer::Loop() {
  bool stop = false;
  while (!stop) {
    std::vector<Task> group = TakeGroup(&stop);
    if (!group.empty() && group.front().job != nullptr) {
      group.front().job(state_, rates_);
    } else if (!group.empty()) {
      CommitGroup(std::move(group));
    }
    CheckpointIfDue();
  }
  // What could not be written is replayed from the log when the store is opened.
  WriteCheckpoint(Views::Scope::kAll).IgnoreError();
}

void Committer::CommitGroup(std::vector<Task> group) {
  rates_.Trim();
  size_t events = 0;
  for (const Task& task : group) {
    events += task.batch.calls.size();
  }
  GroupBuilder builder(&state_, &rates_, events);
  std::vector<BatchResult> results;
  absl::Status status;
  for (const Task& task : group) {
    absl::StatusOr<BatchResult> result =
        status.ok() ? builder.Add(task.batch) : absl::StatusOr<BatchResult>(status);
    status = result.status();
    results.push_back(result.ok() ? *std::move(result) : BatchResult());
  }
  std::vector<Block> blocks = builder.Finish();
  if (status.ok() && !blocks.empty()) {
    status = state_.Commit(&blocks, KvBatch());
  }
  for (size_t i = 0; i < group.size(); ++i) {
    if (group[i].refused) {
      group[i].done(absl::ResourceExhaustedError(
          "too many events wait to be written; send this batch again in a moment"));
    } else if (!status.ok()) {
      group[i].done(Unavailable(status));
    } else {
      group[i].done(std::move(results[i]));
    }
  }
}

absl::Status Committer::WriteCheckpoint(Views::Scope scope) {
  KvBatch batch = std::exchange(unwritten_, KvBatch());
  state_.catalog.Save(&batch);
  {
    const WriterLock lock(state_.mutex);
    state_.views.Checkpoint(scope, &batch);
  }
  absl::Status status = state_.log.Trim(state_.views.checkpointed(), &batch);
  if (status.ok()) {
    // Without fsync: a checkpoint that is lost is folded from the log again.
    status = state_.kv->Write(batch, /*sync=*/false);
  }
  if (!status.ok()) {
    unwritten_ = std::move(batch);
    return status;
  }
  state_.catalog.MarkSaved();
  const WriterLock lock(state_.mutex);
  state_.views.runs().Evict();
  return absl::OkStatus();
}

absl::Status Committer::Checkpoint() { return WriteCheckpoint(Views::Scope::kAll); }

void Committer::CheckpointIfDue() {
  const int64_t now_us = SteadyUs();
  const bool all_due = now_us - last_checkpoint_us_ >= options_.checkpoint_interval_us &&
                       state_.views.folded() > state_.views.checkpointed();
  const bool runs_due = state_.views.runs().dirty_runs() >= kDirtyRunsMax;
  if (!all_due && !runs_due) {
    return;
  }
  if (all_due) {
    last_checkpoint_us_ = now_us;
  }
  // The next one writes what this one could not.
  WriteCheckpoint(all_due ? Views::Scope::kAll : Views::Scope::kRuns).IgnoreError();
}

}  // namespace itemized
