// SPDX-License-Identifier: Apache-2.0
// The persisted form of a run (storage/FORMAT.md, "Run").

#include <algorithm>
#include <utility>

#include "storage/base/bytes.h"
#include "storage/base/time.h"
#include "storage/runs/run.h"

namespace itemized {
namespace {

constexpr char kRunVersion = 6;
constexpr uint32_t kSeriesEnd = uint32_t{1} << RunCall::kSeriesBits;

// About how many bytes each takes; memory is asked for by these.
constexpr size_t kBriefBytes = 64;  // A brief run without its ids.
constexpr size_t kIdBytes = 2;      // An id of a brief run.
constexpr size_t kCallBytes = 20;   // A call in full.
constexpr size_t kRefBytes = 4;     // A reference to a block.

// PERSISTED: never change or reuse a bit.
constexpr uint8_t kOutcomeBits = 7;
constexpr uint8_t kKeepsCalls = 8;
constexpr uint8_t kHasUnused = 16;
constexpr uint8_t kCallsInFull = kKeepsCalls | kHasUnused;
constexpr uint64_t kCallUnpriced = 1;
constexpr uint64_t kCallRetracted = 2;
constexpr uint64_t kCallFarId = 4;    // Its id stands in full.
constexpr uint64_t kCallRevised = 8;  // Its revision is not 0.

// A fingerprint that differs from the one before by so much is shorter to store in full.
constexpr int64_t kFarId = int64_t{1} << 48;

// Flags of a call, and the difference of its fingerprint to the one before; 0 with kCallFarId.
struct Mark {
  uint64_t flags = 0;
  int64_t id_step = 0;
};

Mark MarkOf(EventFingerprint previous, const RunCall& call, uint32_t revision) {
  Mark mark{.flags = (call.unpriced ? kCallUnpriced : 0) | (call.retracted ? kCallRetracted : 0) |
                     (revision != 0 ? kCallRevised : 0),
            .id_step = static_cast<int64_t>(call.fingerprint - previous)};
  if (mark.id_step <= -kFarId || mark.id_step >= kFarId) {
    mark = {.flags = mark.flags | kCallFarId, .id_step = 0};
  }
  return mark;
}

void AppendFlagged(uint64_t value, uint64_t flags, std::string* out) {
  AppendVarint(out, value << 1 | (flags != 0 ? 1 : 0));
  if (flags != 0) {
    AppendVarint(out, flags);
  }
}

bool ReadFlagged(absl::string_view* in, uint64_t* value, uint64_t* flags) {
  uint64_t raw = 0;
  *flags = 0;
  if (!ReadVarint(in, &raw) || ((raw & 1) != 0 && !ReadVarint(in, flags))) {
    return false;
  }
  *value = raw >> 1;
  return true;
}

// Appends what follows the flags: a fingerprint in full, and a revision, if the flags say so.
void AppendIdAndRevision(uint64_t flags, EventFingerprint id, uint32_t revision, std::string* out) {
  if ((flags & kCallFarId) != 0) {
    AppendBigEndian64(out, id);
  }
  if ((flags & kCallRevised) != 0) {
    AppendVarint(out, revision);
  }
}

bool ReadIdAndRevision(absl::string_view* in, uint64_t flags, EventFingerprint* id,
                       uint32_t* revision) {
  return ((flags & kCallFarId) == 0 || ReadBigEndian64(in, id)) &&
         ((flags & kCallRevised) == 0 || (ReadVarint32(in, revision) && *revision != 0));
}

void AppendCall(const RunCall& previous, const RunCall& call, uint32_t revision, std::string* out) {
  const Mark mark = MarkOf(previous.fingerprint, call, revision);
  AppendFlagged(call.series_number, mark.flags, out);
  AppendZigzag(out, mark.id_step);
  AppendIdAndRevision(mark.flags, call.fingerprint, revision, out);
  AppendBigEndian32(out, call.content);
  AppendZigzag(out, call.time_us - previous.time_us);
  AppendVarint(out, static_cast<uint64_t>(call.cost_picos));
}

bool ReadCall(absl::string_view* in, const RunCall& previous, RunCall* call, uint32_t* revision) {
  uint64_t series = 0;
  uint64_t flags = 0;
  int64_t id_step = 0;
  int64_t delta_us = 0;
  uint64_t picos = 0;
  if (!ReadFlagged(in, &series, &flags) || series >= kSeriesEnd || !ReadZigzag(in, &id_step)) {
    return false;
  }
  call->fingerprint = previous.fingerprint + static_cast<uint64_t>(id_step);
  if (!ReadIdAndRevision(in, flags, &call->fingerprint, revision) ||
      !ReadBigEndian32(in, &call->content) || !ReadZigzag(in, &delta_us) ||
      __builtin_add_overflow(previous.time_us, delta_us, &call->time_us) ||
      !ReadVarint(in, &picos)) {
    return false;
  }
  call->series_number = static_cast<uint32_t>(series) & (kSeriesEnd - 1);
  call->cost_picos = static_cast<int64_t>(picos);
  call->unpriced = (flags & kCallUnpriced) != 0;
  call->retracted = (flags & kCallRetracted) != 0;
  return true;
}

void AppendTotals(const RunTotals& totals, std::string* out) {
  AppendVarint(out, static_cast<uint64_t>(totals.calls));
  AppendVarint(out, static_cast<uint64_t>(totals.unpriced_calls));
  AppendZigzag128(out, totals.cost);
  AppendVarint(out, static_cast<uint64_t>(totals.latest_us));
  AppendVarint(out, totals.workflow.value());
  if (totals.workflow != kUnnamed) {
    AppendZigzag(out, totals.latest_us - totals.workflow_us);
  }
}

bool ReadTotals(absl::string_view* in, RunTotals* totals) {
  uint64_t calls = 0;
  uint64_t unpriced_calls = 0;
  uint64_t latest_us = 0;
  int64_t since_us = 0;
  if (!ReadVarint(in, &calls) || !ReadVarint(in, &unpriced_calls) ||
      !ReadZigzag128(in, &totals->cost) || !ReadVarint(in, &latest_us) ||
      !ReadVarintId(in, &totals->workflow) ||
      (totals->workflow != kUnnamed && !ReadZigzag(in, &since_us))) {
    return false;
  }
  totals->calls = static_cast<int64_t>(calls);
  totals->unpriced_calls = static_cast<int64_t>(unpriced_calls);
  totals->latest_us = static_cast<int64_t>(latest_us);
  return totals->workflow == kUnnamed ||
         !__builtin_sub_overflow(totals->latest_us, since_us, &totals->workflow_us);
}

// `latest_us` is when the latest call ended. The outcome stands in the second byte of the row.
void AppendCompletion(const RunCompletion& completion, int64_t latest_us, std::string* out) {
  AppendZigzag(out, completion.time_us - latest_us);
  AppendVarint(out, completion.workflow.value());
  if (completion.unused_steps.empty()) {
    return;
  }
  AppendVarint(out, completion.unused_steps.size());
  for (const std::string& step : completion.unused_steps) {
    AppendSized(out, step);
  }
}

bool ReadCompletion(absl::string_view* in, uint8_t kind, int64_t latest_us,
                    std::optional<RunCompletion>* out) {
  const int outcome = kind & kOutcomeBits;
  const bool has_unused = (kind & kHasUnused) != 0;
  if (outcome == static_cast<int>(Outcome::kOpen)) {
    return !has_unused;
  }
  RunCompletion completion;
  int64_t since_us = 0;
  uint64_t unused = 0;
  if (outcome >= kOutcomeCount || !ReadZigzag(in, &since_us) ||
      __builtin_add_overflow(latest_us, since_us, &completion.time_us) ||
      !ReadVarintId(in, &completion.workflow) ||
      (has_unused && (!ReadVarint(in, &unused) || unused == 0 || unused > in->size()))) {
    return false;
  }
  completion.outcome = static_cast<Outcome>(outcome);
  completion.unused_steps.reserve(unused);
  for (uint64_t i = 0; i < unused; ++i) {
    absl::string_view step;
    if (!ReadSized(in, &step)) {
      return false;
    }
    completion.unused_steps.emplace_back(step);
  }
  *out = std::move(completion);
  return true;
}

}  // namespace

// Calls without an id are left out: only the totals tell of them.
void Run::EncodeBrief(std::string* out) const {
  const auto has_id = [](const RunCall& call) { return call.fingerprint != 0; };
  AppendTotals(totals_, out);
  AppendVarint(out, static_cast<uint64_t>(std::count_if(ledger_.begin(), ledger_.end(), has_id)));
  EventFingerprint previous = 0;
  for (const RunCall& call : ledger_) {
    if (!has_id(call)) {
      continue;
    }
    const uint32_t revision = RevisionOf(call.fingerprint);
    const Mark mark = MarkOf(previous, call, revision);
    AppendFlagged(ToZigzag(mark.id_step), mark.flags & ~kCallUnpriced, out);
    AppendIdAndRevision(mark.flags, call.fingerprint, revision, out);
    previous = call.fingerprint;
  }
}

bool Run::DecodeBrief(absl::string_view* in, const Catalog& catalog) {
  uint64_t count = 0;
  if (!ReadTotals(in, &totals_) ||
      totals_.workflow.value() >= catalog.name_count(NameKind::kWorkflow) ||
      !ReadVarint(in, &count) || count > in->size()) {
    return false;
  }
  ledger_.reserve(count);
  EventFingerprint previous = 0;
  for (uint64_t i = 0; i < count; ++i) {
    uint64_t id_step = 0;
    uint64_t flags = 0;
    if (!ReadFlagged(in, &id_step, &flags)) {
      return false;
    }
    RunCall call{.fingerprint = previous + static_cast<uint64_t>(FromZigzag(id_step)),
                 .retracted = (flags & kCallRetracted) != 0,
                 .brief = true};
    uint32_t revision = 0;
    if (!ReadIdAndRevision(in, flags, &call.fingerprint, &revision) || call.fingerprint == 0) {
      return false;
    }
    previous = call.fingerprint;
    Add(call);
    SetRevision(call.fingerprint, revision);
  }
  return true;
}

void Run::EncodeCalls(std::string* out) const {
  out->reserve(out->size() + ledger_.size() * kCallBytes);
  AppendVarint(out, ledger_.size());
  RunCall previous;
  for (const RunCall& call : ledger_) {
    AppendCall(previous, call, RevisionOf(call.fingerprint), out);
    previous = call;
  }
}

bool Run::DecodeCalls(absl::string_view* in, const Catalog& catalog) {
  uint64_t count = 0;
  if (!ReadVarint(in, &count) || count > in->size()) {
    return false;
  }
  ledger_.reserve(count);
  RunCall previous;
  for (uint64_t i = 0; i < count; ++i) {
    RunCall call;
    uint32_t revision = 0;
    if (!ReadCall(in, previous, &call, &revision) || call.series_number >= catalog.series_count()) {
      return false;
    }
    previous = call;
    Add(call);
    SetRevision(call.fingerprint, revision);
    if (!call.retracted) {
      Count(call, 1);
      SeeCall(call, catalog);
    }
  }
  return true;
}

// Each block is stored as the difference to the one before, the first one to the hour of the latest
// call.
bool Run::DecodeBlocks(absl::string_view in) {
  BlockRef ref{.hour = HourOf(totals_.latest_us), .sequence = 0};
  while (!in.empty()) {
    int64_t hours = 0;
    int64_t sequences = 0;
    if (!ReadZigzag(&in, &hours) || !ReadZigzag(&in, &sequences)) {
      return false;
    }
    ref.hour = Hour(ref.hour.value() + static_cast<uint32_t>(hours));
    ref.sequence += static_cast<BlockSequence>(sequences);
    blocks_.push_back(ref);
  }
  return true;
}

std::string Run::Encode() const {
  const uint8_t kind = static_cast<uint8_t>(outcome()) | (keeps_calls_ ? kKeepsCalls : 0) |
                       (HasUnused() ? kHasUnused : 0);
  std::string out = {kRunVersion, static_cast<char>(kind)};
  out.reserve(kBriefBytes + blocks_.size() * kRefBytes + ledger_.size() * kIdBytes);
  if ((kind & kCallsInFull) != 0) {
    EncodeCalls(&out);
  } else {
    EncodeBrief(&out);
  }
  if (completion_.has_value()) {
    AppendCompletion(*completion_, totals_.latest_us, &out);
  }
  BlockRef previous{.hour = HourOf(totals_.latest_us), .sequence = 0};
  for (const BlockRef& ref : blocks_) {
    AppendZigzag(&out, static_cast<int32_t>(ref.hour - previous.hour));
    AppendZigzag(&out, static_cast<int64_t>(ref.sequence - previous.sequence));
    previous = ref;
  }
  return out;
}

std::optional<Run> Run::Decode(absl::string_view bytes, const Catalog& catalog) {
  if (bytes.size() < 2 || bytes[0] != kRunVersion) {
    return std::nullopt;
  }
  const auto kind = static_cast<uint8_t>(bytes[1]);
  bytes.remove_prefix(2);
  Run run;
  run.keeps_calls_ = (kind & kKeepsCalls) != 0;
  const bool is_full = (kind & kCallsInFull) != 0;
  if (!(is_full ? run.DecodeCalls(&bytes, catalog) : run.DecodeBrief(&bytes, catalog)) ||
      !ReadCompletion(&bytes, kind, run.totals_.latest_us, &run.completion_) ||
      !run.DecodeBlocks(bytes)) {
    return std::nullopt;
  }
  run.is_brief_ = !is_full && !run.blocks_.empty();
  return run;
}

std::optional<Outcome> Run::OutcomeIfAllUsed(absl::string_view bytes) {
  const auto kind = static_cast<uint8_t>(bytes.size() < 2 ? kHasUnused : bytes[1]);
  const uint8_t outcome = kind & kOutcomeBits;
  if ((kind & kHasUnused) != 0 || outcome >= kOutcomeCount) {
    return std::nullopt;
  }
  return static_cast<Outcome>(outcome);
}

}  // namespace itemized
