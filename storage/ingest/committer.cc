// SPDX-License-Identifier: Apache-2.0
#include "storage/ingest/committer.h"

#include <pthread.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <iterator>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"
#include "storage/base/failpoint.h"
#include "storage/base/status_macros.h"
#include "storage/model/limits.h"

namespace itemized {
namespace {

// Events in one group. More do not make the fsync cheaper; they make the
// first sender wait for the last.
constexpr size_t kGroupEventsMax = 20'000;

// If so many blocks were replayed at the start, the views are written at once. So a process that is
// ended again and again soon after its start gets on all the same.
constexpr BlockSequence kReplayedMax = 64;

// The memory of a group with so many events is given back by another thread.
constexpr size_t kCleanElsewhereMin = 1'000;

absl::Status Unavailable(const absl::Status& status) {
  return status.ok() ? status : absl::UnavailableError(status.message());
}

}  // namespace

bool Committer::Task::withdraws() const {
  return !retractions.empty() ||
         std::any_of(parts.begin(), parts.end(),
                     [](const CheckedBatch& part) { return part.has_revisions(); });
}

Committer::Committer(State* state, const DatabaseOptions& options, std::function<void()> each_turn)
    : state_(*state),
      options_(options),
      each_turn_(std::move(each_turn)),
      retention_(state, options.retain_events_us, options.retain_rollups_us),
      checkpointer_(state, options),
      repricing_(state, [this] { Wake(); }),
      thread_([this] { Loop(); }) {}

Committer::~Committer() {
  {
    const MutexLock lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void Committer::Submit(Submission submission, SubmitDone done) {
  Task task;
  task.done = std::move(done);
  task.events = submission.size();
  task.position = submission.position;
  task.retractions = std::move(submission.retractions);
  task.notes = std::move(submission.notes);
  {
    const MutexLock lock(mutex_);
    // An empty queue takes a batch of any size, so that no batch waits for ever.
    task.refused =
        pending_events_ > 0 && pending_events_ + task.events > options_.pending_events_max;
    task.events = task.refused ? 0 : task.events;
    pending_events_ += task.events;
  }
  if (!task.refused) {
    for (EventBatch& part : submission.parts) {
      task.parts.push_back(
          CheckBatch(std::move(part), state_.clock->NowUs(), state_.catalog.id_key()));
      FindRates(task.parts.back(), &state_.rates);
    }
    DropSuperseded(absl::MakeSpan(task.parts));
  }
  {
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.notify_all();
}

void Committer::Post(Job job) {
  {
    const MutexLock lock(mutex_);
    queue_.emplace_back().job = std::move(job);
  }
  wake_.notify_all();
}

void Committer::Execute(Job job) {
  std::promise<void> done;
  Post([&](State& state) {
    job(state);
    done.set_value();
  });
  done.get_future().wait();
}

// Takes the lock, since a thread that is about to wait could miss the call without it.
void Committer::Wake() {
  { const MutexLock lock(mutex_); }
  wake_.notify_all();
}

std::chrono::microseconds Committer::IdleTime() {
  const int64_t now_us = options_.steady();
  if (!state_.is_pinned() && retention_.is_busy() && now_us >= retain_after_us_) {
    return std::chrono::microseconds(0);
  }
  const int64_t idle_us = repricing_.is_ready() ? std::max<int64_t>(0, reprice_after_us_ - now_us)
                                                : options_.checkpoint_interval_us;
  return std::chrono::microseconds(std::min(idle_us, options_.checkpoint_interval_us));
}

std::vector<Committer::Task> Committer::TakeGroup(bool* stop) {
  std::vector<Task> group;
  const MutexLock lock(mutex_);
  const std::chrono::microseconds idle = IdleTime();
  if (queue_.empty() && !stop_ && idle.count() > 0) {
    wake_.wait_for(mutex_, idle);
  }
  size_t events = 0;
  while (!queue_.empty() && events < kGroupEventsMax) {
    const bool is_alone = queue_.front().job != nullptr || queue_.front().withdraws();
    if (is_alone && !group.empty()) {
      break;
    }
    events += queue_.front().events;
    group.push_back(std::move(queue_.front()));
    queue_.pop_front();
    if (is_alone) {
      break;
    }
  }
  pending_events_ -= events;
  *stop = stop_ && group.empty();
  return group;
}

void Committer::Loop() {
  pthread_setname_np(pthread_self(), "committer");
  bool stop = false;
  if (state_.views.folded().block - state_.views.checkpointed().block >= kReplayedMax) {
    checkpointer_.WriteAll().IgnoreError();  // The next one writes what this one could not.
  }
  while (!stop) {
    std::vector<Task> group = TakeGroup(&stop);
    CatchUpIfBehind();
    if (!group.empty() && group.front().job != nullptr) {
      group.front().job(state_);
    } else if (!group.empty()) {
      CommitGroup(std::move(group));
    }
    WatchClock();
    checkpointer_.WorkIfDue();
    RetainIfDue();
    RepriceIfBusy();
    each_turn_();
  }
  // What could not be written is replayed from the log when the store is opened.
  checkpointer_.WriteAll().IgnoreError();
}

// Errors are the sender's own. One that the whole group shares is also in `*store_status`.
absl::StatusOr<SubmissionResult> Committer::Take(const Task& task, GroupBuilder* builder,
                                                 absl::Status* store_status) {
  if (task.refused) {
    return absl::ResourceExhaustedError(
        "Too many events wait to be written; send this batch again in a moment.");
  }
  if (task.retractions.size() > kBatchEventsMax) {
    return absl::InvalidArgumentError(absl::StrCat("The submission retracts ",
                                                   task.retractions.size(), " calls; name at most ",
                                                   kBatchEventsMax, " in one."));
  }
  auto turn = Producers::Turn::kNew;
  if (task.position.has_value()) {
    ASSIGN_OR_RETURN(turn, state_.producers.Take(*task.position));
  }
  if (turn == Producers::Turn::kNew && task.withdraws()) {
    absl::Status prepared = builder->Withdraw(task.retractions, task.parts);
    if (!prepared.ok()) {
      return *store_status = Unavailable(prepared);
    }
  }
  SubmissionResult result;
  for (const CheckedBatch& part : task.parts) {
    if (turn == Producers::Turn::kKnown) {
      result.push_back(AllDuplicate(part));
      continue;
    }
    absl::StatusOr<BatchResult> added = builder->Add(part);
    if (!added.ok()) {
      return *store_status = Unavailable(added.status());
    }
    result.push_back(*std::move(added));
  }
  return result;
}

absl::Status Committer::CommitEntry(Entry* entry, const StagedRuns& staged) {
  if (entry->blocks.empty() && entry->notes.empty() && !state_.producers.has_changes()) {
    return absl::OkStatus();
  }
  return Unavailable(state_.Commit(entry, staged));
}

void Committer::CountCommitted(const GroupBuilder& builder,
                               const std::vector<absl::StatusOr<SubmissionResult>>& results) {
  IngestCounters counted = builder.accepted();
  counted.commits = 1;
  for (const auto& result : results) {
    for (size_t i = 0; result.ok() && i < result->size(); ++i) {
      counted.AddRest((*result)[i]);
    }
  }
  const MutexLock lock(mutex_);
  ingested_.Add(counted);
}

IngestCounters Committer::ingested() const {
  const MutexLock lock(mutex_);
  return ingested_;
}

// Moves the notes of submissions that are committed. The later of two with one key counts.
void Committer::TakeNotes(const std::vector<absl::StatusOr<SubmissionResult>>& results,
                          std::vector<Task>* group, Entry* entry) {
  for (size_t i = 0; i < group->size(); ++i) {
    std::vector<Note>& notes = (*group)[i].notes;
    if (results[i].ok()) {
      std::move(notes.begin(), notes.end(), std::back_inserter(entry->notes));
    }
  }
}

void Committer::CommitGroup(std::vector<Task> group) {
  has_taken_events_ = true;
  size_t events = 0;
  for (const Task& task : group) {
    events += task.events;
  }
  auto builder = std::make_unique<GroupBuilder>(&state_, events);
  std::vector<absl::StatusOr<SubmissionResult>> results;
  absl::Status status;
  for (const Task& task : group) {
    results.push_back(status.ok() ? Take(task, builder.get(), &status)
                                  : absl::StatusOr<SubmissionResult>(status));
  }
  Entry entry;
  if (status.ok()) {
    entry.blocks = builder->Finish();
    TakeNotes(results, &group, &entry);
  }
  PassFailpoint(Failpoint::kGroupBuilt);
  if (status.ok()) {
    status = CommitEntry(&entry, builder->staged());
  }
  if (group.front().withdraws()) {
    repricing_.Invalidate();
  }
  if (status.ok()) {
    CountCommitted(*builder, results);
  } else {
    GiveUp();
  }
  for (size_t i = 0; i < group.size(); ++i) {
    const bool is_lost = results[i].ok() && !status.ok();
    group[i].done(is_lost ? absl::StatusOr<SubmissionResult>(status) : std::move(results[i]));
    PassFailpoint(Failpoint::kFirstAnswered);
  }
  if (events >= kCleanElsewhereMin) {
    cleaner_.Wait();
    spent_ = {std::move(group), std::move(builder), std::move(entry)};
    cleaner_.Start([this] { spent_ = Spent(); });
  }
}

void Committer::GiveUp() {
  state_.producers.DropTaken();
  const WriterLock lock(state_.mutex);
  state_.catalog.DropUnsaved();
}

}  // namespace itemized
