// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/rate_changes.h"
#include "client/cli/rate_terms.h"
#include "client/cli/spans.h"
#include "client/cli/text.h"
#include "client/rates/describe_match.h"
#include "storage/base/time.h"

namespace itemized::cli {
namespace {

constexpr char kAsItStands[] = "the name as it stands";

// Says where a rate comes from: "bundled, genai-prices 0.1.8, recorded 2026-11-29 21:00:00 UTC".
std::string OriginText(const pb::Rate& rate) {
  std::vector<std::string> parts = {rate.origin() == pb::RATE_ORIGIN_BUNDLED ? "bundled" : "set"};
  if (!rate.source().empty()) {
    parts.push_back(rate.source());
  }
  if (rate.recorded_at_unix_us() != 0) {
    parts.push_back(absl::StrCat("recorded ", FormatTime(rate.recorded_at_unix_us())));
  }
  return absl::StrJoin(parts, ", ");
}

std::string FormText(const pb::HoldingRate& found) {
  return absl::StrCat("found as ", found.model(),
                      found.provider().empty() ? "" : absl::StrCat(" of ", found.provider()), ": ",
                      found.name_rule().empty() ? kAsItStands : found.name_rule());
}

void PrintRates(const pb::ExplainCallResponse& explained, Session& session) {
  if (explained.has_rate()) {
    const pb::Rate& rate = explained.rate().rate();
    PrintLine("Rate", absl::StrCat(RateName(rate), " (", OriginText(rate), ")"), session);
    PrintLine("", FormText(explained.rate()), session);
  }
  if (explained.has_tier_input_tokens_over()) {
    PrintLine("Tier",
              absl::StrCat("over ", Count(explained.tier_input_tokens_over()), " input tokens"),
              session);
  }
  if (explained.has_exchange()) {
    const pb::ExchangeRate& exchange = explained.exchange();
    PrintLine("Exchange", absl::StrCat("1 ", exchange.currency(), " = ", exchange.usd(), " USD"),
              session);
  }
  for (const pb::HoldingRate& multiplier : explained.multipliers()) {
    const pb::Rate& rate = multiplier.rate();
    PrintLine("Multiplier",
              absl::StrCat("x ", rate.multiplier(), " by ", client::DescribeMatch(rate.match()),
                           ConditionsText(rate), " (", OriginText(rate), ")"),
              session);
  }
}

void PrintSum(const pb::ExplainCallResponse& explained, Session& session) {
  Table table({{.header = "CLASS"},
               {.header = "COUNT", .align = Align::kRight},
               {.header = "LIST PRICE", .align = Align::kRight, .drop_order = 10},
               {.header = "PRICE", .align = Align::kRight},
               {.header = "", .drop_order = 20},
               {.header = "COST", .align = Align::kRight}});
  for (const pb::BilledLine& line : explained.lines()) {
    const std::string list = line.list_price() == line.price_usd() ? "" : line.list_price();
    table.AddRow({line.usage_class(), Count(line.count()), list,
                  line.price_usd().empty() ? kNothing : PriceText(line.price_usd()),
                  Cell(line.units() == 1'000'000 ? "per 1M" : "per 1k", Style::kDim),
                  line.cost_usd().empty() ? kNothing : absl::StrCat("$", line.cost_usd())});
  }
  if (!explained.lines().empty()) {
    *session.env.out << "\n" << table.Render(session.env.canvas);
  }
}

void PrintVerdict(const pb::ExplainCallResponse& explained, Session& session) {
  const pb::BilledCall& call = explained.call();
  if (call.cost_is_reported()) {
    *session.env.out << "\nThe provider reported $" << Printable(call.cost_usd())
                     << ", which is what counts here (--trust-reported-cost). By the rate book it "
                     << (explained.cost_usd().empty()
                             ? absl::StrCat("has no price: ",
                                            Printable(explained.unpriced_reason()))
                             : absl::StrCat("is $", explained.cost_usd()))
                     << ".\n";
    return;
  }
  if (explained.lines().empty() && !call.has_usage() && !call.unpriced()) {
    *session.env.out << "\nIt failed and reported no usage, which costs nothing.\n";
    return;
  }
  const std::string stored = call.unpriced() ? "no price" : absl::StrCat("$", call.cost_usd());
  *session.env.out << "\n"
                   << (explained.cost_usd().empty()
                           ? absl::StrCat("Unpriced: ", Printable(explained.unpriced_reason()))
                           : absl::StrCat("Sum $", explained.cost_usd()))
                   << (explained.differs()
                           ? absl::StrCat("; stored is ", stored,
                                          ": the book has changed since it was priced.\n")
                           : (call.unpriced() ? ".\n" : ", as it is stored.\n"));
}

void PrintExplanation(const pb::ExplainCallResponse& explained, Session& session) {
  const pb::BilledCall& call = explained.call();
  std::ostream& out = *session.env.out;
  if (explained.runs_size() > 1) {
    out << "Several runs have a call of that id; this is the one of the first. --run names "
           "another: "
        << Printable(absl::StrJoin(explained.runs(), ", ")) << ".\n\n";
  }
  out << Styled(Printable(absl::StrCat("Call ", call.event_id(), " of run ", call.workflow_id())),
                Style::kBold, session.env.canvas)
      << ", " << Printable(call.time()) << "\n";
  PrintLine("Model",
            absl::StrCat(call.model(),
                         call.provider().empty() ? "" : absl::StrCat(" of ", call.provider())),
            session);
  std::vector<std::string> served;
  for (const std::string* part : {&call.service_tier(), &call.region()}) {
    if (!part->empty()) {
      served.push_back(*part);
    }
  }
  if (!served.empty()) {
    PrintLine("Served", absl::StrJoin(served, ", "), session);
  }
  PrintSpansOf(call, session);
  PrintRates(explained, session);
  PrintSum(explained, session);
  PrintVerdict(explained, session);
}

}  // namespace

int ExplainCommand(const QueryArguments& arguments, Session& session) {
  pb::ExplainCallRequest request;
  request.set_event_id(arguments.event_id);
  request.set_workflow_id(arguments.workflow_id);
  return Answer(
      session.connection->ExplainCall(request), session,
      [&](const pb::ExplainCallResponse& response) { PrintExplanation(response, session); });
}

}  // namespace itemized::cli
