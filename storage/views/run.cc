#include "storage/views/run.h"

#include <algorithm>
#include <utility>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "storage/base/bytes.h"
#include "storage/base/check.h"

namespace itemized {
namespace {

constexpr size_t kIndexFrom = 48;   // Calls; below, a search through the ledger is as fast.
constexpr size_t kCallBytes = 20;   // About what one takes in the persisted form,
constexpr size_t kRefBytes = 8;     // and a reference to a block.
constexpr size_t kLedgerFirst = 8;  // Calls of a run that memory is asked for at once.
constexpr char kRunVersion = 3;
constexpr SeriesId kSeriesMask = (SeriesId{1} << 30) - 1;  // kSeriesMax is far below.

// PERSISTED: never change or reuse a bit.
constexpr uint64_t kCallUnpriced = 1;
constexpr uint64_t kCallRetracted = 2;
constexpr uint64_t kCallFarId = 4;  // Of another sender than the one before.

// Differences of fingerprints from which it is shorter to store one whole.
constexpr int64_t kFarId = int64_t{1} << 48;

// Digits of an id that count; 60 bits.
constexpr size_t kCountedDigits = 15;

int HexDigit(char c) {
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

void EncodeCompletion(const std::optional<RunCompletion>& completion, std::string* out) {
  if (!completion.has_value()) {
    out->push_back(static_cast<char>(Outcome::kOpen));
    return;
  }
  out->push_back(static_cast<char>(completion->outcome));
  AppendVarint(out, static_cast<uint64_t>(completion->time_us));
  AppendVarint(out, completion->workflow);
  AppendVarint(out, completion->unused_steps.size());
  for (const NameId step : completion->unused_steps) {
    AppendVarint(out, step);
  }
}

bool DecodeCompletion(absl::string_view* in, std::optional<RunCompletion>* completion) {
  if (in->empty()) {
    return false;
  }
  const int outcome = in->front();
  in->remove_prefix(1);
  if (outcome == 0) {
    return true;
  }
  RunCompletion row;
  uint64_t time_us = 0;
  uint64_t unused = 0;
  if (outcome < 0 || outcome >= kOutcomeCount || !ReadVarint(in, &time_us) ||
      !ReadVarint32(in, &row.workflow) || !ReadVarint(in, &unused) || unused > in->size()) {
    return false;
  }
  row.outcome = static_cast<Outcome>(outcome);
  row.time_us = static_cast<int64_t>(time_us);
  row.unused_steps.resize(unused);
  for (NameId& step : row.unused_steps) {
    if (!ReadVarint32(in, &step)) {
      return false;
    }
  }
  *completion = std::move(row);
  return true;
}

void EncodeCall(const RunCall& previous, const RunCall& call, std::string* out) {
  const auto id_step = static_cast<int64_t>(call.fingerprint - previous.fingerprint);
  const bool is_far = id_step <= -kFarId || id_step >= kFarId;
  const uint64_t flags = (call.unpriced ? kCallUnpriced : 0) |
                         (call.retracted ? kCallRetracted : 0) | (is_far ? kCallFarId : 0);
  AppendVarint(out, uint64_t{call.series} << 1 | (flags != 0 ? 1 : 0));
  if (flags != 0) {
    AppendVarint(out, flags);
  }
  if (is_far) {
    AppendBigEndian64(out, call.fingerprint);
  } else {
    AppendZigzag(out, id_step);
  }
  AppendBigEndian32(out, call.content);
  AppendZigzag(out, call.time_us - previous.time_us);
  AppendVarint(out, static_cast<uint64_t>(call.cost_picos));
}

bool ReadFingerprint(absl::string_view* in, bool is_far, EventFingerprint previous,
                     EventFingerprint* fingerprint) {
  if (is_far) {
    return ReadBigEndian64(in, fingerprint);
  }
  int64_t step = 0;
  if (!ReadZigzag(in, &step)) {
    return false;
  }
  *fingerprint = previous + static_cast<uint64_t>(step);
  return true;
}

bool DecodeCall(absl::string_view* in, const RunCall& previous, RunCall* call) {
  uint64_t series = 0;
  uint64_t flags = 0;
  int64_t delta_us = 0;
  uint64_t picos = 0;
  if (!ReadVarint(in, &series) || ((series & 1) != 0 && !ReadVarint(in, &flags)) ||
      series >> 1 > kSeriesMask ||
      !ReadFingerprint(in, (flags & kCallFarId) != 0, previous.fingerprint, &call->fingerprint) ||
      !ReadBigEndian32(in, &call->content) || !ReadZigzag(in, &delta_us) ||
      __builtin_add_overflow(previous.time_us, delta_us, &call->time_us) ||
      !ReadVarint(in, &picos)) {
    return false;
  }
  call->series = static_cast<SeriesId>(series >> 1) & kSeriesMask;
  call->cost_picos = static_cast<int64_t>(picos);
  call->unpriced = (flags & kCallUnpriced) != 0;
  call->retracted = (flags & kCallRetracted) != 0;
  return true;
}

}  // namespace

EventFingerprint FingerprintOf(absl::string_view event_id) {
  if (event_id.empty()) {
    return 0;
  }
  uint64_t number = 0;
  size_t digits = 0;
  for (; digits < std::min(kCountedDigits, event_id.size()); ++digits) {
    const int digit = HexDigit(event_id[event_id.size() - 1 - digits]);
    if (digit < 0) {
      break;
    }
    number |= static_cast<uint64_t>(digit) << (4 * digits);
  }
  // The seed keeps "a-1" from "a-01".
  const uint64_t rest =
      XXH3_64bits_withSeed(event_id.data(), event_id.size() - digits, /*seed=*/digits);
  return std::max<uint64_t>(1, rest + number);
}

const RunCall* Run::Find(EventFingerprint fingerprint) const {
  if (fingerprint == 0) {
    return nullptr;
  }
  if (index_ != nullptr) {
    const auto found = index_->find(fingerprint);
    return found == index_->end() ? nullptr : &ledger_[found->second];
  }
  const auto found = std::find_if(ledger_.begin(), ledger_.end(), [&](const RunCall& call) {
    return call.fingerprint == fingerprint;
  });
  return found == ledger_.end() ? nullptr : &*found;
}

// Calls without an id are told apart by what they are; equal ones are alike.
size_t Run::PositionOf(const RunCall& call) const {
  if (call.fingerprint != 0) {
    const RunCall* found = Find(call.fingerprint);
    return found == nullptr ? ledger_.size() : static_cast<size_t>(found - ledger_.data());
  }
  const auto found = std::find(ledger_.begin(), ledger_.end(), call);
  return static_cast<size_t>(found - ledger_.begin());
}

void Run::Index() {
  if (ledger_.size() < kIndexFrom) {
    return;
  }
  if (index_ == nullptr) {
    index_ = std::make_unique<absl::flat_hash_map<EventFingerprint, size_t>>();
    for (size_t i = 0; i < ledger_.size(); ++i) {
      index_->emplace(ledger_[i].fingerprint, i);
    }
  } else {
    index_->emplace(ledger_.back().fingerprint, ledger_.size() - 1);
  }
}

void Run::Count(const RunCall& call, int sign) {
  calls_ += sign;
  unpriced_calls_ += call.unpriced ? sign : 0;
  cost_ += Picos(sign) * Picos(call.cost_picos);
}

// Brings what is known of the extremes up to `call`, which stands.
void Run::SeeCall(const RunCall& call, const Catalog& catalog) {
  latest_us_ = std::max(latest_us_, call.time_us);
  const NameId workflow = catalog.Series(call.series)[NameKind::kWorkflow];
  if (workflow == 0) {
    return;
  }
  const bool first = calls_workflow_ == 0 || call.time_us < calls_workflow_us_ ||
                     (call.time_us == calls_workflow_us_ &&
                      catalog.Name(NameKind::kWorkflow, workflow) <
                          catalog.Name(NameKind::kWorkflow, calls_workflow_));
  if (first) {
    calls_workflow_ = workflow;
    calls_workflow_us_ = call.time_us;
  }
}

void Run::Retract(size_t position, const Catalog& catalog) {
  CHECK(position < ledger_.size() && !ledger_[position].retracted);
  Count(ledger_[position], -1);
  ledger_[position].retracted = true;
  latest_us_ = 0;
  calls_workflow_ = 0;
  for (const RunCall& call : ledger_) {
    if (!call.retracted) {
      SeeCall(call, catalog);
    }
  }
}

void Run::Apply(const CallRows& calls, size_t row, BlockRef ref, const Catalog& catalog) {
  const RunCall call{.fingerprint = calls.event_fingerprint.empty()
                                        ? FingerprintOf(calls.EventId(row))
                                        : calls.event_fingerprint[row],
                     .time_us = calls.time_us[row],
                     .cost_picos = calls.cost_picos[row],
                     .content = ContentOf(calls, row),
                     .series = calls.series[row] & kSeriesMask,
                     .unpriced = calls.Has(row, kFlagUnpriced),
                     .retracted = false};
  if (blocks_.empty() || blocks_.back() != ref) {
    blocks_.push_back(ref);
  }
  if (calls.weight[row] < 0) {
    return Retract(PositionOf(call), catalog);
  }
  Count(call, 1);
  SeeCall(call, catalog);
  if (const RunCall* known = Find(call.fingerprint); known != nullptr) {
    CHECK(known->retracted);  // The other half of a correction.
    ledger_[static_cast<size_t>(known - ledger_.data())] = call;
    return;
  }
  if (ledger_.empty()) {
    ledger_.reserve(kLedgerFirst);
  }
  ledger_.push_back(call);
  Index();
}

void Run::Apply(const RunCompletion& completion) {
  if (!completion_.has_value() || completion.time_us >= completion_->time_us) {
    completion_ = completion;
  }
}

bool Run::Unused(NameId step) const {
  return completion_.has_value() && std::binary_search(completion_->unused_steps.begin(),
                                                       completion_->unused_steps.end(), step);
}

Outcome Run::outcome() const {
  return completion_.has_value() ? completion_->outcome : Outcome::kOpen;
}

NameId Run::workflow() const {
  return completion_.has_value() && completion_->workflow != 0 ? completion_->workflow
                                                               : calls_workflow_;
}

int64_t Run::AnchorUs() const {
  return completion_.has_value() ? completion_->time_us : latest_us_;
}

std::string Run::Encode() const {
  std::string out(1, kRunVersion);
  EncodeCompletion(completion_, &out);
  out.reserve(out.size() + ledger_.size() * kCallBytes + blocks_.size() * kRefBytes);
  AppendVarint(&out, ledger_.size());
  RunCall previous;
  for (const RunCall& call : ledger_) {
    EncodeCall(previous, call, &out);
    previous = call;
  }
  for (const BlockRef& ref : blocks_) {
    AppendVarint(&out, ref.hour);
    AppendVarint(&out, ref.sequence);
  }
  return out;
}

bool Run::MayHaveUnused(absl::string_view bytes) {
  bytes.remove_prefix(std::min<size_t>(bytes.size(), 1));  // The version.
  std::optional<RunCompletion> completion;
  return !DecodeCompletion(&bytes, &completion) ||
         (completion.has_value() && !completion->unused_steps.empty());
}

std::optional<Run> Run::Decode(absl::string_view bytes, const Catalog& catalog) {
  if (bytes.empty() || bytes[0] != kRunVersion) {
    return std::nullopt;
  }
  bytes.remove_prefix(1);
  Run run;
  uint64_t calls = 0;
  if (!DecodeCompletion(&bytes, &run.completion_) || !ReadVarint(&bytes, &calls) ||
      calls > bytes.size()) {
    return std::nullopt;
  }
  RunCall previous;
  run.ledger_.reserve(calls);
  for (uint64_t i = 0; i < calls; ++i) {
    RunCall call;
    if (!DecodeCall(&bytes, previous, &call) || call.series >= catalog.series_count()) {
      return std::nullopt;
    }
    previous = call;
    run.ledger_.push_back(call);
    run.Index();
    if (!call.retracted) {
      run.Count(call, 1);
      run.SeeCall(call, catalog);
    }
  }
  while (!bytes.empty()) {
    BlockRef ref;
    if (!ReadVarint32(&bytes, &ref.hour) || !ReadVarint(&bytes, &ref.sequence)) {
      return std::nullopt;
    }
    run.blocks_.push_back(ref);
  }
  return run;
}

}  // namespace itemized
