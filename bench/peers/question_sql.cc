// SPDX-License-Identifier: Apache-2.0
#include "bench/peers/question_sql.h"

#include "absl/strings/str_cat.h"

#include "storage/base/check.h"

namespace itemized::bench {
namespace {

struct Parts {
  std::string key;
  std::string filter;
};

Parts PartsOf(Question question, const SqlDialect& dialect) {
  const auto is = [](const char* column, const std::string& value) {
    return absl::StrCat(" WHERE ", column, " = '", value, "'");
  };
  switch (question) {
    case Question::kTop:
      return {"step", ""};
    case Question::kFiltered:
      return {"step", is("workflow", AskedWorkflow())};
    case Question::kFilteredModel:
      return {"step", is("model", AskedModel())};
    case Question::kStepByModel:
      return {"model", is("step", AskedStep())};
    case Question::kStepByWorkflow:
      return {"workflow", is("step", AskedStep())};
    case Question::kFilteredAttribute:
      return {"step", is("tenant", AskedTenant())};
    case Question::kByAttribute:
      return {"tenant", ""};
    case Question::kSeriesSplit:
      return {dialect.day_model, is("step", AskedStep())};
  }
  CHECK(false);
}

}  // namespace

std::string SqlOf(Question question, const SqlDialect& dialect) {
  const Parts parts = PartsOf(question, dialect);
  return absl::StrCat("SELECT ", parts.key, " AS key, count(*), sum(cost), ", dialect.median,
                      " FROM ", dialect.table, parts.filter,
                      " GROUP BY key ORDER BY sum(cost) DESC");
}

}  // namespace itemized::bench
