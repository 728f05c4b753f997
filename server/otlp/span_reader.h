// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "absl/status/statusor.h"
#include "itemized/spans/v1/kept_span.pb.h"

#include "server/otlp/raw_span.h"

namespace itemized::server {

// Takes from a span what a bill needs of it, by what is known of emitters and by the
// mapping of `source`. INVALID_ARGUMENT, with a sentence for the sender, if
// it has no ids, ends before it begins, or has a text that cannot be stored.
absl::StatusOr<spans::v1::KeptSpan> ReadSpan(const SpanSource& source, const RawSpan& span);

}  // namespace itemized::server
