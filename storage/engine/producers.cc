// SPDX-License-Identifier: Apache-2.0
#include "storage/engine/producers.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

// Family::kMeta (storage/FORMAT.md, "Producers").
constexpr char kPrefix = 'p';
constexpr char kPrefixEnd = 'q';
constexpr char kRowVersion = 1;

// Producers are looked over for idle ones this often.
constexpr int64_t kForgetEveryUs = kMicrosPerHour;

std::string RowKey(const ProducerId& id) {
  std::string key(1, kPrefix);
  key.append(id.begin(), id.end());
  return key;
}

absl::Status Ended() {
  return absl::FailedPreconditionError(
      "this stream has ended: a newer one of the same producer_id has begun. Two senders must "
      "not share a producer_id; give each its own");
}

}  // namespace

std::string Producers::Encode(const Producer& producer) {
  std::string row(1, kRowVersion);
  AppendVarint(&row, producer.epoch);
  AppendVarint(&row, producer.last_sequence);
  AppendZigzag(&row, producer.last_seen_us);
  for (const uint64_t content : producer.contents) {
    AppendBigEndian64(&row, content);
  }
  return row;
}

bool Producers::Decode(absl::string_view row, Producer* producer) {
  if (row.empty() || row[0] != kRowVersion) {
    return false;
  }
  row.remove_prefix(1);
  if (!ReadVarint(&row, &producer->epoch) || !ReadVarint(&row, &producer->last_sequence) ||
      !ReadZigzag(&row, &producer->last_seen_us)) {
    return false;
  }
  while (!row.empty()) {
    uint64_t content = 0;
    if (!ReadBigEndian64(&row, &content)) {
      return false;
    }
    producer->contents.push_back(content);
  }
  return producer->contents.size() <= std::min(producer->last_sequence, kProducerContentsMax);
}

absl::Status Producers::Load(const Kv& kv) {
  auto rows = kv.Scan(Family::kMeta, std::string(1, kPrefix), std::string(1, kPrefixEnd));
  for (; rows->Valid(); rows->Next()) {
    ProducerId id{};
    Producer producer;
    const absl::string_view key = rows->key();
    if (key.size() != 1 + id.size() || !Decode(rows->value(), &producer)) {
      return absl::DataLossError("the store is damaged: the row of a producer cannot be read");
    }
    std::copy(key.begin() + 1, key.end(), id.begin());
    producers_.emplace(id, std::move(producer));
  }
  return rows->status();
}

absl::StatusOr<ProducerSession> Producers::Begin(const ProducerHello& hello, int64_t now_us) {
  ForgetIdle(now_us);
  Producer& producer = producers_[hello.id];
  if (hello.epoch < producer.epoch) {
    return absl::FailedPreconditionError(absl::StrCat(
        "this producer_id has gone on to epoch ", producer.epoch, "; epoch ", hello.epoch,
        " has ended. Two senders must not share a producer_id; give each its own"));
  }
  if (hello.epoch > producer.epoch) {
    producer = Producer();
    producer.epoch = hello.epoch;
  }
  producer.session = ++last_session_;
  producer.last_seen_us = now_us;
  return ProducerSession{.session = producer.session, .last_sequence = producer.last_sequence};
}

absl::StatusOr<Producers::Turn> Producers::Take(const BatchPosition& position, int64_t now_us) {
  const auto settled = producers_.find(position.producer);
  if (settled == producers_.end() || settled->second.session != position.session) {
    return Ended();
  }
  const auto staged = staged_.find(position.producer);
  const Producer& producer = staged == staged_.end() ? settled->second : staged->second;
  if (position.sequence == 0) {
    return absl::InvalidArgumentError("sequence 0: those of a producer begin with 1");
  }
  if (position.sequence > producer.last_sequence + 1) {
    return absl::OutOfRangeError(absl::StrCat("sequence ", position.sequence, " came where ",
                                              producer.last_sequence + 1, " is expected"));
  }
  if (position.sequence <= producer.last_sequence) {
    const uint64_t age = producer.last_sequence - position.sequence;
    const std::deque<uint64_t>& contents = producer.contents;
    if (age < contents.size() && contents[contents.size() - 1 - age] != position.content) {
      return absl::AlreadyExistsError(absl::StrCat(
          "sequence ", position.sequence, " of this producer is stored with other content"));
    }
    return Turn::kKnown;
  }
  Producer& next = staged_.try_emplace(position.producer, producer).first->second;
  next.last_sequence = position.sequence;
  next.last_seen_us = now_us;
  next.contents.push_back(position.content);
  if (next.contents.size() > kProducerContentsMax) {
    next.contents.pop_front();
  }
  return Turn::kNew;
}

void Producers::Save(KvBatch* batch) const {
  for (const ProducerId& id : forgotten_) {
    batch->Delete(Family::kMeta, RowKey(id));
  }
  for (const auto& [id, producer] : staged_) {
    batch->Put(Family::kMeta, RowKey(id), Encode(producer));
  }
}

void Producers::Settle(bool saved) {
  if (saved) {
    for (auto& [id, producer] : staged_) {
      producers_[id] = std::move(producer);
    }
    forgotten_.clear();
  }
  staged_.clear();
}

void Producers::ForgetIdle(int64_t now_us) {
  if (now_us < forget_at_us_ && producers_.size() < kProducersMax) {
    return;
  }
  forget_at_us_ = now_us + kForgetEveryUs;
  std::vector<std::pair<int64_t, ProducerId>> by_age;
  for (const auto& [id, producer] : producers_) {
    by_age.emplace_back(producer.last_seen_us, id);
  }
  std::sort(by_age.begin(), by_age.end());
  // An eighth makes room for a while, so that not every new producer sorts all.
  const size_t surplus = by_age.size() < kProducersMax ? 0 : kProducersMax / 8;
  for (size_t i = 0; i < by_age.size(); ++i) {
    if (i >= surplus && by_age[i].first >= now_us - kProducerIdleMaxUs) {
      break;
    }
    producers_.erase(by_age[i].second);
    forgotten_.push_back(by_age[i].second);
  }
}

}  // namespace itemized
