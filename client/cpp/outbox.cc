#include "client/cpp/outbox.h"

#include <algorithm>
#include <utility>

#include "storage/base/check.h"

namespace itemized::client {

Outbox::Parcel Outbox::TakeUnsent() {
  CHECK(has_unsent());
  const size_t place = sent_++;
  return {first_sequence_ + place, waiting_[place]};
}

std::shared_ptr<const Shipment> Outbox::Awaited(uint64_t sequence) const {
  return sent_ == 0 || first_sequence_ != sequence ? nullptr : waiting_.front();
}

bool Outbox::Acknowledge() {
  CHECK(sent_ > 0);
  std::shared_ptr<const Shipment> shipment = std::move(waiting_.front());
  waiting_.pop_front();
  --sent_;
  producer_.acknowledged_sequence = first_sequence_++;
  const bool is_first_time = shipment->first_number >= acknowledged_number_;
  acknowledged_number_ = std::max(acknowledged_number_, shipment->first_number + 1);
  Retain(std::move(shipment));
  return is_first_time;
}

void Outbox::Retain(std::shared_ptr<const Shipment> shipment) {
  retained_bytes_ += shipment->bytes;
  retained_.push_back(std::move(shipment));
  while (retained_bytes_ > retained_bytes_max_) {
    retained_bytes_ -= retained_.front()->bytes;
    retained_.pop_front();
  }
}

Outbox::Loss Outbox::Reconcile(uint64_t last_sequence) {
  if (last_sequence >= producer_.acknowledged_sequence) {
    return {};
  }
  Loss loss;
  loss.lost = producer_.acknowledged_sequence - last_sequence;
  loss.replayed = std::min<uint64_t>(loss.lost, retained_.size());
  waiting_.insert(waiting_.begin(), retained_.end() - static_cast<ptrdiff_t>(loss.replayed),
                  retained_.end());
  if (loss.replayed < loss.lost) {
    BeginEpoch();
    return loss;
  }
  first_sequence_ -= loss.replayed;
  producer_.acknowledged_sequence = last_sequence;
  retained_.clear();
  retained_bytes_ = 0;
  sent_ = 0;
  return loss;
}

void Outbox::BeginAnew(std::string producer_id) {
  Restart({.id = std::move(producer_id), .epoch = 1, .acknowledged_sequence = 0});
}

void Outbox::BeginEpoch() {
  Restart({.id = producer_.id, .epoch = producer_.epoch + 1, .acknowledged_sequence = 0});
}

void Outbox::Restart(Producer producer) {
  producer_ = std::move(producer);
  first_sequence_ = 1;
  sent_ = 0;
  retained_.clear();
  retained_bytes_ = 0;
}

}  // namespace itemized::client
