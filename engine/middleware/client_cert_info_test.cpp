// The text that tells a service of a client's certificate, part by part (catalogue 3.2 passTLSClientCert).
#include "engine/middleware/client_cert_info.h"

#include <gtest/gtest.h>

namespace gateproof::middleware {
namespace {

using namespace std::string_literals;

crypto::Certificate usual() {
  crypto::Certificate c;
  c.subject.domain_components = {"test", "a"};
  c.subject.countries = {"DE", "FR"};
  c.subject.provinces = {"P"};
  c.subject.localities = {"L"};
  c.subject.organizations = {"O"};
  c.subject.organizational_units = {"U"};
  c.subject.serial_number = "7";
  c.subject.common_name = "a.test";
  c.issuer = c.subject;
  c.issuer.common_name = "root";
  c.serial_number = "4097";
  c.not_before_s = 1;
  c.not_after_s = 4'000'000'000;
  c.dns_names = {"a.test", "b.test"};
  c.email_addresses = {"a@a.test"};
  c.ip_addresses = {"\x0a\0\0\1"s, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\0\0\2"s,
                    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"s};
  c.uris = {"spiffe://a/b"};
  return c;
}

const NameOptions whole{true, true, true, true, true, true, true, true};

TEST(ClientCertInfo, EachPartAlone) {
  const crypto::Certificate c = usual();
  struct Row {
    CertInfoOptions options;
    std::string text;
  };
  CertInfoOptions subject, issuer;
  subject.subject = whole;
  issuer.issuer = whole;
  const std::string before = "DC=test,DC=a,C=DE,C=FR,ST=P,L=L,O=O,";
  for (const Row& row : std::vector<Row>{
           {{}, ""},
           {{.not_after = true}, "NA=\"4000000000\""},
           {{.not_before = true}, "NB=\"1\""},
           {{.serial_number = true}, "SerialNumber=\"4097\""},
           {{.sans = true},
            "SAN=\"a.test,b.test,a@a.test,10.0.0.1,10.0.0.2,2001:db8::1,spiffe://a/b\""},
           {subject, "Subject=\"" + before + "OU=U,SN=7,CN=a.test\""},
           {issuer, "Issuer=\"" + before + "OU=U,SN=7,CN=root\""},
       })
    EXPECT_EQ(cert_info_text(c, row.options), row.text);
}

TEST(ClientCertInfo, EachPartOfAName) {
  const crypto::Certificate c = usual();
  const std::pair<bool NameOptions::*, const char*> parts[] = {
      {&NameOptions::country, "C=DE,C=FR"},
      {&NameOptions::province, "ST=P"},
      {&NameOptions::locality, "L=L"},
      {&NameOptions::organization, "O=O"},
      {&NameOptions::organizational_unit, "OU=U"},
      {&NameOptions::common_name, "CN=a.test"},
      {&NameOptions::serial_number, "SN=7"},
      {&NameOptions::domain_component, "DC=test,DC=a"},
  };
  for (const auto& [member, text] : parts) {
    CertInfoOptions o;
    o.subject.emplace();
    EXPECT_EQ(cert_info_text(c, o), "");
    (*o.subject).*member = true;
    EXPECT_EQ(cert_info_text(c, o), "Subject=\"" + std::string(text) + "\"");
  }
}

TEST(ClientCertInfo, OrderAndWhatIsEmpty) {
  CertInfoOptions all{.not_after = true, .not_before = true, .sans = true, .serial_number = true};
  all.subject = all.issuer = whole;
  EXPECT_EQ(cert_info_text({}, all), "NB=\"0\";NA=\"0\"");
  crypto::Certificate c;
  c.subject.domain_components = {""};  // told, unlike all other empty parts
  c.subject.countries = {""};
  c.not_before_s = -1;  // as Go's uint64 shows it
  EXPECT_EQ(cert_info_text(c, all), "Subject=\"DC=\";NB=\"18446744073709551615\";NA=\"0\"");
  const std::string text = cert_info_text(usual(), all);
  size_t at = 0;
  for (const char* part : {"Subject=", ";Issuer=", ";SerialNumber=", ";NB=", ";NA=", ";SAN="}) {
    EXPECT_EQ(text.find(part, at), text.find(part)) << part;
    at = text.find(part);
    ASSERT_NE(at, std::string::npos) << part;
  }
}

}  // namespace
}  // namespace gateproof::middleware
