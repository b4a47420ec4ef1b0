// What counts as the same configuration, and what reading files gives.
#include "engine/providers/file_loader.h"

#include <gtest/gtest.h>

#include "engine/env/testing/fake.h"

namespace gateproof::providers {
namespace {

class NoMiddlewares final : public config::MiddlewareTypes {
 public:
  const config::MiddlewareSchema* find(std::string_view) const override { return nullptr; }
  std::vector<std::string_view> names() const override { return {}; }
};

std::string digest(std::string_view yaml) {
  return digest_of(config::parse_document(yaml, "a.yml", config::Format::yaml)->root);
}

TEST(Digest, ValuesCountAndTheirWritingDoesNot) {
  struct Row {
    std::string_view a, b;
    bool equal;
  };
  for (const Row& r : {
           Row{"a: 1\nb: x", "b: x\na: 1", true},     // order of keys
           Row{"a: 1 # note", "\n\na:   1\n", true},  // comments and blanks
           Row{"a: {b: [1, 2]}", "a:\n  b:\n  - 1\n  - 2", true},
           Row{"a: [1, 2]", "a: [2, 1]", false},  // order of lists
           Row{"a: 1", "a: 2", false},
           Row{"a: 1", "b: 1", false},
           Row{"a: {b: 1}", "a: {}\nb: 1", false},
           Row{"a: true", "a: 'true'", false},
           Row{"a: [[1], 2]", "a: [1, [2]]", false},
           Row{"a: ''", "a:", false},
           Row{"", "{}", false},
       }) {
    EXPECT_EQ(digest(r.a) == digest(r.b), r.equal) << r.a << " | " << r.b;
  }
  EXPECT_EQ(digest("a: 1").size(), 32u);
}

class FileLoaderTest : public ::testing::Test {
 protected:
  testing::FakeFiles files_;
  NoMiddlewares types_;
  config::FileProviderConfig config_;
  static std::string router(const std::string& name) {
    return "http:\n  routers: {" + name + ": {rule: 'Path(`/`)', service: s}}\n";
  }
  std::string load_digest(FileLoader& loader) {
    const Loaded l = loader.load();
    return l.message ? l.message->digest : "rejected";
  }
};

TEST_F(FileLoaderTest, ADirectorysDigestFollowsEachFile) {
  config_.directory.value = "/conf";
  files_.files = {{"/conf/a.yml", router("a")}, {"/conf/b.yml", ""}};
  FileLoader loader(files_, config_, types_);
  const std::string first = load_digest(loader);
  EXPECT_EQ(load_digest(loader), first);
  files_.files["/conf/b.yml"] = "# nothing yet\n";
  EXPECT_EQ(load_digest(loader), first);
  files_.files["/conf/b.yml"] = router("b");
  const std::string second = load_digest(loader);
  EXPECT_NE(second, first);
  files_.files.erase("/conf/b.yml");
  EXPECT_NE(load_digest(loader), second);
}

TEST_F(FileLoaderTest, FilesThatTheConfigurationNamesCount) {
  config_.filename.value = "/conf/a.yml";
  files_.files["/conf/a.yml"] =
      "tls:\n  certificates: [{certFile: /c, keyFile: /k}]\n"
      "  options: {o: {clientAuth: {caFiles: [/ca]}}}\n"
      "  stores: {default: {defaultCertificate: {certFile: /dc, keyFile: /dk}}}\n"
      "http:\n  serversTransports: {t: {rootCAs: [/r], certificates: [{certFile: /tc, keyFile: "
      "/tk}]}}\n"
      "tcp:\n  serversTransports: {t: {tls: {rootCAs: [/tr], certificates: [{certFile: /tcc, "
      "keyFile: /tck}]}}}\n";
  FileLoader loader(files_, config_, types_);
  std::set<std::string> digests = {load_digest(loader)};
  ASSERT_FALSE(digests.contains("rejected"));
  size_t changes = 0;
  for (const char* path :
       {"/c", "/k", "/ca", "/dc", "/dk", "/r", "/tc", "/tk", "/tr", "/tcc", "/tck"}) {
    for (const char* text : {"one", "two"}) {
      files_.files[path] = text;
      EXPECT_EQ(digests.insert(load_digest(loader)).second, true) << path << " " << text;
      ++changes;
    }
    EXPECT_EQ(digests.insert(load_digest(loader)).second, false) << path;
  }
  EXPECT_EQ(digests.size(), changes + 1);
}

TEST_F(FileLoaderTest, ABadFileRejectsTheWholeReading) {
  config_.directory.value = "/conf";
  files_.files = {{"/conf/a.yml", router("a")}, {"/conf/b.yml", "http:\n  nope: 1\n"}};
  FileLoader loader(files_, config_, types_);
  const Loaded l = loader.load();
  EXPECT_FALSE(l.message);
  ASSERT_FALSE(l.findings.list().empty());
  EXPECT_EQ(l.findings.list().front().span.to_string().substr(0, 13), "/conf/b.yml:2");
}

TEST_F(FileLoaderTest, AnEmptyFileIsAnEmptyConfiguration) {
  config_.filename.value = "/conf/a.yml";
  files_.files = {{"/conf/a.yml", ""}};
  FileLoader loader(files_, config_, types_);
  const Loaded l = loader.load();
  ASSERT_TRUE(l.message);
  EXPECT_TRUE(l.message->objects.routers.empty());
  EXPECT_FALSE(l.message->digest.empty());
}

}  // namespace
}  // namespace gateproof::providers
