// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/repricing_job.h"

#include "storage/base/bytes.h"

namespace itemized {
namespace {

constexpr char kVersion = 1;

void AppendOptional(const std::optional<std::string>& text, std::string* out) {
  out->push_back(text.has_value() ? '\1' : '\0');
  if (text.has_value()) {
    AppendSized(out, *text);
  }
}

bool ReadOptional(absl::string_view* in, std::optional<std::string>* text) {
  if (in->empty() || static_cast<uint8_t>(in->front()) > 1) {
    return false;
  }
  const bool is_there = in->front() == '\1';
  in->remove_prefix(1);
  absl::string_view read;
  if (is_there && ReadSized(in, &read)) {
    text->emplace(read);
  }
  return text->has_value() == is_there;
}

}  // namespace

std::string EncodeJob(const RepricingJob& job) {
  std::string out(1, kVersion);
  out.push_back(static_cast<char>(job.kind));
  AppendZigzag(&out, job.request.range.start_us);
  AppendZigzag(&out, job.request.range.end_us);
  AppendOptional(job.request.provider, &out);
  AppendOptional(job.request.model, &out);
  AppendVarint(&out, job.undoes);
  AppendZigzag(&out, job.begun_at_us);
  AppendZigzag(&out, job.ended_at_us);
  AppendZigzag(&out, job.calls);
  AppendZigzag128(&out, job.cost_before);
  AppendZigzag128(&out, job.cost_after);
  return out;
}

std::optional<RepricingJob> DecodeJob(uint64_t id, absl::string_view bytes) {
  RepricingJob job;
  job.id = id;
  if (bytes.size() < 2 || bytes[0] != kVersion ||
      static_cast<uint8_t>(bytes[1]) > static_cast<uint8_t>(JobKind::kRederive)) {
    return std::nullopt;
  }
  job.kind = static_cast<JobKind>(bytes[1]);
  job.request.rederive = job.kind == JobKind::kRederive;
  bytes.remove_prefix(2);
  const bool is_good = ReadZigzag(&bytes, &job.request.range.start_us) &&
                       ReadZigzag(&bytes, &job.request.range.end_us) &&
                       ReadOptional(&bytes, &job.request.provider) &&
                       ReadOptional(&bytes, &job.request.model) &&
                       ReadVarint(&bytes, &job.undoes) && ReadZigzag(&bytes, &job.begun_at_us) &&
                       ReadZigzag(&bytes, &job.ended_at_us) && ReadZigzag(&bytes, &job.calls) &&
                       ReadZigzag128(&bytes, &job.cost_before) &&
                       ReadZigzag128(&bytes, &job.cost_after) && bytes.empty();
  return is_good ? std::optional(job) : std::nullopt;
}

}  // namespace itemized
