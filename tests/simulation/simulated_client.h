// SPDX-License-Identifier: Apache-2.0
#pragma once

// A tracer without threads or sockets: its Delivery over a spool in a directory, and
// the streams that it opens to a simulated server.

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "itemized/v1/ingest.pb.h"

#include "client/cpp/delivery.h"
#include "tests/simulation/simulated_server.h"
#include "tests/simulation/world.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::testing {

class SimulatedClient {
 public:
  SimulatedClient(World& world, SimulatedServer& server, uint64_t number);

  // Records a call, every other one without an id.
  void Record();
  // Lets the process die and another one open its spool.
  void Crash();
  // Lets the network drop the stream. What is on its way to the server may yet arrive.
  void Break();
  // Says that the server has gone, which the network tells the client in a while.
  void Disconnect();

  std::string step() const { return "step-" + std::to_string(number_); }
  int64_t recorded_calls() const { return calls_; }
  int64_t recorded_tokens() const { return tokens_; }
  bool is_settled() const { return Stats().queued == 0; }
  client::TracerStats Stats() const { return delivery_->Stats(); }
  uint64_t lost_batches() const { return lost_batches_ + Stats().lost_batches; }

 private:
  // One stream, as long as a message is on its way.
  struct Stream {
    ServerStream at_server;
    bool is_over = false;     // The client knows that it has ended.
    bool is_greeted = false;  // The Welcome has come.
    World::TimePoint last_sent;
    World::TimePoint last_answered;
  };

  void Open();
  void Pump();
  void SendBatches();
  void BeginStream();
  void Send(const itemized::v1::IngestRequest& request);
  void Answer(const std::shared_ptr<Stream>& stream, const itemized::v1::IngestResponse& answer);
  void OnAnswer(const itemized::v1::IngestResponse& answer);
  void End(const std::shared_ptr<Stream>& stream, const absl::Status& status);
  void Forget(const absl::Status& status);
  // Returns when a message arrives that leaves now, which is after the one before it.
  World::TimePoint Arrival(World::TimePoint* last);

  World& world_;
  SimulatedServer& server_;
  const uint64_t number_;
  const TemporaryDirectory directory_;
  std::unique_ptr<client::Delivery> delivery_;
  std::shared_ptr<Stream> stream_;  // Null if none is open.
  World::TimePoint wake_at_ = World::TimePoint::max();
  int64_t calls_ = 0;
  int64_t tokens_ = 0;
  uint64_t lost_batches_ = 0;  // Earlier lives have told of these.
};

}  // namespace itemized::testing
