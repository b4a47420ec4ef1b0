// text/template's own functions, and the table of names.
#include "engine/config/template/functions.h"

#include <algorithm>

#include "engine/base/html.h"
#include "engine/base/text.h"
#include "engine/config/template/format.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

namespace {

// ---- comparison: funcs.go's basicKind and its rules ----

enum class Basic : uint8_t { none, boolean, integer, real, text };

Basic basic(const Val& v) {
  if (v.kind == Val::boolean) return Basic::boolean;
  if (v.is_int()) return Basic::integer;
  if (v.kind == Val::real) return Basic::real;
  return v.kind == Val::text ? Basic::text : Basic::none;
}

// nullopt: the error is recorded.
std::optional<bool> equal(Call& c, const Val& a, const Val& b) {
  const Basic x = basic(a), y = basic(b);
  if (a.kind == Val::list || a.kind == Val::map) {
    c.fail("non-comparable type " + sprintf("%s", {&a, 1}, c.store) + ": " + type_name(a));
    return std::nullopt;
  }
  if (a.empty() || b.empty()) return a.empty() && b.empty();
  if (b.kind == Val::list || b.kind == Val::map) {
    c.fail("incompatible types for comparison: " + type_name(a) + " and " + type_name(b));
    return std::nullopt;
  }
  if (x != y) {
    c.fail("incompatible types for comparison: " + type_name(a) + " and " + type_name(b));
    return std::nullopt;
  }
  switch (x) {
    case Basic::real: return a.d == b.d;
    case Basic::text: return a.s == b.s;
    default: return a.i == b.i;
  }
}

Val eq(Call& c) {
  if (c.args.size() < 2) return c.fail("missing argument for comparison");
  for (const Val& b : c.args.subspan(1)) {
    const auto same = equal(c, c[0], b);
    if (!same) return {};
    if (*same) return Val::boolean_of(true);
  }
  return Val::boolean_of(false);
}

Val ne(Call& c) {
  const auto same = equal(c, c[0], c[1]);
  return same ? Val::boolean_of(!*same) : Val{};
}

std::optional<bool> less(Call& c, const Val& a, const Val& b) {
  const Basic x = basic(a), y = basic(b);
  if (x == Basic::none || y == Basic::none || (x == Basic::boolean && y == x)) {
    c.fail("invalid type for comparison");
    return std::nullopt;
  }
  if (x != y) {
    c.fail("incompatible types for comparison: " + type_name(a) + " and " + type_name(b));
    return std::nullopt;
  }
  return x == Basic::real ? a.d < b.d : x == Basic::text ? a.s < b.s : a.i < b.i;
}

template <int Kind>  // 0 lt, 1 le, 2 gt, 3 ge, each as funcs.go builds it from lt and eq
Val order(Call& c) {
  auto r = less(c, c[0], c[1]);
  if (!r) return {};
  if ((Kind == 1 || Kind == 2) && !*r) {
    const auto same = equal(c, c[0], c[1]);
    if (!same) return {};
    r = *same;
  }
  return Val::boolean_of(Kind < 2 ? *r : !*r);
}

// ---- index, len, not ----

Val index(Call& c) {
  Val v = c[0];
  if (v.empty()) return c.fail("index of untyped nil");
  for (const Val& i : c.args.subspan(1)) {
    if (v.empty()) return c.fail("index of nil pointer");
    if (v.kind == Val::map) {
      if (i.kind != Val::text)
        return c.fail(i.empty() ? "value is nil; should be string"
                                : "value has type " + type_name(i) + "; should be string");
      const auto found = v.m->entries.find(i.s);
      // A map of texts has the empty text for a key that is not there.
      const Val none = v.m->elements == Elements::text ? Val::text_of("") : Val{};
      v = found == v.m->entries.end() ? none : Val(found->second);
      if (v.empty() && c.args.data() + c.args.size() - 1 == &i) return {};
      continue;
    }
    if (v.kind != Val::list && v.kind != Val::text)
      return c.fail("can't index item of type " + type_name(v));
    if (i.empty()) return c.fail("cannot index slice/array with nil");
    if (!i.is_int()) return c.fail("cannot index slice/array with type " + type_name(i));
    const int64_t size = int64_t(v.kind == Val::list ? v.l->items.size() : v.s.size());
    if (i.i < 0 || i.i >= size) return c.fail("index out of range: " + std::to_string(i.i));
    if (v.kind == Val::list) {
      v = Val(v.l->items[size_t(i.i)]);
    } else {
      const uint8_t byte = uint8_t(v.s[size_t(i.i)]);
      v = Val::int_of(byte);
      v.kind = Val::byte;
    }
  }
  return v;
}

Val len(Call& c) {
  switch (c[0].kind) {
    case Val::none:
    case Val::nil: return c.fail("reflect: call of reflect.Value.Type on zero Value");
    case Val::text: return Val::int_of(int64_t(c[0].s.size()));
    case Val::list: return Val::int_of(int64_t(c[0].l->items.size()));
    case Val::map: return Val::int_of(int64_t(c[0].m->entries.size()));
    default: return c.fail("len of type " + type_name(c[0]));
  }
}

Val not_(Call& c) { return Val::boolean_of(!truth(c[0])); }
Val logic(Call& c) { return c[c.args.size() - 1]; }  // the runner decides; never called

// ---- print and escapes ----

Val print(Call& c) { return c.store.text(sprint(c.args, c.store)); }
Val println(Call& c) { return c.store.text(sprintln(c.args, c.store)); }
Val print_format(Call& c) { return c.store.text(sprintf(c.text(0), c.args.subspan(1), c.store)); }

// The arguments as one text, as html, js and urlquery take them.
std::string one_text(Call& c) {
  if (c.args.size() == 1 && c[0].kind == Val::text) return std::string(c[0].s);
  return sprint(c.args, c.store);
}

Val html(Call& c) {
  // Templates also replace NUL, which html.EscapeString leaves alone.
  return c.store.text(
      text::replace_all(text::escape_html(one_text(c)), std::string_view("\0", 1), "\xEF\xBF\xBD"));
}

Val js(Call& c) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  const std::string s = one_text(c);
  std::string out;
  for (size_t i = 0; i < s.size();) {
    size_t n = 1;
    const uint32_t r = rune_at(s, i, &n);
    const auto unicode = [&] {
      out += "\\u";
      for (int shift = 12; shift >= 0; shift -= 4) out += hex[r >> shift & 15];
    };
    if (r == '\\' || r == '\'' || r == '"') {
      (out += '\\') += char(r);
    } else if (r == '<' || r == '>' || r == '&' || r == '=' || r < 0x20 ||
               (r >= 0x7f && r <= 0xa0) || r == 0xad || r == 0x2028 || r == 0x2029) {
      unicode();
    } else {
      out.append(s, i, n);
    }
    i += n;
  }
  return c.store.text(std::move(out));
}

