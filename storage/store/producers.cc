// SPDX-License-Identifier: Apache-2.0
#include "storage/store/producers.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"

#include "storage/base/bytes.h"
#include "storage/base/mutex.h"
#include "storage/base/status_macros.h"
#include "storage/base/time.h"

namespace itemized {
namespace {

constexpr char kRowVersion = 1;

// How many rows each new session looks at for producers to forget. It adds one at most, so rows are
// looked at faster than they come.
constexpr size_t kRowsPerSession = 64;

// How much older the time in a row may be than the time in memory.
constexpr int64_t kSeenEveryUs = kMicrosPerDay;

std::string RowKey(const ProducerId& id) {
  return keys::Producer(absl::string_view(reinterpret_cast<const char*>(id.data()), id.size()));
}

bool ParseRowKey(absl::string_view key, ProducerId* id) {
  if (key.size() != 1 + id->size()) {
    return false;
  }
  std::copy(key.begin() + 1, key.end(), id->begin());
  return true;
}

absl::Status Damaged() {
  return absl::DataLossError(
      "The store is damaged: the row of a producer cannot be read. Restore the data directory "
      "from a backup.");
}

absl::Status Ended() {
  return absl::FailedPreconditionError(
      "This stream has ended: a newer one of the same producer_id has begun. Two senders must "
      "not share a producer_id; give each its own.");
}

}  // namespace

// Sessions whose leases have ended, on any thread and perhaps after the database was closed.
class Producers::EndedSessions {
 public:
  struct Ended {
    ProducerId id{};
    uint64_t number = 0;
    int64_t time_us = 0;
  };

  explicit EndedSessions(const Clock* clock) : clock_(clock) {}

  void Add(const ProducerId& id, uint64_t number) {
    const MutexLock lock(mutex_);
    if (clock_ != nullptr) {
      sessions_.push_back({.id = id, .number = number, .time_us = clock_->NowUs()});
    }
  }
  std::vector<Ended> Take() {
    const MutexLock lock(mutex_);
    return std::exchange(sessions_, {});
  }
  void Close() {
    const MutexLock lock(mutex_);
    clock_ = nullptr;
  }

 private:
  Mutex mutex_;
  const Clock* clock_ ABSL_GUARDED_BY(mutex_);  // Null once the database is closed.
  std::vector<Ended> sessions_ ABSL_GUARDED_BY(mutex_);
};

struct Producers::Lease {
  Lease(std::shared_ptr<EndedSessions> list, const ProducerId& producer, uint64_t session)
      : ended(std::move(list)), id(producer), number(session) {}
  ~Lease() { ended->Add(id, number); }
  Lease(const Lease&) = delete;
  Lease& operator=(const Lease&) = delete;

