// SPDX-License-Identifier: Apache-2.0
#pragma once

// The options that say for which calls a rate is, and on what terms.

#include <string>

#include "CLI/CLI.hpp"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "itemized/v1/rates.pb.h"

#include "client/cli/arguments.h"

namespace itemized::cli {

// Adds --service-tier, --region and --attribute.
void AddConditionOptions(CLI::App& app, RatesArguments& arguments);
// Adds --multiplier, --discount and --currency.
void AddTermsOptions(CLI::App& app, RatesArguments& arguments);

// Adds the commands of `rates exchange`, each by `declare(parent, name, help, command)`.
using DeclareCommandFn = absl::FunctionRef<CLI::App&(CLI::App&, const char*, const char*, Command)>;
void DeclareExchange(CLI::App& exchange, RatesArguments& arguments, DeclareCommandFn declare);

// Puts the values of all these options into `rate`. INVALID_ARGUMENT if one cannot be read, or two
// of them say different things.
absl::Status SetTerms(const RatesArguments& arguments, pb::Rate& rate);

// Returns for which calls a rate is beside its models: " [flex, us, tenant=acme]"; "" for any.
std::string ConditionsText(const pb::Rate& rate);

}  // namespace itemized::cli
