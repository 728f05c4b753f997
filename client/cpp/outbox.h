#pragma once

// The batches of one producer that are on their way: in sequence, until they are
// acknowledged, and for a while after that, should the server lose them.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "itemized/v1/ingest.pb.h"

#include "client/cpp/producer.h"

namespace itemized::client {

// A batch and the records that it is made of, which a tracer numbers from 0.
struct Shipment {
  uint64_t first_number = 0;
  size_t records = 0;  // In the batch.
  size_t bytes = 0;    // Memory of the records.
  itemized::v1::Batch batch;
};

// Not thread-safe.
class Outbox {
 public:
  // Acknowledged batches are kept up to `retained_bytes_max`.
  Outbox(std::string producer_id, size_t retained_bytes_max)
      : retained_bytes_max_(retained_bytes_max), producer_{.id = std::move(producer_id)} {}

  const Producer& producer() const { return producer_; }
  size_t size() const { return waiting_.size(); }  // Not acknowledged.
  bool empty() const { return waiting_.empty(); }
  const Shipment& front() const { return *waiting_.front(); }

  void Push(std::shared_ptr<const Shipment> shipment) { waiting_.push_back(std::move(shipment)); }

  // What is to be sent next, in sequence.
  struct Parcel {
    uint64_t sequence = 0;
    std::shared_ptr<const Shipment> shipment;
  };
  bool has_unsent() const { return sent_ < waiting_.size(); }
  Parcel TakeUnsent();
  // After a stream broke: everything that is not acknowledged is to be sent again.
  void Rewind() { sent_ = 0; }

  // The shipment that was sent under `sequence` if it is the next to be
  // acknowledged, else null.
  std::shared_ptr<const Shipment> Awaited(uint64_t sequence) const;
  // The awaited shipment is on the server's disk. False if it had been before.
  bool Acknowledge();

  // The server holds batches up to `last_sequence`. If it has acknowledged more, it
  // has lost them: those still here are to be sent again, under another epoch if
  // there is a gap.
  struct Loss {
    uint64_t lost = 0;      // Batches.
    uint64_t replayed = 0;  // Of them.
  };
  Loss Reconcile(uint64_t last_sequence);

  // Begins a new sequence: under `producer_id`, or under the next epoch. What is
  // sent again is known to the server by its event ids.
  void BeginAnew(std::string producer_id);
  void BeginEpoch();

 private:
  void Retain(std::shared_ptr<const Shipment> shipment);
  void Restart(Producer producer);

  const size_t retained_bytes_max_;
  Producer producer_;
  std::deque<std::shared_ptr<const Shipment>> waiting_;
  uint64_t first_sequence_ = 1;  // Of the first of waiting_.
  size_t sent_ = 0;              // The first of waiting_ went out over the stream at hand.
  std::deque<std::shared_ptr<const Shipment>> retained_;  // The last has first_sequence_ - 1.
  size_t retained_bytes_ = 0;
  uint64_t acknowledged_number_ = 0;  // Records below have been acknowledged once.
};

}  // namespace itemized::client
