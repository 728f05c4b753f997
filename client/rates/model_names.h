// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace itemized::client {

// Returns the one name of a provider by which its synonyms are compared; "" for a gateway, which
// does not say who answered, and for "". Thread-safe, as are the others.
std::string OneProviderName(absl::string_view provider);

// Returns the provider that a model's name tells: the route before it, or who alone has such
// models; "" if none is known.
std::string MakerOfModel(absl::string_view model);

// Returns a model's name without what clients, gateways and dates put around it, by the rules by
// which rates find their calls: "claude-sonnet-4-6" for "anthropic/claude-sonnet-4-6-20260217".
std::string BareModelName(absl::string_view provider, absl::string_view model);

}  // namespace itemized::client
