// SPDX-License-Identifier: Apache-2.0
#include <cstddef>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

#include "client/cli/report/forms.h"

namespace itemized::cli {
namespace {

// A name that begins like a formula must not become one when a spreadsheet opens the file.
bool IsFormula(const std::string& text) {
  double number = 0;
  return !text.empty() && std::string("=+-@\t\r").find(text[0]) != std::string::npos &&
         !absl::SimpleAtod(text, &number);
}

std::string Field(const std::string& value) {
  const std::string text = IsFormula(value) ? absl::StrCat("'", value) : value;
  return text.find_first_of("\",\r\n") == std::string::npos
             ? text
             : absl::StrCat("\"", absl::StrReplaceAll(text, {{"\"", "\"\""}}), "\"");
}

// Returns what programs read of a cell. A name that is not given is empty.
std::string ValueOf(const ReportCell& cell) {
  const bool is_unnamed = cell.value.empty() && cell.text == "(none)";
  return is_unnamed || !cell.value.empty() ? cell.value : cell.text;
}

void AddTable(const std::string& section, const ReportTable& table, std::string* csv) {
  // Tables of one section are told apart by what their rows are about.
  const std::string& about = table.columns[0].name;
  const std::string name = about == "key" ? section : absl::StrCat(section, ".", about);
  for (const std::vector<ReportCell>& row : table.rows) {
    const std::string detail = table.keys > 1 ? Field(ValueOf(row[1])) : "";
    for (size_t i = table.keys; i < row.size(); ++i) {
      absl::StrAppend(csv, name, ",", Field(ValueOf(row[0])), ",", detail, ",",
                      table.columns[i].name, ",", Field(ValueOf(row[i])), "\r\n");
    }
  }
}

}  // namespace

std::string ToCsv(const ReportDocument& document) {
  std::string csv = "section,key,detail,measure,value\r\n";
  for (const auto& [name, figure] : document.figures) {
    absl::StrAppend(&csv, "total,,,", absl::StrReplaceAll(name, {{" ", "_"}}), ",",
                    Field(ValueOf(figure)), "\r\n");
  }
  for (const ReportSection& section : document.sections) {
    for (const ReportTable& table : section.tables) {
      AddTable(section.id, table, &csv);
    }
  }
  return csv;
}

}  // namespace itemized::cli