  const std::shared_ptr<EndedSessions> ended;
  const ProducerId id;
  const uint64_t number;
};

Producers::Producers(const Kv* kv, const Clock* clock)
    : kv_(*kv), clock_(*clock), ended_(std::make_shared<EndedSessions>(clock)) {}

Producers::~Producers() {
  ended_->Close();
}

std::string Producers::Encode(const Position& position) {
  std::string row(1, kRowVersion);
  AppendVarint(&row, position.epoch);
  AppendVarint(&row, position.last_sequence);
  AppendZigzag(&row, position.last_seen_us);
  for (const uint64_t content : position.contents) {
    AppendBigEndian64(&row, content);
  }
  return row;
}

bool Producers::Decode(absl::string_view row, Position* position) {
  if (row.empty() || row[0] != kRowVersion) {
    return false;
  }
  row.remove_prefix(1);
  if (!ReadVarint(&row, &position->epoch) || !ReadVarint(&row, &position->last_sequence) ||
      !ReadZigzag(&row, &position->last_seen_us)) {
    return false;
  }
  while (!row.empty()) {
    uint64_t content = 0;
    if (!ReadBigEndian64(&row, &content)) {
      return false;
    }
    position->contents.push_back(content);
  }
  return position->contents.size() <= std::min(position->last_sequence, kProducerContentsMax);
}

absl::StatusOr<Producers::Position> Producers::Read(const ProducerId& id) const {
  Position position;
  ASSIGN_OR_RETURN(const std::optional<std::string> row, kv_.Get(Family::kMeta, RowKey(id)));
  if (row.has_value() && !Decode(*row, &position)) {
    return Damaged();
  }
  return position;
}

// Returns the position of a producer, which is all 0 if it is not known or was idle for too long.
absl::StatusOr<Producers::Position> Producers::Find(const ProducerId& id, int64_t now_us) const {
  if (const auto live = sessions_.find(id); live != sessions_.end()) {
    return live->second.position;
  }
  Position position;
  if (const auto seen = seen_.find(id); seen != seen_.end()) {
    position = seen->second;
  } else {
    ASSIGN_OR_RETURN(position, Read(id));
  }
  return position.last_seen_us < now_us - kProducerIdleMaxUs ? Position() : position;
}

// Notes that a producer is there now, if its row says an instant that is too long ago.
void Producers::See(const ProducerId& id, int64_t now_us, Position* position) {
  const bool is_stale = position->last_seen_us < now_us - kSeenEveryUs;
  if (is_stale && position->last_sequence > 0) {
    position->last_seen_us = now_us;
    seen_[id] = *position;
  }
}

void Producers::CloseEnded() {
  for (const auto& [id, number, time_us] : ended_->Take()) {
    const auto session = sessions_.find(id);
    if (session != sessions_.end() && session->second.number == number) {
      See(id, time_us, &session->second.position);
      sessions_.erase(session);
    }
  }
}

// Looks at the next few rows, beginning anew after the last one.
absl::Status Producers::ForgetSome(int64_t now_us) {
  auto rows = kv_.Scan(Family::kMeta, next_row_.empty() ? keys::kProducers : next_row_,
                       keys::Past(keys::kProducers));
  for (size_t i = 0; i < kRowsPerSession && rows->Valid(); ++i, rows->Next()) {
    ProducerId id{};
    Position position;
    if (!ParseRowKey(rows->key(), &id) || !Decode(rows->value(), &position)) {
      return Damaged();
    }
    if (const auto live = sessions_.find(id); live != sessions_.end()) {
      See(id, now_us, &live->second.position);
    } else if (position.last_seen_us < now_us - kProducerIdleMaxUs && !seen_.contains(id)) {
      forgotten_.insert(id);
    }
  }
  next_row_ = rows->Valid() ? std::string(rows->key()) : "";
  return rows->status();
}

absl::StatusOr<ProducerSession> Producers::Begin(const ProducerHello& hello) {
  CloseEnded();
  const int64_t now_us = clock_.NowUs();
  RETURN_IF_ERROR(ForgetSome(now_us));
  ASSIGN_OR_RETURN(Position position, Find(hello.id, now_us));
  if (hello.epoch < position.epoch) {
    return absl::FailedPreconditionError(absl::StrCat(
        "This producer_id has gone on to epoch ", position.epoch, "; epoch ", hello.epoch,
        " has ended. Two senders must not share a producer_id; give each its own."));
  }
  See(hello.id, now_us, &position);
  if (hello.epoch > position.epoch) {
    position = Position();
    position.epoch = hello.epoch;
  }
  if (position.last_sequence > 0) {
    forgotten_.erase(hello.id);
  }
  const uint64_t last_sequence = position.last_sequence;
  sessions_[hello.id] = {.number = ++last_session_, .position = std::move(position)};
  return ProducerSession{.session = last_session_,
                         .last_sequence = last_sequence,
                         .lease = std::make_shared<const Lease>(ended_, hello.id, last_session_)};
}

absl::StatusOr<Producers::Turn> Producers::Take(const BatchPosition& batch) {
  const auto session = sessions_.find(batch.producer);
  if (session == sessions_.end() || session->second.number != batch.session) {
    return Ended();
  }
  const auto staged = staged_.find(batch.producer);
  const Position& position = staged == staged_.end() ? session->second.position : staged->second;
  if (batch.sequence == 0) {
    return absl::InvalidArgumentError("A batch has sequence 0; those of a producer begin with 1.");
  }
  if (batch.sequence > position.last_sequence + 1) {
    return absl::OutOfRangeError(absl::StrCat("Batch ", batch.sequence, " came where batch ",
                                              position.last_sequence + 1, " is expected."));
  }
  if (batch.sequence <= position.last_sequence) {
    const uint64_t age = position.last_sequence - batch.sequence;
    const std::deque<uint64_t>& contents = position.contents;
    if (age < contents.size() && contents[contents.size() - 1 - age] != batch.content) {
      return absl::AlreadyExistsError(
          absl::StrCat("Batch ", batch.sequence,
                       " of this producer is stored with other content; send it in a new epoch."));
    }
    return Turn::kKnown;
  }
  Position& next = staged_.try_emplace(batch.producer, position).first->second;
  next.last_sequence = batch.sequence;
  next.last_seen_us = clock_.NowUs();
  next.contents.push_back(batch.content);
  if (next.contents.size() > kProducerContentsMax) {
    next.contents.pop_front();
  }
  return Turn::kNew;
}

void Producers::AddTo(Entry* entry) const {
  entry->forgotten_producers.assign(forgotten_.begin(), forgotten_.end());
  for (const auto& [id, position] : seen_) {
    if (!staged_.contains(id)) {
      entry->producers.push_back({.id = id,
                                  .epoch = position.epoch,
                                  .last_sequence = position.last_sequence,
                                  .last_seen_us = position.last_seen_us,
                                  .contents = {}});
    }
  }
  for (const auto& [id, position] : staged_) {
    const Position& before = sessions_.at(id).position;
    const uint64_t added = position.epoch == before.epoch
                               ? position.last_sequence - before.last_sequence
                               : position.last_sequence;
    const auto count = std::min<uint64_t>(added, position.contents.size());
    entry->producers.push_back(
        {.id = id,
         .epoch = position.epoch,
         .last_sequence = position.last_sequence,
         .last_seen_us = position.last_seen_us,
         .contents = {position.contents.end() - static_cast<std::ptrdiff_t>(count),
                      position.contents.end()}});
  }
}

absl::StatusOr<std::vector<ProducerProgress>> Producers::ReadAll(const Kv& kv) {
  std::vector<ProducerProgress> all;
  auto rows = kv.Scan(Family::kMeta, keys::kProducers, keys::Past(keys::kProducers));
  for (; rows->Valid(); rows->Next()) {
    ProducerProgress& progress = all.emplace_back();
    Position position;
    if (!ParseRowKey(rows->key(), &progress.id) || !Decode(rows->value(), &position)) {
      return Damaged();
    }
    progress.epoch = position.epoch;
    progress.last_sequence = position.last_sequence;
    progress.last_seen_us = position.last_seen_us;
    progress.contents.assign(position.contents.begin(), position.contents.end());
  }
  RETURN_IF_ERROR(rows->status());
  return all;
}

void Producers::Advance(const ProducerProgress& progress, Position* position) {
  const uint64_t first = progress.last_sequence - progress.contents.size();
  if (progress.epoch != position->epoch || first != position->last_sequence) {
    position->contents.clear();
  }
  position->epoch = progress.epoch;
  position->last_sequence = progress.last_sequence;
  position->last_seen_us = progress.last_seen_us;
  position->contents.insert(position->contents.end(), progress.contents.begin(),
                            progress.contents.end());
  while (position->contents.size() > kProducerContentsMax) {
    position->contents.pop_front();
  }
}

absl::Status Producers::AddRows(const Entry& entry, KvBatch* batch) const {
  for (const ProducerId& id : entry.forgotten_producers) {
    batch->Delete(Family::kMeta, RowKey(id));
  }
  for (const ProducerProgress& progress : entry.producers) {
    const auto live = sessions_.find(progress.id);
    Position position;
    if (live != sessions_.end()) {
      position = live->second.position;
    } else {
      ASSIGN_OR_RETURN(position, Read(progress.id));
    }
    Advance(progress, &position);
    batch->Put(Family::kMeta, RowKey(progress.id), Encode(position));
  }
  return absl::OkStatus();
}

void Producers::Apply(const Entry& entry) {
  for (const ProducerProgress& progress : entry.producers) {
    if (const auto live = sessions_.find(progress.id); live != sessions_.end()) {
      Advance(progress, &live->second.position);
    }
    seen_.erase(progress.id);
  }
  for (const ProducerId& id : entry.forgotten_producers) {
    forgotten_.erase(id);
  }
  staged_.clear();
}

}  // namespace itemized
