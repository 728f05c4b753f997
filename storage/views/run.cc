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
constexpr size_t kLedgerFirst = 8;  // Calls of a run that memory is asked for at once.
constexpr char kRunVersion = 2;

// PERSISTED: never change or reuse a bit.
constexpr uint64_t kCallUnpriced = 1;
constexpr uint64_t kCallRetracted = 2;

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

bool DecodeCall(absl::string_view* in, int64_t previous_us, RunCall* call) {
  int64_t delta = 0;
  uint64_t flags = 0;
  uint64_t picos = 0;
  if (!ReadBigEndian64(in, &call->fingerprint) || !ReadBigEndian32(in, &call->content) ||
      !ReadVarint32(in, &call->series) || !ReadZigzag(in, &delta) ||
      __builtin_add_overflow(previous_us, delta, &call->time_us) || !ReadVarint(in, &flags) ||
      !ReadVarint(in, &picos)) {
    return false;
  }
  call->cost = {static_cast<int64_t>(picos), (flags & kCallUnpriced) != 0};
  call->retracted = (flags & kCallRetracted) != 0;
  return true;
}

}  // namespace

EventFingerprint FingerprintOf(absl::string_view event_id) {
  if (event_id.empty()) {
    return 0;
  }
  return std::max<uint64_t>(1, XXH3_64bits(event_id.data(), event_id.size()));
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
  unpriced_calls_ += call.cost.unpriced ? sign : 0;
  cost_ += Picos(sign) * Picos(call.cost.picos);
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
  const RunCall call{.fingerprint = FingerprintOf(calls.EventId(row)),
                     .content = ContentOf(calls, row),
                     .time_us = calls.time_us[row],
                     .cost = calls.CostAt(row),
                     .series = calls.series[row],
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
  AppendVarint(&out, ledger_.size());
  int64_t previous_us = 0;
  for (const RunCall& call : ledger_) {
    AppendBigEndian64(&out, call.fingerprint);
    AppendBigEndian32(&out, call.content);
    AppendVarint(&out, call.series);
    AppendZigzag(&out, call.time_us - previous_us);
    previous_us = call.time_us;
    AppendVarint(&out,
                 (call.cost.unpriced ? kCallUnpriced : 0) | (call.retracted ? kCallRetracted : 0));
    AppendVarint(&out, static_cast<uint64_t>(call.cost.picos));
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
  int64_t previous_us = 0;
  run.ledger_.reserve(calls);
  for (uint64_t i = 0; i < calls; ++i) {
    RunCall call;
    if (!DecodeCall(&bytes, previous_us, &call) || call.series >= catalog.series_count()) {
      return std::nullopt;
    }
    previous_us = call.time_us;
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
