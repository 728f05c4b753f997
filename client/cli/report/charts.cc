// SPDX-License-Identifier: Apache-2.0
#include "client/cli/report/charts.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"

#include "client/cli/format.h"
#include "client/cli/report/escape.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

// Lengths are in units of the SVG, of which the page is as wide as its figure.
constexpr int kRowHeight = 30;
constexpr int kHead = 20;       // Above the rows stands the scale.
constexpr int kPlotLeft = 190;  // Names are left of it.
constexpr int kPlotWidth = 330;
constexpr int kAmountRight = 612;
constexpr int kTagsLeft = 624;
constexpr int kWidth = 1100;
constexpr size_t kNameColumns = 26;
constexpr double kVital = 0.8;

constexpr int kTimeHeight = 120;

double PlotX(double share) {
  return kPlotLeft + std::clamp(share, 0.0, 1.0) * kPlotWidth;
}

std::string TextAt(double x, double y, const char* attributes, const std::string& text) {
  return absl::StrFormat("<text x=\"%.1f\" y=\"%.1f\"%s>%s</text>", x, y, attributes,
                         EscapeHtml(text));
}

std::string RowSvg(const ParetoBar& bar, double top, bool is_vital) {
  const double middle = top + kRowHeight / 2.0;
  const std::string tags =
      bar.tags.empty() ? "" : absl::StrCat("; ", absl::StrJoin(bar.tags, ", "));
  const char* const kind = bar.tone == Tone::kBad ? " class=\"bad\"" : "";
  return absl::StrCat(
      "<g><title>",
      EscapeHtml(absl::StrCat(bar.name, ": ", Percent(bar.call_share), " of calls, ",
                              Percent(bar.spend_share), " of spend, ",
                              Percent(bar.cumulative_spend_share), " with those above it")),
      "</title>",
      TextAt(kPlotLeft - 8, middle + 4, " text-anchor=\"end\"",
             ShortenMiddle(bar.name, kNameColumns)),
      absl::StrFormat("<rect class=\"%s\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"12\"/>",
                      is_vital ? "few" : "many", kPlotLeft, top + 5,
                      PlotX(bar.spend_share) - kPlotLeft),
      absl::StrFormat("<rect class=\"volume\" x=\"%d\" y=\"%.1f\" width=\"%.1f\" height=\"5\"/>",
                      kPlotLeft, top + 19, PlotX(bar.call_share) - kPlotLeft),
      TextAt(kAmountRight, middle + 4, " text-anchor=\"end\" class=\"amount\"", bar.amount),
      TextAt(kTagsLeft, middle + 4, kind, absl::StrCat(bar.kind, tags)), "</g>\n");
}

// Draws the line of cumulative parts, and where most of the spend is reached.
std::string CumulativeSvg(const std::vector<ParetoBar>& bars, double height) {
  std::string points;
  double y = kHead + kRowHeight / 2.0;
  for (const ParetoBar& bar : bars) {
    absl::StrAppendFormat(&points, "%.1f,%.1f ", PlotX(bar.cumulative_spend_share), y);
    y += kRowHeight;
  }
  return absl::StrCat(
      absl::StrFormat("<line class=\"vital\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\"/>",
                      PlotX(kVital), PlotX(kVital), kHead - 4, height),
      "<polyline points=\"", points, "\"/>\n");
}

}  // namespace

std::string ParetoSvg(const std::vector<ParetoBar>& bars) {
  if (bars.empty()) {
    return "";
  }
  const int height = kHead + kRowHeight * static_cast<int>(bars.size());
  std::string svg = absl::StrCat(
      "<figure class=\"pareto\">\n<figcaption><span class=\"swatch few\"></span>part of the spend "
      "<span class=\"swatch volume\"></span>part of the calls <span class=\"swatch "
      "line\"></span>cumulative part of the spend</figcaption>\n<svg viewBox=\"0 0 ",
      kWidth, " ", height,
      "\" role=\"img\" aria-label=\"Spend by step, the dearest first; the table has the "
      "figures\">\n");
  for (const double share : {0.0, 0.5, kVital, 1.0}) {
    svg += TextAt(PlotX(share), 10, " text-anchor=\"middle\" class=\"scale\"",
                  absl::StrFormat("%.0f%%", share * 100));
  }
  double top = kHead;
  double before = 0;
  for (const ParetoBar& bar : bars) {
    svg += RowSvg(bar, top, before < kVital);
    before = bar.cumulative_spend_share;
    top += kRowHeight;
  }
  return absl::StrCat(svg, CumulativeSvg(bars, height), "</svg>\n</figure>\n");
}

std::string TimeSvg(const std::vector<TimeBar>& bars) {
  if (bars.empty()) {
    return "";
  }
  std::string svg = absl::StrFormat(
      "<figure class=\"time\">\n<svg viewBox=\"0 0 %d %d\" preserveAspectRatio=\"none\" "
      "role=\"img\" aria-label=\"Spend over time; the table has the figures\">\n",
      kWidth, kTimeHeight);
  const double step = kWidth / static_cast<double>(bars.size());
  double left = 0;
  for (const TimeBar& bar : bars) {
    const double height = bar.height * kTimeHeight;
    absl::StrAppend(&svg,
                    absl::StrFormat("<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\">",
                                    left + step * 0.1, kTimeHeight - height, step * 0.8, height),
                    "<title>", EscapeHtml(absl::StrCat(bar.label, ": ", bar.amount)),
                    "</title></rect>");
    left += step;
  }
  return absl::StrCat(svg, "\n</svg>\n<figcaption><span>", EscapeHtml(bars.front().label),
                      "</span><span>", EscapeHtml(bars.back().label),
                      "</span></figcaption>\n</figure>\n");
}

}  // namespace itemized::cli
