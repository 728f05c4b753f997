// SPDX-License-Identifier: Apache-2.0
#include "client/cli/json_writer.h"

#include "gtest/gtest.h"

namespace itemized::cli {
namespace {

TEST(JsonWriter, NestsObjectsAndArraysIndented) {
  JsonWriter json;
  json.BeginObject().Field("calls", 3).BeginArray("rows");
  json.BeginObject().Field("key", "a\"\n").Known("none", "").Known("usd", "0.1").End();
  json.String("b").End().BeginArray("empty").End().BeginObject("nothing").End();
  json.Flag("ok", true).End();
  EXPECT_EQ(json.Take(),
            "{\n"
            "  \"calls\": 3,\n"
            "  \"rows\": [\n"
            "    {\n"
            "      \"key\": \"a\\\"\\n\",\n"
            "      \"usd\": \"0.1\"\n"
            "    },\n"
            "    \"b\"\n"
            "  ],\n"
            "  \"empty\": [],\n"
            "  \"nothing\": {},\n"
            "  \"ok\": true\n"
            "}\n");
}

}  // namespace
}  // namespace itemized::cli
