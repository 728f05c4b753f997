// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "itemized/spans/v1/kept_span.pb.h"

#include "server/otlp/raw_span.h"

namespace itemized::server {

// Says what part a span has in its trace: what the emitter says itself goes before the conventions,
// since spans of several instrumentations carry both.
spans::v1::SpanRole RoleOf(const RawSpan& span);

}  // namespace itemized::server
