// SPDX-License-Identifier: Apache-2.0
#include "server/api/answers.h"

#include <algorithm>
#include <utility>

#include "server/api/backup_directory.h"
#include "storage/base/status_macros.h"
#include "storage/pricing/rate_book.h"

namespace itemized::server {

absl::StatusOr<Answered<TopAnswer>> AskTop(const Principal& /*principal*/, const Database& database,
                                           const TopQuery& query,
                                           const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Top(query, cancellation); });
}

absl::StatusOr<Answered<WorkflowsAnswer>> AskWorkflows(const Principal& /*principal*/,
                                                       const Database& database,
                                                       const Window& window,
                                                       const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Workflows(window, cancellation); });
}

absl::StatusOr<Answered<RunAnswer>> AskRun(const Principal& /*principal*/, const Database& database,
                                           const RunQuery& query,
                                           const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.GetRun(query, cancellation); });
}

absl::StatusOr<Answered<SeriesAnswer>> AskSeries(const Principal& /*principal*/,
                                                 const Database& database, const SeriesQuery& query,
                                                 const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Series(query, cancellation); });
}

absl::StatusOr<Answered<OutliersAnswer>> AskOutliers(const Principal& /*principal*/,
                                                     const Database& database,
                                                     const OutliersQuery& query,
                                                     const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Outliers(query, cancellation); });
}

absl::StatusOr<Answered<DistributionAnswer>> AskDistribution(const Principal& /*principal*/,
                                                             const Database& database,
                                                             const DistributionQuery& query,
                                                             const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Distribution(query, cancellation); });
}

absl::StatusOr<Answered<ExplainAnswer>> AskExplain(const Principal& /*principal*/,
                                                   const Database& database,
                                                   const ExplainQuery& query,
                                                   const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.Explain(query, cancellation); });
}

absl::StatusOr<Answered<MissingRatesAnswer>> AskMissingRates(const Principal& /*principal*/,
                                                             const Database& database,
                                                             const Window& window,
                                                             const Cancellation* cancellation) {
  return WithRepricing(database, [&] { return database.MissingRates(window, cancellation); });
}

absl::StatusOr<ServerInfo> AskInfo(const Principal& /*principal*/, const Database& database,
                                   const ServerFacts& facts) {
  return ServerInfo{facts, database.Info()};
}

namespace {

// Makes the list what it was at `known_at_us`.
RateList AsKnownAt(int64_t known_at_us, RateList list) {
  RateList then;
  const auto take = [&](Rate& rate) {
    if (rate.recorded_at_us <= known_at_us) {
      then.rates.push_back(std::move(rate));
    }
  };
  for (Rate& rate : list.rates) {
    take(rate);
  }
  for (EndedRate& ended : list.ended) {
    if (ended.at_us > known_at_us) {
      take(ended.rate);
    }
  }
  std::sort(then.rates.begin(), then.rates.end(),
            [](const Rate& a, const Rate& b) { return RateKey(a) < RateKey(b); });
  return then;
}

}  // namespace

absl::StatusOr<RateList> AskRates(const Principal& /*principal*/, const Database& database,
                                  const RateListQuery& query) {
  RateList list{.rates = database.ListRates(), .ended = {}, .unpriced = database.ListUnpriced()};
  if (query.history || query.as_known_at_us.has_value()) {
    ASSIGN_OR_RETURN(list.ended, database.ListEndedRates());
  }
  return query.as_known_at_us.has_value() ? AsKnownAt(*query.as_known_at_us, std::move(list))
                                          : list;
}

void PutRates(const Principal& /*principal*/, Database& database, std::vector<Rate> rates,
              Reprice which, Database::RatesDone done) {
  database.SetRates(std::move(rates), which, std::move(done));
}

void DropRates(const Principal& /*principal*/, Database& database, std::vector<RateName> names,
               Reprice which, Database::RatesDone done) {
  database.RemoveRates(std::move(names), which, std::move(done));
}

void BeginRepricing(const Principal& /*principal*/, Database& database,
                    const RepricingRequest& request, Database::JobDone begun,
                    Database::JobDone done) {
  database.StartRepricing(request, std::move(begun), std::move(done));
}

void BeginUndo(const Principal& /*principal*/, Database& database, uint64_t id,
               Database::JobDone begun, Database::JobDone done) {
  database.UndoRepricing(id, std::move(begun), std::move(done));
}

absl::StatusOr<RepricingPreview> AskRepricingPreview(const Principal& /*principal*/,
                                                     const Database& database,
                                                     const RepricingRequest& request,
                                                     const Cancellation* cancellation) {
  return database.PreviewRepricing(request, cancellation);
}

absl::StatusOr<std::vector<RepricingJob>> AskRepricings(const Principal& /*principal*/,
                                                        const Database& database) {
  return database.ListRepricings();
}

void BeginSession(const Principal& /*principal*/, Database& database, const ProducerHello& hello,
                  Database::BeginDone done) {
  database.BeginSession(hello, std::move(done));
}

absl::StatusOr<VerifyReport> VerifyStore(const Principal& /*principal*/, const Database& database) {
  return database.Verify();
}

absl::StatusOr<BackupMade> BackUpStore(const Principal& /*principal*/, const Database& database,
                                       const BackupPlace& place, const std::string& name) {
  if (!place.is_allowed) {
    return absl::PermissionDeniedError(
        "This server listens beyond its own machine, where anybody could have it write files; "
        "make backups of one that listens on 127.0.0.1 only.");
  }
  BackupMade made;
  ASSIGN_OR_RETURN(made.directory, PathOfBackup(place.root, name));
  ASSIGN_OR_RETURN(made.report, database.Backup(made.directory));
  return made;
}

}  // namespace itemized::server
