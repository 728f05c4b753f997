// SPDX-License-Identifier: Apache-2.0
#pragma once

// WatchStream is one client's Watch stream.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "itemized/v1/budgets.pb.h"
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "server/api/principal.h"
#include "server/budgets/watch_hub.h"
#include "server/grpc/handover.h"
#include "storage/base/mutex.h"

namespace itemized::server {

// Sends what its watcher has, one message at a time, as fast as the client takes them. A stream
// owns itself from Start until the call is over.
class WatchStream : public grpc::ServerWriteReactor<itemized::v1::WatchResponse>,
                    public std::enable_shared_from_this<WatchStream> {
 public:
  // `hub` outlives it. `on_closed` is called when the call is over.
  WatchStream(WatchHub& hub, const Principal& principal, grpc::CallbackServerContext* context,
              std::function<void(WatchStream*)> on_closed);

  // Begins to watch, and sends `started` first. The call ends at once if too many watch.
  void Start(std::optional<std::string> step, const std::string& now);

  // Ends the call with `reason`; but with CANCELLED if its client does not take what is being sent.
  // Thread-safe.
  void End(const grpc::Status& reason);

  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  void Advance() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Write(itemized::v1::WatchResponse response) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  WatchHub& hub_;
  const Principal principal_;
  const std::function<void(WatchStream*)> on_closed_;
  Handover handover_;
  Mutex mutex_;
  grpc::CallbackServerContext* context_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<WatchStream> self_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<Watcher> watcher_ ABSL_GUARDED_BY(mutex_);
  itemized::v1::WatchResponse response_ ABSL_GUARDED_BY(mutex_);  // It is being written.
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> reason_ ABSL_GUARDED_BY(mutex_);  // Why it is to end.
};

// Ends a call at once.
class RefusedWatch : public grpc::ServerWriteReactor<itemized::v1::WatchResponse> {
 public:
  explicit RefusedWatch(const grpc::Status& status) { Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace itemized::server
