// SPDX-License-Identifier: Apache-2.0
#pragma once

// A call goes from thread to thread: from one of gRPC that begins it to one that works for it,
// and by way of gRPC to another one that ends it. Handover keeps that in order.

#include <atomic>
#include <cstdint>

namespace itemized::server {

// Makes what one thread wrote visible to the thread that gRPC calls next. gRPC sees to that
// too, but the packaged library is not instrumented: where its order alone holds, ThreadSanitizer
// would have to be told to look away, from mistakes of ours as well. Thread-safe.
class Handover {
 public:
  // Lets those that follow see what this thread has written.
  void Give() { turns_.fetch_add(1, std::memory_order_acq_rel); }
  void Follow() const { turns_.load(std::memory_order_acquire); }

 private:
  std::atomic<uint32_t> turns_ = 0;
};

}  // namespace itemized::server
