// SPDX-License-Identifier: Apache-2.0
#pragma once

// Price lists: this folder reads files of three forms, and the list that is built in, into rates.
// Amounts stay exact, as a number keeps the digits it was written with. It uses the messages of
// proto/ and the values and rules of storage/pricing.

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "itemized/v1/rates.pb.h"

namespace itemized::client {

enum class RateFormat {
  kAuto,         // The content tells which one it is.
  kSimple,       // {"model": {"input": 3.00, "output": 15.00}}, USD per million tokens.
  kLiteLlm,      // LiteLLM's model_prices_and_context_window.json, USD per token.
  kGenaiPrices,  // data.json of genai-prices v2, USD per million tokens.
};

// Reads "auto", "simple", "litellm" or "genai-prices". Errors: INVALID_ARGUMENT.
absl::StatusOr<RateFormat> ParseRateFormat(absl::string_view name);

struct RateImportOptions {
  RateFormat format = RateFormat::kAuto;
  int64_t effective_from_us = 0;  // Holds for rates whose file names no instant; 0 means always.
  std::string source;  // If it is empty, rates have what the file says, or its form's name.
};

// A model, or one of its prices, that a file has and no rate.
struct LeftOut {
  std::string model;
  std::string field;   // It is empty if all of the model is left out.
  std::string reason;  // Says why in a few words, without a full stop.
};

struct RateImport {
  std::vector<v1::Rate> rates;
  std::vector<std::string> warnings;  // What was left out or rounded; one sentence a kind.
  std::vector<LeftOut> left_out;      // Each of it, in the order of the file.
};

// Reads a price file. Errors: INVALID_ARGUMENT with a sentence that names the
// model and field to mend, or the three forms if the file has none of them.
// Thread-safe.
absl::StatusOr<RateImport> ParseRateFile(absl::string_view json,
                                         const RateImportOptions& options = {});

}  // namespace itemized::client
