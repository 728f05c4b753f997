// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a bill says, in tables and sentences, before it has a form.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/report/bill.h"

namespace itemized::cli {

// How a figure is meant.
enum class Tone : uint8_t { kPlain, kStrong, kBad, kGood, kCode };

// A cell of a table.
struct ReportCell {
  std::string text = {};   // People read it. Its letters may be any; forms escape them.
  std::string value = {};  // Programs read it, since it is exact; the text if it is "".
  Tone tone = Tone::kPlain;
  double share = -1;  // It is drawn as a bar as well if it is from 0 to 1.
};

struct ReportColumn {
  std::string title = {};  // People read it.
  std::string name = {};   // Programs read it; it is like the fields of messages: "cost_usd".
  bool is_number = false;
};

struct ReportTable {
  std::vector<ReportColumn> columns = {};
  size_t keys = 1;  // The first columns, which say what a row is about.
  std::vector<std::vector<ReportCell>> rows = {};
};

// A bar of the chart of all steps.
struct ParetoBar {
  std::string name = {};
  double spend_share = 0;
  double call_share = 0;
  double cumulative_spend_share = 0;
  std::string amount = {};
  std::string kind = {};               // It is such as "few calls, much spend".
  Tone tone = Tone::kPlain;            // The kind has it.
  std::vector<std::string> tags = {};  // Each is such as "61% unused".
};

// A bar of the chart over time.
struct TimeBar {
  std::string label = {};
  std::string amount = {};
  double height = 0;  // It is 1 for the highest bar.
};

struct ReportSection {
  std::string id = {};  // Programs know it by this word: "steps".
  std::string title = {};
  std::vector<std::string> leads = {};  // Sentences that say what to see.
  std::vector<ParetoBar> pareto = {};
  std::vector<TimeBar> time = {};
  std::vector<ReportTable> tables = {};
  std::vector<std::string> notes = {};  // Sentences in small print.
};

struct ReportDocument {
  std::string title;
  std::string window;
  std::string source;  // Where the figures are from, and when they were asked for.
  std::vector<std::pair<std::string, ReportCell>> figures;  // Those that stand first.
  std::vector<std::string> warnings;
  std::vector<ReportSection> sections;
  std::vector<std::string> words;  // What the words mean.
};

struct DocumentOptions {
  std::string source;   // "server 127.0.0.1:4317"
  std::string made_at;  // RFC 3339
  // Stands behind the command lines of the advice, such as " --from-file usage.ndjson".
  std::string command_suffix;
  absl::TimeZone zone = absl::UTCTimeZone();
};

ReportDocument MakeDocument(const Bill& bill, const DocumentOptions& options);

}  // namespace itemized::cli
