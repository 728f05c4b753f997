// SPDX-License-Identifier: Apache-2.0
// The command line: options, help and exit statuses.

#include <string>
#include <vector>

#include "absl/types/span.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

#include "tests/client/cli/fake_server.h"

namespace itemized::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Executes a command that asks nobody.
Outcome RunNowhere(const std::vector<std::string>& words) {
  return RunAt("127.0.0.1:1", words);
}

TEST(Usage, HasHelpForEveryCommand) {
  const std::vector<std::vector<std::string>> kCommands = {
      {},           {"import"}, {"top"},           {"workflows"},    {"show"}, {"series"},
      {"outliers"}, {"rates"},  {"rates", "list"}, {"rates", "set"}, {"info"}, {"rates", "import"}};
  for (std::vector<std::string> words : kCommands) {
    std::string name = "itemize";
    for (const std::string& word : words) {
      name += " " + word;
    }
    for (const char* flag : {"--help", "-h"}) {
      words.emplace_back(flag);
      const Outcome help = RunNowhere(words);
      words.pop_back();
      EXPECT_EQ(help.exit_status, 0) << name;
      EXPECT_THAT(help.out, AllOf(HasSubstr("Usage: " + name + " [OPTION...]"),
                                  HasSubstr("--server HOST:PORT"), HasSubstr("--json")))
          << name;
      EXPECT_EQ(help.err, "");
    }
  }
}

TEST(Usage, SaysItsVersion) {
  const Outcome version = RunNowhere({"--version"});
  EXPECT_EQ(version.exit_status, 0);
  EXPECT_THAT(version.out, testing::MatchesRegex("itemize [0-9]+\\.[0-9]+\\.[0-9]+\n"));
}

struct Wrong {
  std::vector<std::string> words;
  const char* sentence;
  const char* hint;
};

void ExpectWrongUsage(absl::Span<const Wrong> cases) {
  for (const Wrong& c : cases) {
    const Outcome outcome = RunNowhere(c.words);
    EXPECT_EQ(outcome.exit_status, 2) << c.sentence;
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(StartsWith("itemize: "), HasSubstr(c.sentence)));
    EXPECT_THAT(outcome.err, HasSubstr(std::string("\nTry `") + c.hint + "`.\n")) << c.sentence;
  }
}

