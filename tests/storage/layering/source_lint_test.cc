// SPDX-License-Identifier: Apache-2.0
#include "tests/storage/layering/source_lint.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace itemized::testing {
namespace {

TEST(SourceLint, FindsEveryInclude) {
  const SourceFile file{"a.h", "#include <a>\n#include \"b/c.h\"\n//#include <d>\n  # include <e>"};
  EXPECT_EQ(IncludesOf(file), (std::vector<std::string>{"a", "b/c.h", "e"}));
}

TEST(SourceLint, MeasuresFunctionsAndNothingElse) {
  const std::string text =
      "namespace a {\n"
      "struct S {\n"
      "  int x = 0;\n"
      "  int Get() const {\n"  // Line 4.
      "    return x;\n"
      "  }\n"
      "};\n"
      "const int kTable[] = {\n 1,\n 2};\n"
      "#define M(x) {   \\\n"
      "  (x)\n"
      "// if (x) {\n"
      "S::S(int y)\n"  // Line 14.
      "    : x(1'000) {\n"
      "  Say(\"}\");\n"
      "  if (y) {\n"
      "  }\n"
      "}\n"
      "}\n";
  const std::vector<FunctionLength> functions = FunctionsOf(text);
  ASSERT_EQ(functions.size(), 2U);
  EXPECT_EQ(functions[0].line, 4);
  EXPECT_EQ(functions[0].lines, 3);
  EXPECT_EQ(functions[1].line, 14);
  EXPECT_EQ(functions[1].lines, 6);
}

TEST(SourceLint, BlanksCommentsStringsAndCharacters) {
  EXPECT_EQ(WithoutCommentsAndStrings("a/*b*/c"), "a     c");
  EXPECT_EQ(WithoutCommentsAndStrings("a//b\nc"), "a   \nc");
  EXPECT_EQ(WithoutCommentsAndStrings("x = '\\''; y = \"\\\"{\";"), "x =     ; y =      ;");
  EXPECT_EQ(WithoutCommentsAndStrings("f(R\"(a\"{)\", 1'0)"), "f(        , 1'0)");
}

}  // namespace
}  // namespace itemized::testing
