// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>

#include "server/otlp/raw_span.h"

namespace itemized::server {

// How long after the start of a span its first token came, nanoseconds; nothing if no attribute
// says so, or one says what cannot be.
std::optional<uint64_t> FirstTokenOf(const RawSpan& span);

}  // namespace itemized::server