TEST(Usage, SaysWhatIsWrongAndWhereToLook) {
  const Wrong kCases[] = {
      {{},
       "Name a command: import, top, workflows, show, explain, series, outliers, compare, "
       "wasted, advise, what-if, report, rates, usage, reconcile, budgets, watch, info, verify, "
       "backup, help.",
       "itemize --help"},
      {{"tpo"},
       "There is no command \"tpo\". Did you mean \"top\"? The commands are: import, top,",
       "itemize --help"},
      {{"rates"},
       "Name a command: list, set, remove, import, reprice, missing, exchange.",
       "itemize rates --help"},
      {{"rates", "lst"},
       "There is no command \"lst\". Did you mean \"list\"? The commands are: list, "
       "set, "
       "remove, import, reprice, missing, exchange.",
       "itemize rates --help"},
      {{"usage"}, "Name a command: rederive.", "itemize usage --help"},
      {{"usage", "rederive", "--from", "2026-11-02", "--to", "2026-11-01"},
       "--to must be after --from",
       "itemize usage rederive --help"},
      {{"usage", "rederive", "--undo", "7", "--dry-run"},
       "--dry-run",
       "itemize usage rederive --help"},
      {{"top", "--wnidow", "30d"},
       "There is no option \"--wnidow\" here. Did you mean \"--window\"?",
       "itemize top --help"},
      {{"top", "--limt=3"}, "Did you mean \"--limit\"?", "itemize top --help"},
      {{"help", "tpo"}, "Did you mean \"top\"?", "itemize --help"},
      {{"outliers", "--sort", "price"}, "--sort must be newest or cost", "itemize outliers --help"},
      {{"show", "r", "--limit", "x"}, "--limit", "itemize show --help"},
      {{"--server", "https://localhost", "top"}, "does not speak TLS", "itemize top --help"},
      {{"--server", "localhost:0", "top"}, "must be HOST:PORT", "itemize top --help"},
      {{"top", "steps"}, "\"steps\" is one argument too many.", "itemize top --help"},
      {{"top", "--limit", "many"}, "--limit", "itemize top --help"},
      {{"top", "--limit", "-1"}, "--limit", "itemize top --help"},
      {{"top", "--limit"}, "--limit", "itemize top --help"},
      {{"top", "--by", "stpe"},
       "--by must be step, model, workflow, provider or attribute:KEY, but is \"stpe\".",
       "itemize top --help"},
      {{"top", "--by", "attribute:"}, "--by must be", "itemize top --help"},
      {{"top", "--by", "unspecified"}, "--by must be", "itemize top --help"},
      {{"top", "--to", "2026-10-01"}, "--to needs --from", "itemize top --help"},
      {{"workflows", "--window", "long"}, "--window must be", "itemize workflows --help"},
      {{"outliers", "--tz", "Nowhere"},
       "There is no time zone \"Nowhere\"",
       "itemize outliers --help"},
      {{"series", "--every", "1w"}, "--every", "itemize series --help"},
      {{"show"}, "WORKFLOW_ID", "itemize show --help"},
      {{"reconcile"}, "FILE", "itemize reconcile --help"},
      {{"reconcile", "x", "--tolerance", "much"},
       "--tolerance must be",
       "itemize reconcile --help"},
      {{"reconcile", "x", "--tolerance", "101%"},
       "--tolerance must be",
       "itemize reconcile --help"},
      {{"reconcile", "x", "--format", "csv"},
       "no form of export \"csv\"",
       "itemize reconcile --help"},
      {{"reconcile", "/none"}, "Cannot read \"/none\"", "itemize reconcile --help"},
      {{"reconcile", "x", "--from", "2026-11-02", "--to", "2026-11-01"},
       "--to must be after --from.",
       "itemize reconcile --help"},
  };
  ExpectWrongUsage(kCases);
}

TEST(Usage, SaysWhatIsWrongWithFilesAndRates) {
  const Wrong kCases[] = {
      {{"report", "--format", "pdf"},
       "--format must be html, md, csv or json, but is \"pdf\".",
       "itemize report --help"},
      {{"report", "--format", "md", "--json"},
       "--json and --format exclude each other",
       "itemize report --help"},
      {{"report", "--rates", "list.json"}, "--from-file", "itemize report --help"},
      {{"top", "--from-file", "/missing.ndjson"}, "/missing.ndjson", "itemize top --help"},
      {{"import"}, "FILE", "itemize import --help"},
      {{"import", "--format", "csv", "-"},
       "There is no format \"csv\". The formats are: native.",
       "itemize import --help"},
      {{"import", "-", "-"}, "\"-\" is given twice", "itemize import --help"},
      {{"import", "/nonexistent/x.ndjson"},
       "Cannot read \"/nonexistent/x.ndjson\": No such file or directory. Check the path.",
       "itemize import --help"},
      {{"import", "/"}, "\"/\" is a directory: name the files in it.", "itemize import --help"},
      {{"rates", "set", "m"}, "No price is given", "itemize rates set --help"},
      {{"rates", "set", "m", "--input", "cheap"},
       "--input must be a price in USD with up to six decimals, such as 3.00, but is \"cheap\".",
       "itemize rates set --help"},
      {{"rates", "set", "m", "--cache-write-5m", "0.0000001"},
       "--cache-write-5m must be a price",
       "itemize rates set --help"},
      {{"rates", "set", "m", "--input=-1"}, "--input must be a price", "itemize rates set --help"},
      {{"rates", "set", "*", "--input", "1"},
       "MODEL must name a model",
       "itemize rates set --help"},
      {{"rates", "set", "a*b", "--input", "1"},
       "MODEL can have a * only at its end.",
       "itemize rates set --help"},
      {{"rates", "set", "m", "--input", "1", "--from", "soon"},
       "--effective-from must be a date",
       "itemize rates set --help"},
      {{"rates", "import"}, "Name a price file, or give --bundled.", "itemize rates import --help"},
      {{"rates", "import", "/nonexistent.json"},
       "Cannot read \"/nonexistent.json\"",
       "itemize rates import --help"},
      {{"rates", "import", "x.json", "--bundled"}, "--bundled", "itemize rates import --help"},
  };
  ExpectWrongUsage(kCases);
}

