// SPDX-License-Identifier: Apache-2.0
#include "client/cpp/tracer.h"

#include <pthread.h>

#include <exception>
#include <utility>

#include "client/cpp/corrections.h"
#include "client/cpp/sender.h"

namespace itemized::client {

namespace {

constexpr char kForked[] =
    "This tracer was made before fork() and has no background thread in the child; "
    "make one in the child.";

std::atomic<uint64_t> fork_count{0};

// How many forks lie between the first tracer of all and this process.
uint64_t Forks() {
  [[maybe_unused]] static const int registered =
      pthread_atfork(nullptr, nullptr, [] { fork_count.fetch_add(1, std::memory_order_relaxed); });
  return fork_count.load(std::memory_order_relaxed);
}

}  // namespace

Tracer::Tracer(TracerOptions options)
    : clock_(options.clock != nullptr ? options.clock : Clock::System()),
      forks_(Forks()),
      sender_(std::make_unique<Sender>(std::move(options))) {}

Tracer::~Tracer() {
  if (forked()) {
    // Its thread is not ours and its lock may be held for ever.
    static_cast<void>(sender_.release());
    return;
  }
  // What is lost now has no other way out; callers who care call Flush first.
  sender_->Flush(sender_->close_timeout()).IgnoreError();
}

bool Tracer::forked() const {
  return fork_count.load(std::memory_order_relaxed) != forks_;
}

template <typename Event>
void Tracer::Hand(Event&& event) noexcept {
  if (forked()) {
    dropped_after_fork_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  try {
    if (event.time_us == 0) {
      event.time_us = clock_->NowUs();
    }
    for (Correction& correction : Correct(clock_->NowUs(), &event)) {
      sender_->CountCorrected(std::move(correction));
    }
    sender_->Push(std::forward<Event>(event));
  } catch (const std::exception& e) {  // Out of memory: billing must not end the application.
    sender_->CountDropped(e.what());
  }
}

void Tracer::Record(Call call) noexcept {
  Hand(std::move(call));
}

void Tracer::Record(Completion completion) noexcept {
  Hand(std::move(completion));
}

void Tracer::Complete(std::string workflow_id, Outcome outcome,
                      std::vector<std::string> unused_steps, std::string workflow) {
  Record(Completion{.workflow = std::move(workflow),
                    .workflow_id = std::move(workflow_id),
                    .outcome = outcome,
                    .unused_steps = std::move(unused_steps)});
}

absl::Status Tracer::Flush(absl::Duration timeout) {
  if (forked()) {
    return absl::FailedPreconditionError(kForked);
  }
  return sender_->Flush(timeout);
}

TracerStats Tracer::Stats() const {
  if (!forked()) {
    return sender_->Stats();
  }
  TracerStats stats;
  stats.dropped = dropped_after_fork_.load(std::memory_order_relaxed);
  stats.last_error = kForked;
  return stats;
}

}  // namespace itemized::client
