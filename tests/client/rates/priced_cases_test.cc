// SPDX-License-Identifier: Apache-2.0
// Calls that a price list of each form prices to the last digit, in a database. The table and its
// oracle are tests/data/make_priced_cases.py and price_rows.py.

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "gtest/gtest.h"

#include "client/rates/import.h"
#include "client/rates/json.h"
#include "client/rates/to_rate.h"
#include "storage/base/money.h"
#include "storage/base/time.h"
#include "storage/model/served_as.h"
#include "tests/storage/database/database_fixture.h"

namespace itemized::client {
namespace {

JsonValue ReadTable() {
  std::ifstream file(ITEMIZED_SOURCE_DIR "/tests/data/priced_cases.json");
  std::ostringstream text;
  text << file.rdbuf();
  return itemized::testing::Value(ParseJson(text.str()));
}

std::string TextOf(const JsonValue& object, absl::string_view field) {
  const JsonValue* const value = object.Find(field);
  return value == nullptr ? "" : value->text;
}

class PricedCases : public itemized::testing::DatabaseTest,
                    public ::testing::WithParamInterface<const char*> {
 protected:
  // Sets the rates of the price list of this form.
  void Import(const JsonValue& table) {
    const std::string list = TextOf(*table.Find("price_lists"), GetParam());
    const RateImport import = itemized::testing::Value(ParseRateFile(list));
    std::vector<Rate> rates;
    for (const v1::Rate& rate : import.rates) {
      rates.push_back(itemized::testing::Value(ToRate(rate)));
    }
    SetRates(rates);
  }

  static Call CallOf(const JsonValue& row) {
    Call call = itemized::testing::MakeCall(TextOf(row, "name"), "run", "step", 0);
    call.provider = TextOf(row, "provider");
    call.model = TextOf(row, "model");
    call.time_us = itemized::testing::Value(ParseTime(TextOf(row, "time")));
    call.usage = Usage();
    for (const UsageClassInfo& info : kUsageClasses) {
      if (const JsonValue* const count = row.Find("usage")->Find(info.count); count != nullptr) {
        (*call.usage)[info.usage_class] = std::stoll(count->text);
      }
    }
    for (const auto& [key, field] : {std::pair(kServiceTierAttribute, "service_tier"),
                                     std::pair(kRegionAttribute, "region")}) {
      if (const std::string value = TextOf(row, field); !value.empty()) {
        call.attributes.emplace_back(std::string(key), value);
      }
    }
    return call;
  }
};

TEST_P(PricedCases, CostWhatTheOracleSaysToTheLastDigit) {
  const JsonValue table = ReadTable();
  Import(table);
  std::map<std::string, std::string> wanted;  // The names of cases, and "" where there is no price.
  std::vector<Call> calls;
  for (const JsonValue& row : table.Find("cases")->items) {
    if (TextOf(row, "rates") == GetParam()) {
      calls.push_back(CallOf(row));
      wanted[TextOf(row, "name")] = TextOf(row, "cost_usd");
    }
  }
  ASSERT_GE(calls.size(), 50U);
  Store(calls);
  std::map<std::string, std::string> billed;
  for (const BilledCall& call : itemized::testing::Value(db().GetRun("run")).calls) {
    billed[call.call.event_id] = call.cost.unpriced ? "" : FormatUsd(call.cost.picos);
  }
  EXPECT_EQ(billed, wanted);
}

INSTANTIATE_TEST_SUITE_P(EachForm, PricedCases,
                         ::testing::Values("plain", "genai-prices", "litellm"));

}  // namespace
}  // namespace itemized::client