TEST(Usage, TakesServerAndJsonBeforeAndAfterTheCommand) {
  FakeServer server;
  server.info.response.set_version("1.2.3");
  const std::vector<std::vector<std::string>> kLines = {
      {"--server", server.address(), "--json", "info"},
      {"info", "--json", "--server", server.address()},
      {"--json", "info", "--server=" + server.address()},
  };
  for (const std::vector<std::string>& words : kLines) {
    const Outcome outcome = RunAt("127.0.0.1:1", words);
    EXPECT_EQ(outcome.exit_status, 0) << outcome.err;
    EXPECT_THAT(outcome.out, HasSubstr("\"version\": \"1.2.3\""));
  }
  const Outcome rates =
      RunAt("127.0.0.1:1", {"rates", "--server", server.address(), "list", "--json"});
  EXPECT_EQ(rates.exit_status, 0) << rates.err;
}

TEST(Usage, NamesTheAddressOfAServerThatDoesNotAnswer) {
  const std::string address = AbsentAddress();
  const std::string file = TestFile("x.ndjson", "{}\n");
  const std::vector<std::vector<std::string>> kCommands = {{"top"},
                                                           {"workflows"},
                                                           {"show", "r"},
                                                           {"series"},
                                                           {"outliers"},
                                                           {"info"},
                                                           {"rates", "list"},
                                                           {"rates", "set", "m", "--input", "1"},
                                                           {"rates", "import", "--bundled"},
                                                           {"import", file}};
  for (const std::vector<std::string>& words : kCommands) {
    const Outcome outcome = RunAt(address, words);
    EXPECT_EQ(outcome.exit_status, 3) << words[0];
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, AllOf(StartsWith("itemize: "), HasSubstr(address))) << words[0];
  }
}

TEST(Usage, PassesOnWhyTheServerRefusedARequest) {
  FakeServer server;
  server.run.status = {grpc::StatusCode::INTERNAL, "No run \"r\x1b[31m\" is known."};
  const Outcome outcome = RunAt(server.address(), {"show", "r"});
  EXPECT_EQ(outcome.exit_status, 3);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr("No run \"r\\x1b[31m\" is known."),
                                 HasSubstr(server.address()), Not(HasSubstr("\x1b"))));
}

TEST(Usage, ARunThatDoesNotExistHasAStatusOfItsOwn) {
  FakeServer server;
  server.run.status = {grpc::StatusCode::NOT_FOUND, "there is no run \"r\""};
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"show", "r"}, {"show", "r", "--json"}}) {
    const Outcome outcome = RunAt(server.address(), words);
    EXPECT_EQ(outcome.exit_status, 4);
    EXPECT_EQ(outcome.out, "");
    EXPECT_THAT(outcome.err, HasSubstr("no run \"r\""));
  }
}

TEST(Usage, HelpIsACommandToo) {
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"help"}, {"help", "top"}, {"help", "rates", "set"}}) {
    std::vector<std::string> with_flag(words.begin() + 1, words.end());
    with_flag.emplace_back("--help");
    const Outcome help = RunNowhere(words);
    EXPECT_EQ(help.exit_status, 0);
    EXPECT_EQ(help.out, RunNowhere(with_flag).out);
    EXPECT_NE(help.out, "");
  }
}

}  // namespace
}  // namespace itemized::cli
