// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

#include "client/cli/commands.h"
#include "client/cli/nearest.h"
#include "client/cli/query.h"
#include "client/cli/rate_changes.h"
#include "client/cli/rates_progress.h"
#include "client/cli/text.h"
#include "client/rates/describe_match.h"

namespace itemized::cli {
namespace {

// The rates that the arguments may mean: of that match, tier of service and region, and of the
// provider and the instant if they are given.
std::vector<pb::Rate> Named(const pb::ListRatesResponse& book, const RatesArguments& arguments,
                            int64_t effective_from_us) {
  std::vector<pb::Rate> named;
  for (const pb::Rate& rate : book.rates()) {
    const bool of_match = client::DescribeMatch(rate.match()) == arguments.model;
    const bool of_provider = arguments.provider.empty() || rate.provider() == arguments.provider;
    const bool of_instant =
        arguments.effective_from.empty() || rate.effective_from_unix_us() == effective_from_us;
    const bool of_service =
        rate.service_tier() == arguments.service_tier && rate.region() == arguments.region;
    if (of_match && of_provider && of_instant && of_service) {
      named.push_back(rate);
    }
  }
  return named;
}

int TellMissing(const pb::ListRatesResponse& book, const RatesArguments& arguments,
                Session& session) {
  std::vector<std::string> names;
  for (const pb::Rate& rate : book.rates()) {
    names.push_back(client::DescribeMatch(rate.match()));
  }
  names.erase(std::unique(names.begin(), names.end()), names.end());
  *session.env.err << Printable(absl::StrCat("itemize: The book has no such rate of \"",
                                             arguments.model, "\".",
                                             DidYouMean(arguments.model, names)))
                   << " `itemize rates list` shows all.\n";
  return kExitNotFound;
}

std::string Ambiguous(const std::vector<pb::Rate>& named) {
  return absl::StrCat("There are several: ",
                      absl::StrJoin(named, "; ",
                                    [](std::string* out, const pb::Rate& rate) {
                                      const bool always = rate.effective_from_unix_us() == 0;
                                      absl::StrAppend(out, RateName(rate),
                                                      always ? " from always" : "");
                                    }),
                      ". Name one with --provider and --effective-from.");
}

}  // namespace

int RatesRemoveCommand(const RatesArguments& arguments, Session& session) {
  const absl::StatusOr<int64_t> effective_from_us = EffectiveFrom(arguments);
  if (!effective_from_us.ok()) {
    return WrongUsage(session.env, effective_from_us.status().message(), "itemize rates remove");
  }
  const absl::StatusOr<pb::ListRatesResponse> book = session.connection->ListRates();
  if (!book.ok()) {
    return Fail(session, book.status());
  }
  const std::vector<pb::Rate> named = Named(*book, arguments, *effective_from_us);
  if (named.empty()) {
    return TellMissing(*book, arguments, session);
  }
  if (named.size() > 1) {
    return WrongUsage(session.env, Ambiguous(named), "itemize rates remove");
  }
  pb::RemoveRatesRequest request;
  request.set_reprice(arguments.reprice);
  pb::RateId& id = *request.add_rates();
  id.set_provider(named[0].provider());
  *id.mutable_match() = named[0].match();
  id.set_effective_from_unix_us(named[0].effective_from_unix_us());
  id.set_service_tier(named[0].service_tier());
  id.set_region(named[0].region());
  id.set_attribute_key(named[0].attribute_key());
  id.set_attribute_value(named[0].attribute_value());
  if (named[0].has_hours()) {
    *id.mutable_hours() = named[0].hours();
  }
  const auto remove = [&] {
    return session.connection->RemoveRates(request, client::kAdminTimeout);
  };
  return Answer(WithProgress<pb::RemoveRatesResponse>(remove, session), session,
                [&](const pb::RemoveRatesResponse& response) {
                  *session.env.out << "removed " << response.removed() << " ("
                                   << Printable(RateName(named[0])) << "), repriced "
                                   << response.repriced_calls() << " call"
                                   << PluralS(response.repriced_calls()) << "\n";
                });
}

}  // namespace itemized::cli
