// SPDX-License-Identifier: Apache-2.0
#pragma once

// Connections looks after the connections of gRPC, from their acceptance to their end.
//
// gRPC 1.51 has a listener of its own, which stops for good once no file descriptor is left,
// and no limit of connections. Here is the accept loop instead, which hands sockets over
// (AddExternalConnectionAcceptor), keeps below a limit, and sees what each client sends: the
// program defines recvmsg, by which gRPC reads, so that nothing has to be relayed. It closes
// those that FrameWatch finds fault with, and those that hold the most unfinished messages
// once there is no memory left.

#include <cstddef>
#include <memory>
#include <thread>

#include "absl/status/statusor.h"
#include <grpcpp/server_builder.h>

#include "server/address.h"
#include "server/api/log_sampler.h"
#include "server/api/memory_budget.h"

namespace itemized::server {

// Listens, and keeps the connections of one server. Thread-safe.
class Connections {
 public:
  // Returns UNAVAILABLE, with a sentence, if nobody can listen at the address. `memory`, from
  // which unfinished messages are taken, outlives the object.
  static absl::StatusOr<std::unique_ptr<Connections>> Listen(const Address& address,
                                                             size_t connections_max,
                                                             MemoryBudget& memory);
  ~Connections();
  Connections(const Connections&) = delete;
  Connections& operator=(const Connections&) = delete;

  // Its port is the one that was bound.
  const Address& address() const { return address_; }

  // Hands what is accepted to a server that has been started. It may be called once.
  void Serve(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor);

  // Accepts nothing more. It has to be called before the server is shut down.
  void Stop();

 private:
  Connections(int listener, Address address, size_t connections_max, MemoryBudget& memory);

  void Loop();
  // Returns false if nobody is waiting.
  bool AcceptOne();
  bool HasRoom();
  void RefuseForWantOfDescriptors(int code);

  const int listener_;
  const int wake_;  // It is an eventfd that ends the loop.
  int spare_;       // A connection is refused with it once there is no other descriptor.
  const Address address_;
  const size_t connections_max_;
  MemoryBudget& memory_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  LogSampler crowded_{};
  LogSampler no_descriptors_{};
  std::thread thread_;  // It is the last member, since it uses the others.
};

// Returns how many connections gRPC may have: `wanted`, or a quarter of the files that the
// process may open, since the store and HTTP need theirs. Returns FAILED_PRECONDITION, with a
// sentence, if that is too few to serve.
absl::StatusOr<size_t> ConnectionsAffordable(size_t wanted);

}  // namespace itemized::server
