// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a server does for its callers, whatever protocol they speak: it answers questions,
// changes rates, begins the sessions of producers, and looks after the store. This folder speaks
// the types of storage, and knows of every caller who it is; it includes no message of a protocol
// and nothing of the rest of server/, so that another protocol comes in beside gRPC and HTTP.
//
// All functions are thread-safe. Errors are those of the Database's method of the same purpose
// and that of the cancellation, which may be null. Whoever may not do something is refused
// here, with PERMISSION_DENIED.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

#include "server/api/answered.h"
#include "server/api/principal.h"
#include "server/api/span_counters.h"
#include "server/api/usage_report_log.h"
#include "storage/base/cancellation.h"
#include "storage/database/database.h"

namespace itemized::server {

absl::StatusOr<Answered<TopAnswer>> AskTop(const Principal& principal, const Database& database,
                                           const TopQuery& query,
                                           const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<WorkflowsAnswer>> AskWorkflows(const Principal& principal,
                                                       const Database& database,
                                                       const Window& window,
                                                       const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<RunAnswer>> AskRun(const Principal& principal, const Database& database,
                                           const RunQuery& query,
                                           const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<SeriesAnswer>> AskSeries(const Principal& principal,
                                                 const Database& database, const SeriesQuery& query,
                                                 const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<OutliersAnswer>> AskOutliers(const Principal& principal,
                                                     const Database& database,
                                                     const OutliersQuery& query,
                                                     const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<DistributionAnswer>> AskDistribution(
    const Principal& principal, const Database& database, const DistributionQuery& query,
    const Cancellation* cancellation = nullptr);

absl::StatusOr<Answered<ExplainAnswer>> AskExplain(const Principal& principal,
                                                   const Database& database,
                                                   const ExplainQuery& query,
                                                   const Cancellation* cancellation = nullptr);
absl::StatusOr<Answered<MissingRatesAnswer>> AskMissingRates(
    const Principal& principal, const Database& database, const Window& window,
    const Cancellation* cancellation = nullptr);

// Says what the server knows of itself.
struct ServerFacts {
  std::string version;
  int64_t started_at_us = 0;
  std::string http_address;  // It is "" if HTTP is off.
  // Counts usage that was reported and is not understood. It is not owned, and may be null.
  const UsageReportLog* usage_reports = nullptr;
  const SpanCounters* spans = nullptr;
};
struct ServerInfo {
  ServerFacts facts;
  DatabaseInfo store;
};
absl::StatusOr<ServerInfo> AskInfo(const Principal& principal, const Database& database,
                                   const ServerFacts& facts);

// Asks for the rate book.
struct RateListQuery {
  bool history = false;                   // Asks for rates that were in it earlier, too.
  std::optional<int64_t> as_known_at_us;  // Asks for the book as it was at this instant.
};
// Lists the rate book, and the models whose calls it leaves without a price.
struct RateList {
  std::vector<Rate> rates;
  std::vector<EndedRate> ended;
  std::vector<UnpricedModel> unpriced;  // Empty in a book of the past.
};
absl::StatusOr<RateList> AskRates(const Principal& principal, const Database& database,
                                  const RateListQuery& query = {});
// `done` is called as Database::SetRates says; nothing waits for it meanwhile.
void PutRates(const Principal& principal, Database& database, std::vector<Rate> rates,
              Reprice which, Database::RatesDone done);
// `done` is called as Database::RemoveRates says; nothing waits for it meanwhile.
void DropRates(const Principal& principal, Database& database, std::vector<RateName> names,
               Reprice which, Database::RatesDone done);

// Jobs that price earlier calls again; the callbacks are called as Database::StartRepricing says.
void BeginRepricing(const Principal& principal, Database& database, const RepricingRequest& request,
                    Database::JobDone begun, Database::JobDone done);
void BeginUndo(const Principal& principal, Database& database, uint64_t id, Database::JobDone begun,
               Database::JobDone done);
absl::StatusOr<RepricingPreview> AskRepricingPreview(const Principal& principal,
                                                     const Database& database,
                                                     const RepricingRequest& request,
                                                     const Cancellation* cancellation = nullptr);
absl::StatusOr<std::vector<RepricingJob>> AskRepricings(const Principal& principal,
                                                        const Database& database);

// `done` is called as Database::BeginSession says.
void BeginSession(const Principal& principal, Database& database, const ProducerHello& hello,
                  Database::BeginDone done);

absl::StatusOr<VerifyReport> VerifyStore(const Principal& principal, const Database& database);

// Says where backups are made, and whether they may be. Whoever reaches a server may have it
// fill its disk with backups, so they are for servers that only their own machine reaches.
struct BackupPlace {
  std::string root;  // ServerOptions::backup_dir says what it is.
  bool is_allowed = false;
};
struct BackupMade {
  std::string directory;  // The path is absolute.
  BackupReport report;
};
// Makes a copy of the store in the directory `name` below the root. Returns INVALID_ARGUMENT if
// the name leads elsewhere, FAILED_PRECONDITION if there is no root.
absl::StatusOr<BackupMade> BackUpStore(const Principal& principal, const Database& database,
                                       const BackupPlace& place, const std::string& name);

}  // namespace itemized::server
