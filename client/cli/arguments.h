// SPDX-License-Identifier: Apache-2.0
#pragma once

// The command line: every command with its options.

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "proto/text/window.h"

#include "client/cli/budget_arguments.h"
#include "client/cli/environment.h"
#include "client/cli/from_file.h"
#include "client/cli/import.h"
#include "client/cli/reconcile.h"
#include "client/cli/report.h"
#include "client/cli/reprice_arguments.h"
#include "client/cli/what_if.h"

namespace itemized::cli {

enum class Command {
  kImport,
  kTop,
  kWorkflows,
  kShow,
  kExplain,
  kSeries,
  kOutliers,
  kAdvise,
  kCompare,
  kWasted,
  kRatesList,
  kRatesSet,
  kRatesRemove,
  kRatesImport,
  kRatesMissing,
  kExchangeList,
  kExchangeSet,
  kExchangeRemove,
  kRatesReprice,
  kUsageRederive,
  kReconcile,
  kReport,
  kWhatIf,
  kInfo,
  kVerify,
  kBackup,
  kBudgetsList,
  kBudgetsSet,
  kBudgetsRemove,
  kWatch,
};

// The options of the commands that ask; each uses some.
struct QueryArguments {
  text::WindowArguments window;
  std::string by = "step";  // May be step, model, workflow, provider or attribute:KEY.
  v1::CallFilter filter;
  std::string every = "1d";
  std::string before;  // The sides of a comparison: both FROM..TO, or both KEY=VALUE, or both "".
  std::string after;
  std::string event_id;
  std::string workflow_id;
  std::optional<int32_t> limit;  // If it is absent, each command has a default of its own.
  std::string sort = "newest";   // May be newest or cost.
  bool spans = false;            // Shows the spans of a run instead of its calls.
};

// The options of the commands of `rates`.
struct RatesArguments {
  std::string model;     // May end in "*".
  std::string provider;  // "" means any.
  std::string service_tier;
  std::string region;
  std::string effective_from;
  std::string tz;
  std::string source;
  std::string note;
  std::vector<std::pair<std::string, std::string>>
      prices;  // A field of pb::Prices and USD for each.
  std::string file;
  std::string format = "auto";
  bool bundled = false;
  bool history = false;
  bool partial = false;   // A class may lose its price.
  std::string attribute;  // "key=value", or "" for any.
  std::string multiplier;
  std::string discount;  // A percentage.
  std::string currency;
  std::string exchange;        // USD for a unit of the currency.
  bool is_multiplier = false;  // The rate meant is the multiplier.
  bool reprice = false;        // Also prices calls again that have a price.
  bool dry_run = false;
};

struct Arguments {
  Command command = Command::kInfo;
  std::string name;  // What hints call the command: "itemize rates set".
  std::string server;
  bool json = false;
  FromFileArguments from_file;  // Where the answer comes from, if from no server.
  ImportArguments import;
  QueryArguments query;
  RatesArguments rates;
  RepriceArguments reprice;
  ReconcileArguments reconcile;
  ReportArguments report;
  BudgetArguments budget;
  WhatIfArguments what_if;
  std::string backup_directory;
};

// Parses the words behind the program's name. Returns an exit status if nothing is left to do: help
// was printed, or what is wrong with the words.
std::variant<Arguments, int> ParseArguments(const std::vector<std::string>& words,
                                            Environment& env);

}  // namespace itemized::cli
