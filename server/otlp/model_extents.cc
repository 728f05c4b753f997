// SPDX-License-Identifier: Apache-2.0
#include "server/otlp/model_extents.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/str_cat.h"

#include "server/otlp/trace_merge.h"
#include "storage/base/status_macros.h"

namespace itemized::server {
namespace {

using spans::v1::KeptSpan;
using spans::v1::ModelExtent;

// Keys of these notes are longer than those of spans, and begin with this letter.
constexpr char kPrefix = 'x';

constexpr uint64_t kBucketNs = 10'000'000'000;  // Ten seconds.

// A call of a model that takes longer is found by those that begin or end near its beginning.
constexpr uint32_t kBucketsMax = 64;

// How many traces before and after are looked at. There are so many only where hundreds of calls go
// on at once in one process, each in a trace of its own.
constexpr size_t kNeighboursMax = 128;

// How many extents stay in memory, of which each takes some 200 bytes.
constexpr size_t kSizeMax = 200'000;

void AppendBigEndian(uint64_t value, size_t bytes, std::string* out) {
  for (size_t i = bytes; i > 0; --i) {
    out->push_back(static_cast<char>(value >> (8 * (i - 1))));
  }
}

std::string KeyOf(uint64_t resource, uint32_t bucket) {
  std::string key(1, kPrefix);
  AppendBigEndian(resource, 8, &key);
  AppendBigEndian(bucket, 4, &key);
  return key;
}

bool HasOtherScope(const ModelExtent& extent, const ModelExtent& other) {
  return extent.scopes_size() > 1 || other.scopes_size() > 1 || extent.scopes(0) != other.scopes(0);
}

void Extend(const KeptSpan& span, ModelExtent* extent) {
  const bool is_first = extent->scopes().empty();
  extent->set_start_unix_ns(is_first ? span.start_unix_ns()
                                     : std::min(extent->start_unix_ns(), span.start_unix_ns()));
  extent->set_end_unix_ns(std::max(extent->end_unix_ns(), span.end_unix_ns()));
  extent->set_has_root(extent->has_root() || span.parent_span_id().empty());
  const auto& scopes = extent->scopes();
  const auto place = std::lower_bound(scopes.begin(), scopes.end(), span.scope());
  if (place == scopes.end() || *place != span.scope()) {
    std::vector<std::string> all(scopes.begin(), scopes.end());
    all.insert(all.begin() + (place - scopes.begin()), span.scope());
    extent->mutable_scopes()->Assign(all.begin(), all.end());
  }
}

bool IsSame(const ModelExtent& a, const ModelExtent& b) {
  return a.start_unix_ns() == b.start_unix_ns() && a.end_unix_ns() == b.end_unix_ns() &&
         a.has_root() == b.has_root() &&
         std::equal(a.scopes().begin(), a.scopes().end(), b.scopes().begin(), b.scopes().end());
}

}  // namespace

// Guests are where they are at home.
std::map<ModelExtents::Bucket, ModelExtent> ModelExtents::ExtentsOf(const OpenTrace& trace) {
  std::map<Bucket, ModelExtent> extents;
  for (size_t i = 0; i < trace.size(); ++i) {
    const KeptSpan& span = trace[i];
    if (span.role() != spans::v1::SPAN_ROLE_MODEL || !span.home_trace_id().empty()) {
      continue;
    }
    const auto first = static_cast<uint32_t>(span.start_unix_ns() / kBucketNs);
    const auto last = static_cast<uint32_t>(span.end_unix_ns() / kBucketNs);
    for (uint32_t bucket = first; bucket <= std::min(last, first + kBucketsMax); ++bucket) {
      Extend(span, &extents[{span.resource(), bucket}]);
    }
  }
  return extents;
}

void ModelExtents::Put(const std::string& trace_id, ModelExtent extent, Extents* extents) {
  if (const auto found = extents->starts.find(trace_id); found != extents->starts.end()) {
    const auto old = extents->by_start.find({found->second, trace_id});
    extents->roots -= old->second.has_root() ? 1U : 0U;
    for (const std::string& scope : old->second.scopes()) {
      --extents->scopes[scope];
    }
    extents->by_start.erase(old);
  }
  extents->starts[trace_id] = extent.start_unix_ns();
  extents->roots += extent.has_root() ? 1U : 0U;
  for (const std::string& scope : extent.scopes()) {
    ++extents->scopes[scope];
  }
  extents->by_start.emplace(std::pair(extent.start_unix_ns(), trace_id), std::move(extent));
}

absl::StatusOr<ModelExtents::Extents*> ModelExtents::Find(const Bucket& bucket) {
  if (const auto found = buckets_.find(bucket); found != buckets_.end()) {
    return &found->second;
  }
  const std::string prefix = KeyOf(bucket.first, bucket.second);
  ASSIGN_OR_RETURN(const std::vector<Note> notes, read_notes_(prefix));
  Extents extents;
  for (const Note& note : notes) {
    ModelExtent extent;
    if (!extent.ParseFromString(note.value) || extent.scopes().empty()) {
      return absl::DataLossError(
          "The store is damaged: what it keeps of a trace cannot be read. Restore the data "
          "directory from a backup.");
    }
    Put(note.key.substr(prefix.size()), std::move(extent), &extents);
  }
  size_ += extents.by_start.size();
  return &(buckets_[bucket] = std::move(extents));
}

absl::Status ModelExtents::Update(const OpenTrace& trace, std::vector<Note>* notes) {
  for (auto& [bucket, extent] : ExtentsOf(trace)) {
    ASSIGN_OR_RETURN(Extents* const extents, Find(bucket));
    const auto known = extents->starts.find(trace.id());
    if (known != extents->starts.end() &&
        IsSame(extents->by_start.at({known->second, trace.id()}), extent)) {
      continue;
    }
    size_ += known == extents->starts.end() ? 1U : 0U;
    notes->push_back({.key = KeyOf(bucket.first, bucket.second) + trace.id(),
                      .value = extent.SerializeAsString(),
                      .time_us = static_cast<int64_t>(extent.end_unix_ns() / 1'000)});
    Put(trace.id(), std::move(extent), extents);
  }
  return absl::OkStatus();
}

void ModelExtents::AddBeside(const OpenTrace& trace, const ModelExtent& own, const Extents& extents,
                             std::vector<std::string>* found) {
  const auto is_beside = [&](const std::string& id, const ModelExtent& other) {
    return id != trace.id() && (own.has_root() || other.has_root()) && HasOtherScope(own, other) &&
           other.start_unix_ns() <= own.end_unix_ns() + kTwinSlackNs &&
           own.start_unix_ns() <= other.end_unix_ns() + kTwinSlackNs;
  };
  const auto from = extents.by_start.lower_bound({own.start_unix_ns(), ""});
  auto at = from;
  for (size_t i = 0; i < kNeighboursMax && at != extents.by_start.begin(); ++i) {
    --at;
    if (is_beside(at->first.second, at->second)) {
      found->push_back(at->first.second);
    }
  }
  at = from;
  for (size_t i = 0; i < kNeighboursMax && at != extents.by_start.end() &&
                     at->first.first <= own.end_unix_ns() + kTwinSlackNs;
       ++i, ++at) {
    if (is_beside(at->first.second, at->second)) {
      found->push_back(at->first.second);
    }
  }
}

absl::StatusOr<std::vector<std::string>> ModelExtents::Beside(const OpenTrace& trace) {
  std::vector<std::string> found;
  for (const auto& [bucket, extent] : ExtentsOf(trace)) {
    ASSIGN_OR_RETURN(const Extents* const extents, Find(bucket));
    const auto is_used = [](const auto& scope) { return scope.second > 0; };
    const auto used = std::count_if(extents->scopes.begin(), extents->scopes.end(), is_used);
    if (extents->roots > 0 && used > 1) {
      AddBeside(trace, extent, *extents, &found);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

void ModelExtents::Trim(bool all) {
  if (all) {
    buckets_.clear();
    size_ = 0;
  }
  if (size_ <= kSizeMax) {
    return;
  }
  std::vector<Bucket> oldest_first;  // The oldest minutes are the least likely to be asked for.
  for (const auto& [bucket, extents] : buckets_) {
    oldest_first.push_back(bucket);
  }
  std::sort(oldest_first.begin(), oldest_first.end(),
            [](const Bucket& a, const Bucket& b) { return a.second < b.second; });
  // Half of them go at once, so that this is seldom done.
  for (size_t i = 0; i < oldest_first.size() && size_ > kSizeMax / 2; ++i) {
    const auto found = buckets_.find(oldest_first[i]);
    size_ -= found->second.by_start.size();
    buckets_.erase(found);
  }
}

}  // namespace itemized::server
