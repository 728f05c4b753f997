// SPDX-License-Identifier: Apache-2.0
// The repository checks itself: includes point one way, files and functions
// stay short.

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/storage/layering/source_lint.h"
#include "tests/storage/layering/storage_folders.h"

namespace itemized::testing {
namespace {

constexpr int kFileLinesMax = 350;
constexpr int kFunctionLinesMax = 70;

// Files that are longer, with the length they may have: it may only shrink.
const std::map<std::string, int>& LongFiles() {
  static const auto& files = *new std::map<std::string, int>{};
  return files;
}

// Files with longer functions, and the length of the longest: likewise.
const std::map<std::string, int>& LongFunctions() {
  static const auto& files = *new std::map<std::string, int>{};
  return files;
}

const std::vector<SourceFile>& Sources() {
  static const auto& files = *new std::vector<SourceFile>(
      ReadSources(ITEMIZED_SOURCE_DIR, {"proto", "storage", "server", "client", "tests", "bench"}));
  return files;
}

bool StartsWith(const std::string& text, const std::string& prefix) {
  return text.compare(0, prefix.size(), prefix) == 0;
}

bool Contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

// What is wrong with a file of server/ including `include`, or "".
std::string ServerFaultOf(const std::string& from, const std::string& include, bool of_sockets) {
  const bool of_server = StartsWith(include, "server/");
  if (StartsWith(from, "server/api/") &&
      (of_sockets || (of_server && !StartsWith(include, "server/api/")))) {
    return "server/api speaks storage types and knows no protocol";
  }
  if (StartsWith(from, "server/convert/") && of_server && !StartsWith(include, "server/convert/")) {
    return "server/convert stands alone between messages and storage";
  }
  const bool of_grpc = StartsWith(include, "server/grpc/") || StartsWith(include, "grpcpp/");
  const bool of_http = StartsWith(include, "server/http/");
  if ((StartsWith(from, "server/convert/") && of_grpc) ||
      (StartsWith(from, "server/budgets/") && (of_grpc || of_http)) ||
      (StartsWith(from, "server/v1/") && (of_grpc || of_http)) ||
      (StartsWith(from, "server/http/") && of_grpc) ||
      (StartsWith(from, "server/grpc/") && of_http)) {
    return "a protocol is known to nobody but itself and to server/ as a whole";
  }
  return "";
}

// What is wrong with `from` including `include`, or "".
std::string FaultOf(const std::string& from, const std::string& include) {
  const bool of_sockets = Contains(include, "grpc") || StartsWith(include, "google/") ||
                          StartsWith(include, "itemized/v1") || Contains(include, ".pb.h");
  const bool of_storage = StartsWith(include, "storage/");
  if (StartsWith(from, "storage/")) {
    if (of_sockets) {
      return "nothing under storage/ knows gRPC or protobuf";
    }
    if (StartsWith(include, "server/") || StartsWith(include, "client/") ||
        StartsWith(include, "tests/") || StartsWith(include, "bench/")) {
      return "storage/ stands alone";
    }
    if (of_storage && StoragePlace(include) < 0) {
      return "the folder is not in the order of the storage folders";
    }
    if (of_storage && StoragePlace(include) > StoragePlace(from)) {
      return "a storage folder includes only those before it";
    }
  }
  if (const std::string fault = ServerFaultOf(from, include, of_sockets); !fault.empty()) {
    return fault;
  }
  const bool may_use_rocksdb = StartsWith(from, "storage/kv/") ||
                               StartsWith(from, "tests/storage/kv/") ||
                               StartsWith(from, "tests/crash/") || StartsWith(from, "bench/");
  if (StartsWith(include, "rocksdb/") && !may_use_rocksdb) {
    return "only storage/kv includes RocksDB";
  }
  if (StartsWith(from, "proto/") &&
      (StartsWith(include, "server/") || StartsWith(include, "client/") ||
       (of_storage && !StartsWith(include, "storage/base/")))) {
    return "proto/ is what servers and clients share: it uses neither of them";
  }
  // Readers of price files and makers of traffic share the plain values; what
  // goes into other people's programs does not.
  const bool shares_values = StartsWith(from, "client/rates/") || StartsWith(from, "client/demo/");
  const bool plain_value = StartsWith(include, "storage/base/") ||
                           (shares_values && (StartsWith(include, "storage/model/") ||
                                              StartsWith(include, "storage/pricing/")));
  // A server within a client's process is used as a whole.
  const bool is_whole_server =
      StartsWith(from, "client/local/") && include.find('/') == include.rfind('/');
  if (StartsWith(from, "client/") &&
      ((StartsWith(include, "server/") && !is_whole_server) || (of_storage && !plain_value))) {
    return "the client uses nothing of the server, and of storage only plain values";
  }
  return "";
}

TEST(Layering, IncludesPointOneWay) {
  for (const SourceFile& file : Sources()) {
    for (const std::string& include : IncludesOf(file)) {
      EXPECT_EQ(FaultOf(file.path, include), "") << file.path << " includes " << include;
    }
  }
}

// Names by what follows `pattern`'s keyword, as "struct Block {" or "class Run;".
std::vector<std::string> NamesIn(const SourceFile& file, const std::regex& pattern) {
  const std::string text = WithoutCommentsAndStrings(file.text);
  std::vector<std::string> names;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at) {
    names.push_back((*at)[1]);
  }
  return names;
}

std::vector<std::string> DeclaredAhead(const SourceFile& file) {
  static const std::regex pattern(R"((?:^|\n)(?:class|struct) (\w+);)");
  return NamesIn(file, pattern);
}

std::vector<std::string> Defined(const SourceFile& file) {
  static const std::regex pattern(R"((?:^|\n)(?:class|struct) (\w+)(?: final)?(?: :[^;{]*)? \{)");
  return NamesIn(file, pattern);
}

// Includes alone would not show that a folder knows a type of one behind it.
TEST(Layering, StorageDeclaresNoTypeOfALaterFolder) {
  std::map<std::string, int> places;
  for (const SourceFile& file : Sources()) {
    if (StartsWith(file.path, "storage/") && file.path.substr(file.path.rfind('.')) == ".h") {
      for (const std::string& name : Defined(file)) {
        places[name] = StoragePlace(file.path);
      }
    }
  }
  EXPECT_GT(places.size(), 50U);
  for (const SourceFile& file : Sources()) {
    for (const std::string& name : DeclaredAhead(file)) {
      EXPECT_FALSE(StartsWith(file.path, "storage/") && places.contains(name) &&
                   places.at(name) > StoragePlace(file.path))
          << file.path << " declares " << name << ", which a later folder defines";
    }
  }
}

// Access control has one place to look at in each protocol.
TEST(Layering, EachProtocolMakesPrincipalsInOnePlace) {
  std::vector<std::string> makers;
  for (const SourceFile& file : Sources()) {
    if (StartsWith(file.path, "server/") && Contains(file.text, "Principal::Local(")) {
      makers.push_back(file.path);
    }
  }
  EXPECT_EQ(makers,
            (std::vector<std::string>{"server/grpc/principal.h", "server/http/principal.h"}));
}

TEST(Layering, EveryStorageFolderHasAPlaceInTheOrder) {
  for (const SourceFile& file : Sources()) {
    if (StartsWith(file.path, "storage/")) {
      EXPECT_GE(StoragePlace(file.path), 0) << file.path;
    }
  }
}

TEST(Layering, EveryHeaderIsIncludedOnce) {
  for (const SourceFile& file : Sources()) {
    if (file.path.substr(file.path.rfind('.')) == ".h") {
      EXPECT_TRUE(Contains(WithoutCommentsAndStrings(file.text), "#pragma once"))
          << file.path << " lacks #pragma once";
    }
  }
}

TEST(Layering, EveryFileNamesItsLicence) {
  for (const SourceFile& file : Sources()) {
    EXPECT_EQ(file.text.rfind("// SPDX-License-Identifier: Apache-2.0\n", 0), 0U) << file.path;
  }
}

TEST(Layering, FilesAreShort) {
  for (const SourceFile& file : Sources()) {
    const auto known = LongFiles().find(file.path);
    const int limit = known == LongFiles().end() ? kFileLinesMax : known->second;
    EXPECT_LE(LineCount(file.text), limit) << file.path << " is too long: split it";
  }
}

TEST(Layering, FunctionsAreShort) {
  for (const SourceFile& file : Sources()) {
    const auto known = LongFunctions().find(file.path);
    const int limit = known == LongFunctions().end() ? kFunctionLinesMax : known->second;
    for (const FunctionLength& function : FunctionsOf(file.text)) {
      EXPECT_LE(function.lines, limit)
          << file.path << ":" << function.line << ": the function is too long: split it";
    }
  }
}

TEST(Layering, TheSourcesAreThere) {
  std::set<std::string> folders;
  for (const SourceFile& file : Sources()) {
    folders.insert(file.path.substr(0, file.path.find('/')));
  }
  EXPECT_EQ(folders.count("storage"), 1U);
  EXPECT_EQ(folders.count("tests"), 1U);
}

TEST(LayeringRules, NameWhatIsWrong) {
  EXPECT_EQ(FaultOf("storage/log/log.cc", "storage/kv/kv.h"), "");
  EXPECT_EQ(FaultOf("storage/kv/rocks.cc", "rocksdb/db.h"), "");
  EXPECT_EQ(FaultOf("client/cpp/usd.cc", "storage/base/money.h"), "");
  EXPECT_EQ(FaultOf("server/main.cc", "storage/database/database.h"), "");
  EXPECT_EQ(FaultOf("client/local/local_server.cc", "server/server.h"), "");
  EXPECT_NE(FaultOf("client/local/local_server.cc", "server/api/answers.h"), "");
  EXPECT_NE(FaultOf("client/cli/from_file.cc", "server/server.h"), "");
  EXPECT_NE(FaultOf("storage/kv/kv.h", "storage/log/entry.h"), "");
  EXPECT_NE(FaultOf("storage/base/a.h", "storage/new_folder/b.h"), "");
  EXPECT_NE(FaultOf("storage/log/log.cc", "rocksdb/db.h"), "");
  EXPECT_NE(FaultOf("server/main.cc", "rocksdb/db.h"), "");
  EXPECT_NE(FaultOf("storage/ingest/a.cc", "grpcpp/grpcpp.h"), "");
  EXPECT_NE(FaultOf("storage/ingest/a.cc", "google/protobuf/message.h"), "");
  EXPECT_NE(FaultOf("storage/ingest/a.cc", "itemized/v1/query.pb.h"), "");
  EXPECT_NE(FaultOf("storage/ingest/a.cc", "server/main.h"), "");
  EXPECT_EQ(FaultOf("server/api/a.cc", "storage/query/query_types.h"), "");
  EXPECT_NE(FaultOf("server/api/a.cc", "server/convert/rates.h"), "");
  EXPECT_NE(FaultOf("server/api/a.cc", "itemized/v1/query.pb.h"), "");
  EXPECT_NE(FaultOf("server/api/a.cc", "grpcpp/grpcpp.h"), "");
  EXPECT_EQ(FaultOf("server/convert/a.cc", "itemized/v1/query.pb.h"), "");
  EXPECT_NE(FaultOf("server/convert/a.cc", "server/api/answers.h"), "");
  EXPECT_EQ(FaultOf("server/budgets/a.cc", "server/convert/budgets.h"), "");
  EXPECT_NE(FaultOf("server/budgets/a.cc", "server/http/router.h"), "");
  EXPECT_EQ(FaultOf("server/v1/a.cc", "server/api/answers.h"), "");
  EXPECT_NE(FaultOf("server/v1/a.cc", "server/http/router.h"), "");
  EXPECT_EQ(FaultOf("server/http/a.cc", "server/v1/methods.h"), "");
  EXPECT_NE(FaultOf("server/http/a.cc", "server/grpc/unary_call.h"), "");
  EXPECT_NE(FaultOf("server/grpc/a.cc", "server/http/router.h"), "");
  EXPECT_NE(FaultOf("client/cpp/a.cc", "storage/model/call.h"), "");
  EXPECT_NE(FaultOf("client/cpp/a.cc", "server/main.h"), "");
}

TEST(SourceLint, TellsDeclarationsFromDefinitions) {
  const SourceFile file{
      "a.h", "struct A;\nclass B final : public C {\n};\nstruct D {\n};\n// struct E;\n"};
  EXPECT_EQ(DeclaredAhead(file), std::vector<std::string>{"A"});
  EXPECT_EQ(Defined(file), (std::vector<std::string>{"B", "D"}));
}

}  // namespace
}  // namespace itemized::testing
