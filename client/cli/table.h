// SPDX-License-Identifier: Apache-2.0
#pragma once

// Tables that fit a terminal.
//
//   Table table({{.header = "STEP", .shrink_to = 12},
//                {.header = "SPEND", .align = Align::kRight}});
//   table.AddRow({"planning", {"$12.34", Style::kBold}});
//   std::cout << table.Render({.width = 80, .color = true});

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace itemized::cli {

enum class Align { kLeft, kRight };
enum class Style { kPlain, kBold, kDim, kRed, kYellow, kGreen };

// What is drawn on.
struct Canvas {
  size_t width = 100;  // How many columns it has.
  bool color = false;
};

// Returns `text` in the colours of `style`, if the canvas has them.
std::string Styled(absl::string_view text, Style style, const Canvas& canvas);

struct Column {
  std::string header;
  Align align = Align::kLeft;
  int drop_order = 0;    // The highest goes first if space is short; 0 stays.
  size_t shrink_to = 0;  // Texts may be cut to this many columns; 0 if never.
};

struct Cell {
  std::string text;
  Style style = Style::kPlain;

  Cell(std::string text_in, Style style_in = Style::kPlain)
      : text(std::move(text_in)), style(style_in) {}
  Cell(const char* text_in) : text(text_in) {}
};

// Rows of cells under headers. Every text is made Printable first, so that no
// name can steer the terminal. Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<Column> columns);

  // `cells` has one for each column.
  void AddRow(std::vector<Cell> cells);

  // Adds a line between the rows before and after.
  void AddRule();

  bool empty() const { return rows_.empty(); }

  // Returns the table in lines of at most `canvas.width` columns, if its columns that may not be
  // dropped or cut leave that much room. Columns without any text are left out.
  std::string Render(const Canvas& canvas) const;

 private:
  // Columns by index, each with its width; in the order they are shown.
  struct Shown {
    size_t index = 0;
    size_t width = 0;
  };
  using Layout = std::vector<Shown>;

  size_t NaturalWidth(size_t column) const;
  bool HasText(size_t column) const;
  Layout Fit(size_t width) const;
  void ShrinkTo(size_t width, size_t floor, Layout& layout) const;
  bool DropOne(Layout& layout) const;
  std::string RenderLine(const Layout& layout, const std::vector<Cell>& cells,
                         const Canvas& canvas) const;

  std::vector<Column> columns_;
  std::vector<std::vector<Cell>> rows_;  // An empty row is a rule.
};

}  // namespace itemized::cli
