// SPDX-License-Identifier: Apache-2.0
#pragma once

// The names under which a model may stand in a price list, given those of a call: clients, gateways
// and clouds put routes, regions and dates around the name of a model.

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized {

// One way to read the names of a call.
struct NameForm {
  std::string provider;  // Canonical (CanonicalProvider); "" if it is not known.
  std::string model;
  absl::string_view rule;  // Says in a few words how it follows from the names of the call.
};

// Returns the forms of a call's names, the likelier first, without repetition. The first is the
// names as they stand; the rules after it, in order:
//   1. a path before the name is taken off: "models/", "publishers/google/models/"
//   2. a route before a slash names the provider, where the call names none or the same:
//      "azure/gpt-5.4", "anthropic/claude-sonnet-4-6"
//   3. without a provider, the model tells it: "claude-...", "us.anthropic.claude-..."
//   4. a version after an @ is taken off, as Vertex AI has it: "claude-sonnet-4-6@20260217"
//   5. a cloud serves the models of others: Azure those of OpenAI, Vertex AI those of Anthropic
//   6. Bedrock puts the region and the maker before the name, and a version behind it, which are taken
//      off: "us.anthropic.claude-sonnet-4-5-20250929-v1:0"
//   7. a date or "latest" at the end is taken off: "gpt-5-2025-08-07", "claude-...-20260217"
//   8. upper case is made lower case
// A suffix such as ":free" stays, because it has a price of its own.
std::vector<NameForm> FormsOf(absl::string_view provider, absl::string_view model);

}  // namespace itemized
