#include "engine/base/crypto.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace gateproof::crypto {
namespace {

using namespace std::string_literals;

TEST(Crypto, DigestsOfRfcVectors) {  // RFC 1321 A.5, FIPS 180 "abc"
  EXPECT_EQ(hex(md5("")), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(hex(md5("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
  EXPECT_EQ(hex(sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(Crypto, Base64Table) {  // RFC 4648 section 10
  const std::pair<std::string, std::string> rows[] = {{"", ""},
                                                      {"f", "Zg=="},
                                                      {"fo", "Zm8="},
                                                      {"foo", "Zm9v"},
                                                      {"foob", "Zm9vYg=="},
                                                      {"fooba", "Zm9vYmE="},
                                                      {"foobar", "Zm9vYmFy"},
                                                      {"\xff\xfe"s, "//4="}};
  for (const auto& [raw, text] : rows) {
    EXPECT_EQ(base64(raw), text);
    EXPECT_EQ(base64_decode(text), raw);
  }
}

TEST(Crypto, Base64RefusesAsGo) {
  for (const char* bad : {"Z", "Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v=", "Zg==Zg==", "Zm9!",
                          "Zm-_", "=Zg=", "Z=g="}) {
    EXPECT_FALSE(base64_decode(bad)) << bad;
  }
  EXPECT_EQ(base64_decode("Zm\r\n9v"), "foo");  // Go skips line ends
  EXPECT_EQ(base64_decode("Zh=="), "f");        // and ignores bits left over
}

TEST(Crypto, Base64RoundTrip) {
  EXPECT_TRUE(rc::check("decode(encode(x)) == x", [](const std::string& raw) {
    RC_ASSERT(base64_decode(base64(raw)) == raw);
  }));
}

TEST(Crypto, Fnv) {  // vectors of the FNV authors
  EXPECT_EQ(fnv1a_64(""), 0xcbf29ce484222325ull);
  EXPECT_EQ(fnv1a_64("a"), 0xaf63dc4c8601ec8cull);
  EXPECT_EQ(fnv1a_64("foobar"), 0x85944171f73967e8ull);
  EXPECT_EQ(fnv1_64("a"), 0xaf63bd4c8601b7beull);
  EXPECT_EQ(fnv1_64("foobar"), 0x340d8765a4dda9c2ull);
}

TEST(Crypto, EqualConstantTime) {
  EXPECT_TRUE(equal_constant_time("", ""));
  EXPECT_TRUE(equal_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_constant_time("abc", "ab"));
  EXPECT_FALSE(equal_constant_time("a\0b"s, "a\0c"s));
}

TEST(Crypto, Md5Crypt) {  // made by `openssl passwd -apr1` and `-1`
  EXPECT_EQ(md5_crypt("test", "H6uskkkW", "apr1"),
            "IgXLP6ewTrSuBkTrqE8wj/");  // Traefik's documentation
  EXPECT_EQ(md5_crypt("test2", "d9hr9HBB", "apr1"), "4HxwgUir3HP4EsggP/QNo0");
  EXPECT_EQ(md5_crypt("password", "12345678", "1"), "o2n/JiO/h5VviOInWJ4OQ/");
  EXPECT_EQ(md5_crypt("", "12345678", "1"), "xek.CpjQUVgdf/P2N9KQf/");
  EXPECT_EQ(md5_crypt("a password longer than sixteen bytes", "ab", "1"), "bbCjtt8PZJDpVrzXMe5aF1");
  EXPECT_EQ(md5_crypt("x", "12345678", "1"),
            md5_crypt("x", "123456789", "1"));  // eight bytes of salt count
}

TEST(Crypto, Bcrypt) {
  const std::string hash =
      "$2y$05$c4WoMPo3SXsafkva.HHa6uwF/1QAEV9xPT5VgpFiukPLhK6ck4GLi";  // "bcrypt test password"
  EXPECT_TRUE(bcrypt_matches("bcrypt test password", hash));
  EXPECT_FALSE(bcrypt_matches("bcrypt test passwore", hash));
  EXPECT_FALSE(
      bcrypt_matches("bcrypt test password\0x"s, hash));  // a NUL does not end the password
  EXPECT_FALSE(bcrypt_matches("x", "$2y$99$bad"));
  EXPECT_FALSE(bcrypt_matches("x", "plain"));
  EXPECT_FALSE(bcrypt_matches("x", ""));
}

}  // namespace
}  // namespace gateproof::crypto
