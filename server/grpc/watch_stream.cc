// SPDX-License-Identifier: Apache-2.0
#include "server/grpc/watch_stream.h"

#include <utility>

#include "server/grpc/status.h"

namespace itemized::server {

namespace pb = itemized::v1;

WatchStream::WatchStream(WatchHub& hub, const Principal& principal,
                         grpc::CallbackServerContext* context,
                         std::function<void(WatchStream*)> on_closed)
    : hub_(hub), principal_(principal), on_closed_(std::move(on_closed)), context_(context) {}

void WatchStream::Start(std::optional<std::string> step, const std::string& now) {
  handover_.Give();
  absl::StatusOr<std::shared_ptr<Watcher>> watcher =
      hub_.Watch(principal_, std::move(step), [weak = weak_from_this()] {
        if (const std::shared_ptr<WatchStream> self = weak.lock()) {
          const MutexLock lock(self->mutex_);
          self->Advance();
        }
      });
  const MutexLock lock(mutex_);
  self_ = shared_from_this();
  if (!watcher.ok()) {
    reason_ = ToGrpcStatus(watcher.status());
    return Advance();
  }
  watcher_ = *std::move(watcher);
  pb::WatchResponse started;
  started.mutable_started()->set_at(now);
  Write(std::move(started));
}

void WatchStream::End(const grpc::Status& reason) {
  const MutexLock lock(mutex_);
  if (!reason_.has_value()) {
    reason_ = reason;
  }
  if (writing_ && context_ != nullptr) {
    context_->TryCancel();  // A status would wait behind what is not taken.
  }
  Advance();
}

void WatchStream::OnWriteDone(bool ok) {
  handover_.Follow();
  const MutexLock lock(mutex_);
  writing_ = false;
  if (!ok && !reason_.has_value()) {
    reason_ = grpc::Status(grpc::StatusCode::CANCELLED, "The client is gone.");
  }
  Advance();
}

void WatchStream::OnCancel() {
  handover_.Follow();
  const MutexLock lock(mutex_);
  if (!reason_.has_value()) {
    reason_ = grpc::Status(grpc::StatusCode::CANCELLED, "The client is gone.");
  }
  Advance();
}

void WatchStream::OnDone() {
  handover_.Follow();
  std::shared_ptr<WatchStream> self;  // This may be the last owner.
  std::shared_ptr<Watcher> watcher;
  {
    const MutexLock lock(mutex_);
    self = std::move(self_);
    watcher = std::move(watcher_);
    context_ = nullptr;
  }
  if (watcher != nullptr) {
    hub_.Leave(watcher);
  }
  on_closed_(this);
}

// Starts what the state allows. It has to be called after every change of that.
void WatchStream::Advance() {
  if (ended_ || writing_ || self_ == nullptr) {
    return;
  }
  if (reason_.has_value()) {
    ended_ = true;
    handover_.Give();
    return Finish(*reason_);
  }
  if (std::optional<pb::WatchResponse> next = watcher_->Take()) {
    Write(*std::move(next));
  }
}

void WatchStream::Write(pb::WatchResponse response) {
  response_ = std::move(response);
  writing_ = true;
  handover_.Give();
  StartWrite(&response_);
}

}  // namespace itemized::server
