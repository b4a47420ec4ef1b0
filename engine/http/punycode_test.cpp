#include "engine/http/punycode.h"

#include <gtest/gtest.h>

namespace gateproof::http {
namespace {

TEST(Punycode, Hosts) {  // RFC 3492 section 7.1, and what Go's client makes of Host values
  struct Row {
    const char *host, *wire;
  };
  for (const Row& row : {Row{"a.test", "a.test"}, Row{"ü.test", "xn--tda.test"},
                         Row{"Bücher.Test:80", "xn--Bcher-kva.Test:80"}, Row{"a.ñ", "a.xn--ida"},
                         Row{"他们为什么不说中文", "xn--ihqwcrb4cv8a8dqg056pqjye"},
                         Row{"3年B組金八先生", "xn--3B-ww4c5e180e575a65lsy2b"}, Row{"", ""},
                         Row{"a b", "a b"}, Row{"\xff.test", "xn--zn7c.test"}})
    EXPECT_EQ(punycode_host(row.host), row.wire) << row.host;
}

TEST(Punycode, ZonesStayOnTheirMachine) {  // RFC 6874 section 1
  for (const auto& [host, wire] :
       std::vector<std::pair<std::string, std::string>>{{"[fe80::1%25eth0]", "[fe80::1]"},
                                                        {"[fe80::1%eth0]:80", "[fe80::1]:80"},
                                                        {"[::1]:80", "[::1]:80"},
                                                        {"[::1]%x", "[::1]%x"},
                                                        {"a%25b", "a%25b"},
                                                        {"[", "["},
                                                        {"", ""}}) {
    EXPECT_EQ(without_zone(host), wire);
  }
}

}  // namespace
}  // namespace gateproof::http
