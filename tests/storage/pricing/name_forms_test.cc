// SPDX-License-Identifier: Apache-2.0
#include "storage/pricing/name_forms.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/pricing/provider_names.h"
#include "tests/storage/pricing/rates_for_test.h"

namespace itemized {
namespace {

struct Names {
  std::string provider;
  std::string model;
};

bool HasForm(const Names& call, const Names& form) {
  for (const NameForm& found : FormsOf(call.provider, call.model)) {
    if (found.provider == form.provider && found.model == form.model) {
      return true;
    }
  }
  return false;
}

TEST(ProviderNames, SynonymsAreOneProvider) {
  for (const std::string name : {"bedrock", "bedrock_converse", "aws.bedrock", "amazon_bedrock"}) {
    EXPECT_EQ(CanonicalProvider(name), "aws") << name;
  }
  for (const std::string name : {"gemini", "vertex_ai", "vertex_ai-language-models", "gcp.gemini",
                                 "gcp.vertex_ai", "Google", "google_genai"}) {
    EXPECT_EQ(CanonicalProvider(name), "google") << name;
  }
  for (const std::string name : {"xai", "x_ai", "x-ai"}) {
    EXPECT_EQ(CanonicalProvider(name), "x-ai") << name;
  }
  EXPECT_EQ(CanonicalProvider("az.ai.openai"), "azure");
}

TEST(ProviderNames, AnUnknownNameStaysAndAGatewaySaysNothing) {
  EXPECT_EQ(CanonicalProvider("Own-Cluster"), "own-cluster");
  EXPECT_EQ(CanonicalProvider("litellm"), "");
  EXPECT_EQ(CanonicalProvider(""), "");
}

TEST(ProviderNames, NoNameIsOfTwoProviders) {
  for (const ProviderRow& row : kProviderRows) {
    EXPECT_EQ(CanonicalProvider(row.name), row.name);
    std::string synonyms(row.synonyms);
    for (size_t begin = 0; begin < synonyms.size();) {
      const size_t end = std::min(synonyms.find(' ', begin), synonyms.size());
      const std::string synonym = synonyms.substr(begin, end - begin);
      EXPECT_EQ(CanonicalProvider(synonym), row.name) << synonym;
      begin = end + 1;
    }
  }
}

TEST(NameForms, TheNamesAsTheyStandComeFirst) {
  const std::vector<NameForm> forms = FormsOf("openai", "gpt-5-2025-08-07");
  ASSERT_EQ(forms.size(), 2U);
  EXPECT_EQ(forms[0].provider, "openai");
  EXPECT_EQ(forms[0].model, "gpt-5-2025-08-07");
  EXPECT_EQ(forms[1].model, "gpt-5");
}

TEST(NameForms, RoutesPathsVersionsAndDatesAreTakenOff) {
  const std::vector<std::pair<Names, Names>> cases = {
      {{"", "anthropic/claude-sonnet-4-6"}, {"anthropic", "claude-sonnet-4-6"}},
      {{"litellm", "anthropic/claude-sonnet-4-6"}, {"anthropic", "claude-sonnet-4-6"}},
      {{"", "azure/gpt-5.4"}, {"azure", "gpt-5.4"}},
      {{"", "azure/gpt-5.4"}, {"openai", "gpt-5.4"}},
      {{"azure_ai", "gpt-5.4"}, {"openai", "gpt-5.4"}},
      {{"google", "models/gemini-2.5-flash"}, {"google", "gemini-2.5-flash"}},
      {{"", "publishers/google/models/gemini-2.5-flash"}, {"google", "gemini-2.5-flash"}},
      {{"vertex_ai", "claude-sonnet-4-6@20260217"}, {"anthropic", "claude-sonnet-4-6"}},
      {{"", "us.anthropic.claude-sonnet-4-6-v1:0"}, {"aws", "us.anthropic.claude-sonnet-4-6-v1:0"}},
      {{"", "us.anthropic.claude-sonnet-4-6-v1:0"}, {"aws", "claude-sonnet-4-6"}},
      {{"aws.bedrock", "anthropic.claude-sonnet-4-5-20250929-v1:0"}, {"aws", "claude-sonnet-4-5"}},
      {{"bedrock", "amazon.nova-pro-v1:0"}, {"aws", "nova-pro"}},
      {{"", "o3"}, {"openai", "o3"}},
      {{"", "grok-4"}, {"x-ai", "grok-4"}},
      {{"", "claude-3-5-sonnet-latest"}, {"anthropic", "claude-3-5-sonnet"}},
      {{"minimax", "MiniMax-M2"}, {"minimax", "minimax-m2"}},
  };
  for (const auto& [call, form] : cases) {
    EXPECT_TRUE(HasForm(call, form)) << call.provider << " " << call.model;
  }
}

TEST(NameForms, AModelOfAnotherProviderIsNotGuessedAt) {
  EXPECT_FALSE(
      HasForm({"openrouter", "anthropic/claude-sonnet-4.6"}, {"anthropic", "claude-sonnet-4.6"}));
  EXPECT_FALSE(HasForm({"own-cluster", "gpt-5"}, {"openai", "gpt-5"}));
  EXPECT_FALSE(HasForm({"openai", "gpt-5:free"}, {"openai", "gpt-5"}));
}

TEST(NameForms, ANameOfSlashesAndAtsHasFewForms) {
  std::string name;
  for (int i = 0; i < 50; ++i) {
    name += "models/openai/azure/@";
  }
  EXPECT_LE(FormsOf("", name).size(), 32U);
  EXPECT_EQ(FormsOf("", "@").size(), 1U);
}

}  // namespace
}  // namespace itemized
