// SPDX-License-Identifier: Apache-2.0
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "client/cli/report/forms.h"

namespace itemized::cli {
namespace {

// Returns text that means nothing to Markdown, and begins no tag of HTML.
std::string Escaped(const std::string& text) {
  return absl::StrReplaceAll(text, {{"\\", "\\\\"},
                                    {"|", "\\|"},
                                    {"`", "\\`"},
                                    {"*", "\\*"},
                                    {"_", "\\_"},
                                    {"[", "\\["},
                                    {"]", "\\]"},
                                    {"<", "&lt;"},
                                    {">", "&gt;"},
                                    {"&", "&amp;"},
                                    {"#", "\\#"},
                                    {"~", "\\~"}});
}

std::string Written(const ReportCell& cell) {
  if (cell.tone == Tone::kCode) {
    // Backslashes do not escape in code: a pipe has to, in a table, and a backtick cannot.
    return absl::StrCat("`", absl::StrReplaceAll(cell.text, {{"`", "'"}, {"|", "\\|"}}), "`");
  }
  return cell.tone == Tone::kStrong ? absl::StrCat("**", Escaped(cell.text), "**")
                                    : Escaped(cell.text);
}

void AddTable(const ReportTable& table, std::string* text) {
  *text += "|";
  for (const ReportColumn& column : table.columns) {
    absl::StrAppend(text, " ", Escaped(column.title), " |");
  }
  *text += "\n|";
  for (const ReportColumn& column : table.columns) {
    *text += column.is_number ? "---:|" : "---|";
  }
  *text += "\n";
  for (const std::vector<ReportCell>& row : table.rows) {
    *text += "|";
    for (const ReportCell& cell : row) {
      absl::StrAppend(text, " ", Written(cell), " |");
    }
    *text += "\n";
  }
  *text += "\n";
}

// Adds how volume and spend of each step compare, which a page has as a chart.
void AddTags(const std::vector<ParetoBar>& bars, std::string* text) {
  for (const ParetoBar& bar : bars) {
    absl::StrAppend(text, "- **", Escaped(bar.name), "**: ", bar.kind);
    for (const std::string& tag : bar.tags) {
      absl::StrAppend(text, ", ", Escaped(tag));
    }
    *text += "\n";
  }
  *text += bars.empty() ? "" : "\n";
}

}  // namespace

std::string ToMarkdown(const ReportDocument& document) {
  std::string text =
      absl::StrCat("# ", Escaped(document.title), "\n\n", Escaped(document.window), "\n\n");
  for (const auto& [name, figure] : document.figures) {
    absl::StrAppend(&text, "- ", Escaped(name), ": ", Written(figure), "\n");
  }
  text += "\n";
  for (const std::string& warning : document.warnings) {
    absl::StrAppend(&text, "> ", Escaped(warning), "\n\n");
  }
  for (const ReportSection& section : document.sections) {
    absl::StrAppend(&text, "## ", Escaped(section.title), "\n\n");
    for (const std::string& lead : section.leads) {
      absl::StrAppend(&text, Escaped(lead), "\n\n");
    }
    AddTags(section.pareto, &text);
    for (const ReportTable& table : section.tables) {
      AddTable(table, &text);
    }
    for (const std::string& note : section.notes) {
      absl::StrAppend(&text, "*", Escaped(note), "*\n\n");
    }
  }
  text += "## Words\n\n";
  for (const std::string& word : document.words) {
    absl::StrAppend(&text, "- ", Escaped(word), "\n");
  }
  absl::StrAppend(&text, "\n", Escaped(document.source), "\n");
  return text;
}

}  // namespace itemized::cli
