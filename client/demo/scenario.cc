// SPDX-License-Identifier: Apache-2.0
#include "client/demo/scenario.h"

#include <array>
#include <cstring>
#include <numeric>

#include "storage/base/check.h"

namespace itemized::demo {

namespace {

std::vector<StepProfile> MakeSteps() {
  const std::vector<ModelShare> opus = {{"anthropic", "claude-opus-4-6", 1}};
  const std::vector<ModelShare> sonnet = {{"anthropic", "claude-sonnet-4-6", 1}};
  const std::vector<ModelShare> large = {{"anthropic", "claude-sonnet-4-6", 0.8},
                                         {"openai", "gpt-5.4", 0.2}};
  const std::vector<ModelShare> thinking = {{"openai", "gpt-5.2", 0.7},
                                            {"google", "gemini-2.5-pro", 0.3}};
  const std::vector<ModelShare> small = {{"anthropic", "claude-haiku-4-5", 0.6},
                                         {"openai", "gpt-5.4-mini", 0.4}};
  const std::vector<ModelShare> mini = {{"openai", "gpt-5.4-mini", 1}};
  const std::vector<ModelShare> smallest = {{"openai", "gpt-5-mini", 0.6},
                                            {"google", "gemini-2.5-flash", 0.4}};
  const std::vector<ModelShare> flash = {{"google", "gemini-2.5-flash", 1}};
  return {
      // Tokens: input, cache read, cache write, output; the share of reasoning in the output.
      {"status_check", small, 420, 0, 0, 68, 0},
      {"doc_synthesis", large, 9700, 0, 0, 840, 0},
      {"planning", sonnet, 3400, 6200, 300, 520, 0},
      {"research", thinking, 5600, 0, 0, 860, 0.45},
      {"summarise", small, 4800, 0, 0, 560, 0},
      {"classify", smallest, 640, 0, 0, 120, 0.5},
      {"extract_fields", mini, 3800, 0, 0, 340, 0},
      {"draft_reply", sonnet, 2400, 1800, 0, 640, 0},
      {"quality_review", opus, 3600, 1200, 0, 320, 0},
      {"rerank", flash, 2900, 0, 0, 140, 0},
  };
}

}  // namespace

const std::vector<StepProfile>& Steps() {
  static const auto* const steps = new std::vector<StepProfile>(MakeSteps());
  return *steps;
}

const StepProfile& StepNamed(const char* name) {
  for (const StepProfile& step : Steps()) {
    if (std::strcmp(step.name, name) == 0) {
      return step;
    }
  }
  CHECK(false && "a stage names a step that does not exist");
  return Steps().front();
}

const std::vector<WorkflowProfile>& Workflows() {
  static const auto* const workflows = new std::vector<WorkflowProfile>{
      {"support_ticket",
       0.44,
       {{"classify", 1.1},
        {"status_check", 1.6},
        {"planning", 1.1},
        {"rerank", 1.1},
        {"status_check", 1.6},
        {"doc_synthesis", 0.78, true},
        {"status_check", 1.4},
        {"draft_reply", 1.1},
        {"quality_review", 0.3}}},
      {"research_report",
       0.12,
       {{"planning", 1.5},
        {"research", 4.0},
        {"status_check", 2.5},
        {"doc_synthesis", 1.7, true},
        {"status_check", 2.4},
        {"summarise", 2.2},
        {"draft_reply", 1.0},
        {"quality_review", 0.8},
        {"status_check", 1.5}}},
      {"invoice_processing",
       0.18,
       {{"classify", 1.2},
        {"extract_fields", 1.8},
        {"status_check", 2.4},
        {"doc_synthesis", 0.82, true},
        {"summarise", 1.2},
        {"status_check", 2.0}}},
      {"contract_review",
       0.10,
       {{"classify", 1.0},
        {"planning", 1.0},
        {"extract_fields", 3.0},
        {"status_check", 2.1},
        {"doc_synthesis", 1.55, true},
        {"status_check", 2.1},
        {"summarise", 2.0},
        {"quality_review", 1.0},
        {"status_check", 1.3}}},
      {"sales_briefing",
       0.16,
       {{"planning", 1.0},
        {"research", 2.3},
        {"rerank", 1.0},
        {"status_check", 2.2},
        {"doc_synthesis", 1.0, true},
        {"status_check", 1.7},
        {"summarise", 1.5},
        {"draft_reply", 1.0},
        {"status_check", 0.9}}},
  };
  return *workflows;
}

const std::vector<const char*>& Tenants() {
  static const auto* const tenants = new std::vector<const char*>{
      "acme", "globex", "initech", "umbrella", "hooli", "stark", "wayne", "tyrell"};
  return *tenants;
}

double Activity(Hour hour) {
  static constexpr std::array<double, 24> kByHour = {
      0.35, 0.30, 0.27, 0.25, 0.28, 0.40, 0.65, 1.00, 1.45, 1.75, 1.85, 1.80,
      1.60, 1.75, 1.85, 1.80, 1.65, 1.40, 1.10, 0.85, 0.70, 0.60, 0.50, 0.42};
  // The first is Thursday, the weekday of 1970-01-01.
  static constexpr std::array<double, 7> kByDay = {1.20, 1.10, 0.45, 0.40, 1.25, 1.30, 1.28};
  static const double mean = std::accumulate(kByHour.begin(), kByHour.end(), 0.0) / 24.0 *
                             std::accumulate(kByDay.begin(), kByDay.end(), 0.0) / 7.0;
  return kByHour[HourOfDay(hour)] * kByDay[DayOfHour(hour).value() % 7] / mean;
}

}  // namespace itemized::demo