Val urlquery(Call& c) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (char ch : one_text(c)) {
    const bool plain = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
                       (ch >= 'A' && ch <= 'Z') ||
                       std::string_view("-_.~").find(ch) != std::string_view::npos;
    if (plain) {
      out += ch;
    } else if (ch == ' ') {
      out += '+';
    } else {
      out += {'%', hex[uint8_t(ch) >> 4], hex[uint8_t(ch) & 15]};
    }
  }
  return c.store.text(std::move(out));
}

constexpr Function builtins[] = {
    {"and", "aa*", logic},
    {"or", "aa*", logic},
    {"not", "a", not_},
    {"eq", "aa*", eq},
    {"ne", "aa", ne},
    {"lt", "aa", order<0>},
    {"le", "aa", order<1>},
    {"gt", "aa", order<2>},
    {"ge", "aa", order<3>},
    {"index", "aa*", index},
    {"len", "a", len},
    {"print", "a*", print},
    {"println", "a*", println},
    {"printf", "sa*", print_format},
    {"html", "a*", html},
    {"js", "a*", js},
    {"urlquery", "a*", urlquery},
};

// What Sprig has beyond the tables (v3 as Traefik links it), and text/template's call.
constexpr std::string_view later[] = {"abbrev",
                                      "abbrevboth",
                                      "add1f",
                                      "addf",
                                      "adler32sum",
                                      "ago",
                                      "append",
                                      "b32dec",
                                      "b32enc",
                                      "bcrypt",
                                      "biggest",
                                      "buildCustomCert",
                                      "call",
                                      "camelcase",
                                      "chunk",
                                      "clean",
                                      "compact",
                                      "concat",
                                      "date",
                                      "dateInZone",
                                      "dateModify",
                                      "date_in_zone",
                                      "date_modify",
                                      "decryptAES",
                                      "deepCopy",
                                      "derivePassword",
                                      "dig",
                                      "dir",
                                      "divf",
                                      "duration",
                                      "durationRound",
                                      "encryptAES",
                                      "ext",
                                      "fromJson",
                                      "genCA",
                                      "genCAWithKey",
                                      "genPrivateKey",
                                      "genSelfSignedCert",
                                      "genSelfSignedCertWithKey",
                                      "genSignedCert",
                                      "genSignedCertWithKey",
                                      "getHostByName",
                                      "hello",
                                      "htmlDate",
                                      "htmlDateInZone",
                                      "htpasswd",
                                      "initials",
                                      "isAbs",
                                      "kebabcase",
                                      "maxf",
                                      "merge",
                                      "mergeOverwrite",
                                      "minf",
                                      "mulf",
                                      "mustAppend",
                                      "mustChunk",
                                      "mustCompact",
                                      "mustDateModify",
                                      "mustDeepCopy",
                                      "mustFirst",
                                      "mustFromJson",
                                      "mustHas",
                                      "mustInitial",
                                      "mustLast",
                                      "mustMerge",
                                      "mustMergeOverwrite",
                                      "mustPrepend",
                                      "mustPush",
                                      "mustRegexFind",
                                      "mustRegexFindAll",
                                      "mustRegexMatch",
                                      "mustRegexReplaceAll",
                                      "mustRegexReplaceAllLiteral",
                                      "mustRegexSplit",
                                      "mustRest",
                                      "mustReverse",
                                      "mustSlice",
                                      "mustToDate",
                                      "mustToJson",
                                      "mustToPrettyJson",
                                      "mustToRawJson",
                                      "mustUniq",
                                      "mustWithout",
                                      "must_date_modify",
                                      "now",
                                      "osBase",
                                      "osClean",
                                      "osDir",
                                      "osExt",
                                      "osIsAbs",
                                      "base",
                                      "omit",
                                      "pick",
                                      "plural",
                                      "pluck",
                                      "push",
                                      "randAlpha",
                                      "randAlphaNum",
                                      "randAscii",
                                      "randBytes",
                                      "randInt",
                                      "randNumeric",
                                      "regexFind",
                                      "regexFindAll",
                                      "regexMatch",
                                      "regexQuoteMeta",
                                      "regexReplaceAll",
                                      "regexReplaceAllLiteral",
                                      "regexSplit",
                                      "semver",
                                      "semverCompare",
                                      "sha512sum",
                                      "shuffle",
                                      "snakecase",
                                      "subf",
                                      "toDate",
                                      "toDecimal",
                                      "typeIsLike",
                                      "unixEpoch",
                                      "unixepoch",
                                      "urlJoin",
                                      "urlParse",
                                      "uuidv4",
                                      "wrap",
                                      "wrapWith"};

using Table = std::map<std::string_view, const Function*>;

const Table& table() {
  static const Table all = [] {
    Table t;
    // Sprig's names go before text/template's (slice).
    for (const auto functions : {text_functions(), number_functions(), list_functions(),
                                 map_functions(), value_functions(), builtin_functions()}) {
      for (const Function& f : functions) t.emplace(f.name, &f);
    }
    return t;
  }();
  return all;
}

}  // namespace

std::span<const Function> builtin_functions() { return builtins; }

const Function* find_function(std::string_view name) {
  const auto found = table().find(name);
  return found == table().end() ? nullptr : found->second;
}

}  // namespace gateproof::config::tmpl

namespace gateproof::config {

bool is_later_template_function(std::string_view name) {
  return std::find(std::begin(tmpl::later), std::end(tmpl::later), name) != std::end(tmpl::later) &&
         !tmpl::find_function(name);
}

}  // namespace gateproof::config
