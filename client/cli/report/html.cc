// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/string_view.h"

#include "client/cli/report/charts.h"
#include "client/cli/report/escape.h"
#include "client/cli/report/forms.h"
#include "client/cli/report/style_css.h"

namespace itemized::cli {
namespace {

const char* ClassOf(Tone tone) {
  switch (tone) {
    case Tone::kPlain:
      return "";
    case Tone::kStrong:
      return "strong";
    case Tone::kBad:
      return "bad";
    case Tone::kGood:
      return "good";
    case Tone::kCode:
      return "code";
  }
  return "";
}

bool IsZero(const ReportCell& cell) {
  return cell.value == "0";
}

std::string CellHtml(const ReportColumn& column, const ReportCell& cell, bool is_key) {
  std::string classes = ClassOf(cell.tone);
  if (column.is_number) {
    absl::StrAppend(&classes, IsZero(cell) ? " zero" : "", " number");
  }
  const std::string bar = cell.share >= 0 ? absl::StrFormat(" style=\"--share:%.1f%%\"",
                                                            std::clamp(cell.share, 0.0, 1.0) * 100)
                                          : "";
  const std::string written = cell.tone == Tone::kCode
                                  ? absl::StrCat("<code>", EscapeHtml(cell.text), "</code>")
                                  : EscapeHtml(cell.text);
  const char* const tag = is_key ? "th" : "td";
  return absl::StrCat("<", tag, is_key ? " scope=\"row\"" : "", " class=\"",
                      cell.share >= 0 ? "bar " : "", classes, "\"", bar, ">", written, "</", tag,
                      ">");
}

std::string TableHtml(const ReportTable& table) {
  std::string html = "<div class=\"scroll\"><table><thead><tr>";
  for (const ReportColumn& column : table.columns) {
    absl::StrAppend(&html, "<th scope=\"col\"", column.is_number ? " class=\"number\"" : "", ">",
                    EscapeHtml(column.title), "</th>");
  }
  html += "</tr></thead><tbody>\n";
  for (const std::vector<ReportCell>& row : table.rows) {
    html += "<tr>";
    for (size_t i = 0; i < row.size(); ++i) {
      html += CellHtml(table.columns[i], row[i], i == 0);
    }
    html += "</tr>\n";
  }
  return html + "</tbody></table></div>\n";
}

std::string Paragraphs(const std::vector<std::string>& sentences, absl::string_view css_class) {
  std::string html;
  for (const std::string& sentence : sentences) {
    absl::StrAppend(&html, "<p class=\"", css_class, "\">", EscapeHtml(sentence), "</p>\n");
  }
  return html;
}

std::string SectionHtml(const ReportSection& section) {
  std::string html = absl::StrCat(
      "<section id=\"", section.id, "\">\n<h2>", EscapeHtml(section.title), "</h2>\n",
      Paragraphs(section.leads, "lead"), ParetoSvg(section.pareto), TimeSvg(section.time));
  for (const ReportTable& table : section.tables) {
    // The bars over time say it all: their table is for those who want the figures.
    const bool folded = !section.time.empty();
    absl::StrAppend(&html, folded ? "<details><summary>Figures</summary>" : "", TableHtml(table),
                    folded ? "</details>\n" : "");
  }
  return absl::StrCat(html, Paragraphs(section.notes, "note"), "</section>\n");
}

std::string FiguresHtml(const ReportDocument& document) {
  std::string html = "<dl class=\"figures\">\n";
  for (const auto& [name, figure] : document.figures) {
    absl::StrAppend(&html, "<div><dt>", EscapeHtml(name), "</dt><dd class=\"", ClassOf(figure.tone),
                    "\">", EscapeHtml(figure.text), "</dd></div>\n");
  }
  return html + "</dl>\n";
}

}  // namespace

std::string ToHtml(const ReportDocument& document) {
  std::string html = absl::StrCat(
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      // Nothing in it may run or be fetched, whatever names others gave to their steps.
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'unsafe-inline'\">\n<title>",
      EscapeHtml(absl::StrCat(document.title, ", ", document.window)), "</title>\n<style>\n",
      absl::string_view(kStyle, kStyleSize), "</style>\n</head>\n<body>\n<header>\n<h1>",
      EscapeHtml(document.title), "</h1>\n<p>", EscapeHtml(document.window), "</p>\n</header>\n",
      Paragraphs(document.warnings, "warning"), "<main>\n", FiguresHtml(document));
  for (const ReportSection& section : document.sections) {
    html += SectionHtml(section);
  }
  absl::StrAppend(&html, "<section id=\"words\">\n<h2>Words</h2>\n",
                  Paragraphs(document.words, "note"), "</section>\n</main>\n<footer><p>",
                  EscapeHtml(document.source), "</p></footer>\n</body>\n</html>\n");
  return html;
}

}  // namespace itemized::cli
