// SPDX-License-Identifier: Apache-2.0
#include "bench/load/report.h"

#include <algorithm>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

#include "bench/load/ingest.h"

namespace itemized::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "\"";
}

}  // namespace

double Report::Figure::Median() const {
  return QuantileOf(values, 0.5);
}

void Report::Add(const std::string& name, double value, const std::string& unit) {
  const auto found = std::find_if(figures_.begin(), figures_.end(),
                                  [&](const Figure& figure) { return figure.name == name; });
  if (found != figures_.end()) {
    found->values.push_back(value);
  } else {
    figures_.push_back({.name = name, .unit = unit, .values = {value}});
  }
}

double Report::Value(const std::string& name) const {
  const auto found = std::find_if(figures_.begin(), figures_.end(),
                                  [&](const Figure& figure) { return figure.name == name; });
  return found == figures_.end() ? 0 : found->Median();
}

void Report::AddRatio(const std::string& name, const std::string& over, const std::string& under) {
  if (Value(over) > 0 && Value(under) > 0) {
    Add(name, Value(over) / Value(under), "x");
  }
}

void Report::Describe(const std::string& key, const std::string& text) {
  context_.emplace_back(key, text);
}

std::string Report::ToTable() const {
  std::string text;
  for (const auto& [key, value] : context_) {
    absl::StrAppendFormat(&text, "%-10s %s\n", key, value);
  }
  text += "\n";
  for (const Figure& figure : figures_) {
    const double median = figure.Median();
    absl::StrAppendFormat(&text, "%-44s %14.*f %s\n", figure.name, median >= 1000 ? 0 : 3, median,
                          figure.unit);
  }
  return text;
}

std::string Report::ToJson() const {
  std::string text = "{\n \"figures\": [";
  for (const Figure& figure : figures_) {
    const auto [low, high] = std::minmax_element(figure.values.begin(), figure.values.end());
    absl::StrAppendFormat(
        &text, "%s\n  {\"name\": %s, \"value\": %.6g, \"unit\": %s, \"low\": %.6g, \"high\": %.6g}",
        &figure == &figures_.front() ? "" : ",", Quoted(figure.name), figure.Median(),
        Quoted(figure.unit), *low, *high);
  }
  text += "\n ]";
  for (const auto& [key, value] : context_) {
    absl::StrAppend(&text, ",\n ", Quoted(key), ": ", Quoted(value));
  }
  return text + "\n}\n";
}

absl::Status Report::WriteJson(const std::string& path) const {
  std::ofstream file(path, std::ios::trunc);
  file << ToJson();
  file.close();
  if (!file) {
    return absl::UnavailableError(absl::StrCat("Cannot write ", path, "; name another file."));
  }
  return absl::OkStatus();
}

}  // namespace itemized::bench
