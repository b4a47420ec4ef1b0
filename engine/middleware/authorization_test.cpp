#include "engine/middleware/authorization.h"

#include <gtest/gtest.h>

#include "engine/base/crypto.h"

namespace gateproof::middleware {
namespace {

TEST(Authorization, Basic) {
  const auto field = [](std::string_view text) { return "Basic " + crypto::base64(text); };
  struct Row {
    const char* clause;
    std::string value, user, password;
    bool ok = true;
  };
  const Row rows[] = {
      {"3.2 basicAuth", field("u:p"), "u", "p"},
      {"3.2 any case", "bAsIc dTpw", "u", "p"},
      {"RFC 7617 2: the password may hold colons", field("u:p:q"), "u", "p:q"},
      {"3.2 both empty", field(":"), "", ""},
      {"3.2 no colon", field("up"), "", "", false},
      {"3.2 broken base64", "Basic !!!", "", "", false},
      {"3.2 no padding", "Basic dTp", "", "", false},
      {"3.2 other scheme", "Bearer dTpw", "", "", false},
      {"3.2 nothing", "", "", "", false},
  };
  for (const Row& row : rows) {
    const auto got = basic_credentials(row.value);
    ASSERT_EQ(got.has_value(), row.ok) << row.clause;
    if (!got) continue;
    EXPECT_EQ(got->user, row.user) << row.clause;
    EXPECT_EQ(got->password, row.password) << row.clause;
  }
}

// The fields as "name=value|...", "broken" for a lone quote, "none" for another scheme.
std::string shown(std::string_view value) {
  const auto got = digest_params(value);
  if (!got) return "none";
  if (got->broken) return "broken";
  std::string out;
  for (const auto& [name, text] : got->fields) out += (out.empty() ? "" : "|") + name + "=" + text;
  return out;
}

TEST(Authorization, Digest) {
  const std::tuple<const char*, const char*, const char*> rows[] = {
      {"3.2 quoted and not", R"(Digest a="x", b=y)", "a=x|b=y"},
      {"3.2 a comma in quotes", R"(Digest a="x, y",b=z)", "a=x, y|b=z"},
      {"3.2 an escape in quotes", R"(Digest a="x\"y\\z")", R"(a=x"y\z)"},
      {"3.2 no escape outside", R"(Digest a=x\y)", R"(a=x\y)"},
      {"3.2 an open quote", R"(Digest a="x, b=y)", R"(a="x, b=y)"},
      {"3.2 the last wins", "Digest a=x, a=y", "a=y"},
      {"3.2 without =", "Digest a, b=c", "a=|b=c"},
      {"3.2 an empty value", "Digest a=", "a="},
      {"3.2 empty quotes", R"(Digest a="")", "a="},
      {"3.2 blanks stay by =", R"(Digest a = "x")", R"(a = "x")"},
      {"3.2 blanks go around", "Digest    a=x ,  b=y  ", "a=x|b=y"},
      {"3.2 the scheme's case counts", "digest a=x", "none"},
      {"3.2 the scheme alone", "Digest", "none"},
      {"3.2 a tab is no blank", "Digest\ta=x", "none"},
      {"3.2 a lone quote", R"(Digest a=")", "broken"},
      {"3.2 a lone quote and an escape", R"(Digest a="\)", "broken"},
      {"3.2 a lone quote without name", R"(Digest x, ")", "\"=|x="},
  };
  for (const auto& [clause, value, want] : rows) EXPECT_EQ(shown(value), want) << clause;
}

}  // namespace
}  // namespace gateproof::middleware
