// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "absl/strings/str_cat.h"
#include "proto/text/json.h"

#include "client/cli/commands.h"
#include "client/cli/format.h"
#include "client/cli/query.h"
#include "client/cli/text.h"

namespace itemized::cli {
namespace {

// How often it is looked for Ctrl-C, which only sets a flag.
constexpr std::chrono::milliseconds kLookEvery{50};
// How long to wait before the server is asked again.
constexpr std::chrono::milliseconds kAgainAfter{500};

bool IsInterrupted(const Session& session) {
  return session.env.interrupted != nullptr && *session.env.interrupted;
}

// Ends a call once Ctrl-C has been pressed.
class EndsOnInterrupt {
 public:
  EndsOnInterrupt(const Session& session, grpc::ClientContext& context)
      : thread_([this, &session, &context] {
          while (!done_) {
            if (IsInterrupted(session)) {
              context.TryCancel();
            }
            std::this_thread::sleep_for(kLookEvery);
          }
        }) {}
  ~EndsOnInterrupt() {
    done_ = true;
    thread_.join();
  }

 private:
  std::atomic<bool> done_ = false;
  std::thread thread_;
};

std::string OutlierLine(const pb::WatchedOutlier& outlier) {
  return absl::StrCat(
      TimeText(outlier.time(), absl::UTCTimeZone()), "  outlier  ",
      outlier.step().empty() ? "(none)" : outlier.step(), ": ", MoneyText(outlier.cost_usd()), ", ",
      Multiple(outlier.multiple()), " the median ", MoneyText(outlier.p50_usd()), " of ",
      Count(outlier.sample_count()), " calls; run ", outlier.workflow_id(),
      outlier.event_id().empty() ? "" : absl::StrCat(", event ", outlier.event_id()));
}

std::string CrossingLine(const pb::BudgetCrossing& crossing) {
  return absl::StrCat(TimeText(crossing.at(), absl::UTCTimeZone()), "  budget   ",
                      crossing.budget(), ": ", crossing.threshold_percent(), "% of ",
                      MoneyText(crossing.amount_usd()), " for ", crossing.scope(), " are spent, ",
                      MoneyText(crossing.spent_usd()),
                      crossing.forecast_usd().empty()
                          ? ""
                          : absl::StrCat("; ", MoneyText(crossing.forecast_usd()), " by ",
                                         crossing.period_end().substr(0, 10), " if it goes on so"));
}

std::string LineOf(const pb::WatchResponse& news) {
  switch (news.news_case()) {
    case pb::WatchResponse::kOutlier:
      return OutlierLine(news.outlier());
    case pb::WatchResponse::kCrossing:
      return CrossingLine(news.crossing());
    case pb::WatchResponse::kMissed:
      return absl::StrCat(Count(news.missed().count()),
                          " more came faster than they were read, and are left out here.");
    default:
      return "";
  }
}

// One line of the watch. `is_back` says that the server was lost before.
void Print(const pb::WatchResponse& news, bool is_back, Session& session) {
  if (news.has_started() && is_back) {
    *session.env.err << "itemize: The server at " << session.connection->address()
                     << " is back; what came meanwhile is not shown.\n";
  } else if (news.has_started()) {
    *session.env.err << "itemize: Watching " << session.connection->address()
                     << "; Ctrl-C ends it.\n";
  }
  if (session.json) {
    const absl::StatusOr<std::string> json = text::ToJson(news, text::JsonLayout::kOneLine);
    *session.env.out << (json.ok() ? *json : "{}") << "\n";
  } else if (!news.has_started()) {
    *session.env.out << Printable(LineOf(news)) << "\n";
  }
  session.env.out->flush();
}

// Whether a watch that ended so had a server that is gone, or going. A call that comes while gRPC
// shuts down is cancelled.
bool IsLoss(const absl::Status& status) {
  return status.ok() || absl::IsUnavailable(status) || absl::IsCancelled(status) ||
         absl::IsInternal(status) || absl::IsUnknown(status);
}

void WaitBeforeAgain(const Session& session) {
  const auto until = std::chrono::steady_clock::now() + kAgainAfter;
  while (!IsInterrupted(session) && std::chrono::steady_clock::now() < until) {
    std::this_thread::sleep_for(kLookEvery);
  }
}

}  // namespace

int WatchCommand(const BudgetArguments& arguments, Session& session) {
  if (session.env.catch_interrupts != nullptr) {
    session.env.catch_interrupts();
  }
  pb::WatchRequest request;
  if (arguments.step.has_value()) {
    request.set_step(*arguments.step);
  }
  bool has_begun = false;
  bool is_lost = false;
  while (!IsInterrupted(session)) {
    grpc::ClientContext context;
    const EndsOnInterrupt ends(session, context);
    const absl::Status status =
        session.connection->Watch(request, context, [&](const pb::WatchResponse& news) {
          Print(news, is_lost, session);
          has_begun = true;
          is_lost = false;
        });
    if (IsInterrupted(session)) {
      break;
    }
    if (!has_begun || !IsLoss(status)) {
      return Fail(session, status);
    }
    if (!is_lost) {
      *session.env.err << "itemize: The server at " << session.connection->address()
                       << " is gone; it is tried again until Ctrl-C.\n";
    }
    is_lost = true;
    WaitBeforeAgain(session);
  }
  return kExitDone;
}

}  // namespace itemized::cli
