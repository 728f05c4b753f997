// SPDX-License-Identifier: Apache-2.0
#include "client/cli/table.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"

#include "client/cli/text.h"
#include "storage/base/check.h"

namespace itemized::cli {
namespace {

constexpr size_t kGap = 2;
// A name longer than this is cut before any column is dropped for it.
constexpr size_t kNameWidth = 32;

const char* Escape(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kBold:
      return "\x1b[1m";
    case Style::kDim:
      return "\x1b[2m";
    case Style::kRed:
      return "\x1b[31m";
    case Style::kYellow:
      return "\x1b[33m";
    case Style::kGreen:
      return "\x1b[32m";
  }
  return "";
}

template <typename Layout>
size_t TotalWidth(const Layout& layout) {
  size_t total = layout.empty() ? 0 : kGap * (layout.size() - 1);
  for (const auto& shown : layout) {
    total += shown.width;
  }
  return total;
}

std::string Spaces(size_t count) {
  return std::string(count, ' ');
}

}  // namespace

std::string Styled(absl::string_view text, Style style, const Canvas& canvas) {
  if (!canvas.color || style == Style::kPlain || text.empty()) {
    return std::string(text);
  }
  return absl::StrCat(Escape(style), text, "\x1b[0m");
}

Table::Table(std::vector<Column> columns) : columns_(std::move(columns)) {}

void Table::AddRow(std::vector<Cell> cells) {
  CHECK(cells.size() == columns_.size());
  for (Cell& cell : cells) {
    cell.text = Printable(cell.text);
  }
  rows_.push_back(std::move(cells));
}

void Table::AddRule() {
  rows_.emplace_back();
}

bool Table::HasText(size_t column) const {
  return std::any_of(rows_.begin(), rows_.end(), [column](const std::vector<Cell>& cells) {
    return !cells.empty() && !cells[column].text.empty();
  });
}

size_t Table::NaturalWidth(size_t column) const {
  size_t width = DisplayWidth(columns_[column].header);
  for (const std::vector<Cell>& cells : rows_) {
    if (!cells.empty()) {
      width = std::max(width, DisplayWidth(cells[column].text));
    }
  }
  return width;
}

// Cuts the widest columns first, none below `floor` or its own limit.
void Table::ShrinkTo(size_t width, size_t floor, Layout& layout) const {
  while (TotalWidth(layout) > width) {
    Shown* widest = nullptr;
    for (Shown& shown : layout) {
      const size_t shrink_to = columns_[shown.index].shrink_to;
      const bool can = shrink_to > 0 && shown.width > std::max(shrink_to, floor);
      if (can && (widest == nullptr || shown.width > widest->width)) {
        widest = &shown;
      }
    }
    if (widest == nullptr) {
      return;
    }
    --widest->width;
  }
}

bool Table::DropOne(Layout& layout) const {
  const auto order = [this](const Shown& shown) { return columns_[shown.index].drop_order; };
  const auto last =
      std::max_element(layout.begin(), layout.end(),
                       [&](const Shown& a, const Shown& b) { return order(a) < order(b); });
  if (last == layout.end() || order(*last) == 0) {
    return false;
  }
  layout.erase(last);
  return true;
}

Table::Layout Table::Fit(size_t width) const {
  Layout natural;
  for (size_t i = 0; i < columns_.size(); ++i) {
    if (HasText(i)) {
      natural.push_back({i, NaturalWidth(i)});
    }
  }
  Layout layout = natural;
  ShrinkTo(width, kNameWidth, layout);
  while (TotalWidth(layout) > width && DropOne(natural)) {
    layout = natural;  // Names get back what a dropped column took from them.
    ShrinkTo(width, kNameWidth, layout);
  }
  ShrinkTo(width, 1, layout);
  return layout;
}

std::string Table::RenderLine(const Layout& layout, const std::vector<Cell>& cells,
                              const Canvas& canvas) const {
  std::string line;
  for (const Shown& shown : layout) {
    const Cell& cell = cells[shown.index];
    const std::string text = ShortenMiddle(cell.text, shown.width);
    const std::string padding = Spaces(shown.width - std::min(shown.width, DisplayWidth(text)));
    const std::string styled = Styled(text, cell.style, canvas);
    const bool right = columns_[shown.index].align == Align::kRight;
    absl::StrAppend(&line, &shown == &layout.front() ? "" : Spaces(kGap), right ? padding : "",
                    styled, right ? "" : padding);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string Table::Render(const Canvas& canvas) const {
  const Layout layout = Fit(canvas.width);
  std::vector<Cell> headers;
  for (const Column& column : columns_) {
    headers.emplace_back(column.header, Style::kDim);
  }
  std::string result = RenderLine(layout, headers, canvas);
  if (result == "\n") {
    result.clear();
  }
  for (const std::vector<Cell>& cells : rows_) {
    if (!cells.empty()) {
      result += RenderLine(layout, cells, canvas);
      continue;
    }
    std::string rule;
    for (size_t i = 0; i < TotalWidth(layout); ++i) {
      rule += "─";
    }
    absl::StrAppend(&result, Styled(rule, Style::kDim, canvas), "\n");
  }
  return result;
}

}  // namespace itemized::cli
