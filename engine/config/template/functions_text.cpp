// Sprig's text functions, with Traefik's `split` (strings.Split) and `normalize`.
#include "engine/base/crypto.h"
#include "engine/base/text.h"
#include "engine/config/template/case.h"
#include "engine/config/template/functions.h"
#include "engine/config/template/literals.h"

namespace gateproof::config::tmpl {

namespace {

Val upper(Call& c) { return c.store.text(to_upper(c.text(0))); }
Val lower(Call& c) { return c.store.text(to_lower(c.text(0))); }
Val title(Call& c) { return c.store.text(change_words(c.text(0), true)); }
Val untitle(Call& c) { return c.store.text(change_words(c.text(0), false)); }
Val swapcase(Call& c) { return c.store.text(swap_case(c.text(0))); }

// Runs of what `drop` holds, from the sides that are asked for.
std::string_view strip(std::string_view s, bool left, bool right, auto drop) {
  while (left && !s.empty()) {
    size_t n = 1;
    if (!drop(rune_at(s, 0, &n))) break;
    s.remove_prefix(n);
  }
  while (right && !s.empty()) {
    size_t at = s.size() - 1, n = 1;
    while (at > 0 && (s[at] & 0xc0) == 0x80) --at;
    const uint32_t r = rune_at(s, at, &n);
    if (!drop(r)) break;
    s.remove_suffix(s.size() - at);
  }
  return s;
}

auto one_of(std::string_view set) {
  return [set](uint32_t r) {
    for (size_t i = 0, n = 1; i < set.size(); i += n) {
      if (rune_at(set, i, &n) == r) return true;
    }
    return false;
  };
}

Val trim(Call& c) { return Val::text_of(strip(c.text(0), true, true, is_space)); }
Val trim_all(Call& c) { return Val::text_of(strip(c.text(1), true, true, one_of(c.text(0)))); }
Val trim_prefix(Call& c) {
  std::string_view s = c.text(1);
  if (s.starts_with(c.text(0))) s.remove_prefix(c.text(0).size());
  return Val::text_of(s);
}
Val trim_suffix(Call& c) {
  std::string_view s = c.text(1);
  if (s.ends_with(c.text(0))) s.remove_suffix(c.text(0).size());
  return Val::text_of(s);
}
Val nospace(Call& c) {
  std::string out;
  const std::string_view s = c.text(0);
  for (size_t i = 0, n = 1; i < s.size(); i += n) {
    if (!is_space(rune_at(s, i, &n))) out += s.substr(i, n);
  }
  return c.store.text(std::move(out));
}

Val contains(Call& c) {
  return Val::boolean_of(c.text(1).find(c.text(0)) != std::string_view::npos);
}
Val has_prefix(Call& c) { return Val::boolean_of(c.text(1).starts_with(c.text(0))); }
Val has_suffix(Call& c) { return Val::boolean_of(c.text(1).ends_with(c.text(0))); }

Val replace(Call& c) {
  const std::string_view from = c.text(0), to = c.text(1), s = c.text(2);
  std::string out;
  for (size_t i = 0, n = 1;;) {
    const size_t at = from.empty() ? i : s.find(from, i);
    if (at == s.npos) {
      out += s.substr(i);
      break;
    }
    if (!c.store.charge(to.size() + (at - i))) break;
    out += s.substr(i, at - i);
    out += to;
    if (!from.empty()) {
      i = at + from.size();
    } else if (i >= s.size()) {
      break;
    } else {
      rune_at(s, i, &n);
      out += s.substr(i, n);
      i += n;
    }
  }
  return c.store.text(std::move(out));
}

Val repeat(Call& c) {
  if (c[0].i < 0) return c.fail("strings: negative Repeat count");
  const size_t count = size_t(c[0].i), size = c.text(1).size();
  std::string out;
  if (size == 0 || count == 0) return Val::text_of("");
  if (count > c.store.limits.memory_bytes_max / size || !c.store.charge(count * size)) {
    c.store.charge(c.store.limits.memory_bytes_max + 1);
    return {};
  }
  for (size_t i = 0; i < count; ++i) out += c.text(1);
  return c.store.text(std::move(out));
}

Val trunc(Call& c) {
  const std::string_view s = c.text(1);
  const int64_t n = c[0].i, size = int64_t(s.size());
  if (n < 0 && size + n > 0) return Val::text_of(s.substr(size_t(size + n)));
  return Val::text_of(n >= 0 && size > n ? s.substr(0, size_t(n)) : s);
}

Val substr(Call& c) {
  const std::string_view s = c.text(2);
  const int64_t from = c[0].i, to = c[1].i, size = int64_t(s.size());
  const auto bounds = [&](int64_t a, int64_t b) {
    return c.fail("runtime error: slice bounds out of range [" + std::to_string(a) + ":" +
                  std::to_string(b) + "]");
  };
  if (from < 0) {
    if (to < 0 || to > size) return bounds(0, to);
    return Val::text_of(s.substr(0, size_t(to)));
  }
  if (to < 0 || to > size) {
    if (from > size) return bounds(from, size);
    return Val::text_of(s.substr(size_t(from)));
  }
  if (from > to) return bounds(from, to);
  return Val::text_of(s.substr(size_t(from), size_t(to - from)));
}

std::string indented(Call& c, std::string_view s) {
  const std::string pad(size_t(c[0].i), ' ');
  std::string out = pad;
  for (char ch : s) {
    out += ch;
    if (ch != '\n') continue;
    if (!c.store.charge(pad.size())) break;
    out += pad;
  }
  return out;
}
Val indent(Call& c) {
  if (c[0].i < 0) return c.fail("strings: negative Repeat count");
  if (!c.store.charge(size_t(c[0].i))) return {};
  return c.store.text(indented(c, c.text(1)));
}
Val nindent(Call& c) {
  if (c[0].i < 0) return c.fail("strings: negative Repeat count");
  if (!c.store.charge(size_t(c[0].i))) return {};
  return c.store.text("\n" + indented(c, c.text(1)));
}

std::string quoted(Call& c, bool single) {
  std::string out;
  bool first = true;
  for (const Val& v : c.args) {
    if (v.empty()) continue;
    if (!std::exchange(first, false)) out += ' ';
    const std::string s = to_text(v, c.store);
    out += single ? "'" + s + "'" : literal_quote(s);
  }
  return out;
}
Val quote(Call& c) { return c.store.text(quoted(c, false)); }
Val squote(Call& c) { return c.store.text(quoted(c, true)); }
Val cat(Call& c) {
  std::string out;
  bool first = true;
  for (const Val& v : c.args) {
    if (v.empty()) continue;
    if (!std::exchange(first, false)) out += ' ';
    out += to_text(v, c.store);
  }
  return c.store.text(std::move(out));
}

// strings.SplitN: n < 0 for all; an empty separator splits after each character.
std::vector<Val> cut(Call& c, std::string_view s, std::string_view separator, int64_t most = -1) {
  std::vector<Val> out;
  size_t from = 0;
  while (most < 0 || int64_t(out.size()) + 1 < most) {
    size_t at = separator.empty() ? from : s.find(separator, from), n = separator.size();
    if (separator.empty()) {
      if (from >= s.size()) return out;
      rune_at(s, from, &n);
      at = from + n;
      if (at >= s.size()) break;
      n = 0;
    }
    if (at == s.npos || !c.store.charge(sizeof(Val))) break;
    out.push_back(Val::text_of(s.substr(from, at - from)));
    from = at + n;
  }
  out.push_back(Val::text_of(s.substr(from)));
  return out;
}
Val split(Call& c) { return c.store.list(cut(c, c.text(0), c.text(1)), Elements::text); }
Val split_list(Call& c) { return c.store.list(cut(c, c.text(1), c.text(0)), Elements::text); }
Val splitn(Call& c) {
  const Val v = c.store.map(Elements::text);
  if (c[1].i == 0) return v;
  const std::vector<Val> parts = cut(c, c.text(2), c.text(0), c[1].i);
  for (size_t i = 0; i < parts.size(); ++i)
    c.store.put(*v.m, c.store.keep("_" + std::to_string(i)), parts[i]);
  return v;
}

Val join(Call& c) {
  std::string out;
  bool first = true;
  for (const std::string& s : to_texts(c[1], c.store)) {
    if (!std::exchange(first, false)) out += c.text(0);
    if (!c.store.charge(s.size() + c.text(0).size())) break;
    out += s;
  }
  return c.store.text(std::move(out));
}

Val b64enc(Call& c) { return c.store.text(crypto::base64(c.text(0))); }
Val sha1sum(Call& c) { return c.store.text(crypto::hex(crypto::sha1(c.text(0)))); }
Val sha256sum(Call& c) { return c.store.text(crypto::hex(crypto::sha256(c.text(0)))); }

// Sprig hands the decoder's error on as the text.
Val b64dec(Call& c) {
  constexpr std::string_view set =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string s, out;
  std::vector<size_t> from;
  for (size_t i = 0; i < c.text(0).size(); ++i) {
    const char ch = c.text(0)[i];
    if (ch == '\r' || ch == '\n') continue;
    s += ch;
    from.push_back(i);
  }
  const auto bad = [&](size_t i) {
    const size_t at = i < from.size() ? from[i] : c.text(0).size();
    return c.store.text("illegal base64 data at input byte " + std::to_string(at));
  };
  for (size_t i = 0; i < s.size(); i += 4) {
    uint32_t bits = 0;
    size_t letters = 0;
    for (; letters < 4 && i + letters < s.size(); ++letters) {
      const size_t value = set.find(s[i + letters]);
      if (value == set.npos) break;
      bits |= uint32_t(value) << (18 - 6 * letters);
    }
    if (letters < 4) {
      // Padding fills the last group, and nothing follows it.
      if (i + letters >= s.size()) return bad(i + letters);
      for (size_t k = letters; k < 4; ++k) {
        if (i + k >= s.size()) return bad(s.size());
        if (letters < 2 || s[i + k] != '=') return bad(i + k);
      }
      if (i + 4 < s.size()) return bad(i + 4);
    }
    out += char(bits >> 16);
    if (letters > 2) out += char(bits >> 8);
    if (letters > 3) out += char(bits);
  }
  return c.store.text(std::move(out));
}

// Traefik's provider.Normalize: runs of anything but letters and digits become one dash.
Val normalize(Call& c) { return c.store.text(normalize_name(c.text(0))); }

constexpr Function functions[] = {
    {"upper", "s", upper},
    {"lower", "s", lower},
    {"title", "s", title},
    {"untitle", "s", untitle},
    {"swapcase", "s", swapcase},
    {"trim", "s", trim},
    {"trimall", "ss", trim_all},
    {"trimAll", "ss", trim_all},
    {"trimPrefix", "ss", trim_prefix},
    {"trimSuffix", "ss", trim_suffix},
    {"nospace", "s", nospace},
    {"contains", "ss", contains},
    {"hasPrefix", "ss", has_prefix},
    {"hasSuffix", "ss", has_suffix},
    {"replace", "sss", replace},
    {"repeat", "is", repeat},
    {"trunc", "is", trunc},
    {"substr", "iis", substr},
    {"indent", "is", indent},
    {"nindent", "is", nindent},
    {"quote", "a*", quote},
    {"squote", "a*", squote},
    {"cat", "a*", cat},
    {"split", "ss", split},
    {"splitList", "ss", split_list},
    {"splitn", "sis", splitn},
    {"join", "sa", join},
    {"b64enc", "s", b64enc},
    {"b64dec", "s", b64dec},
    {"sha1sum", "s", sha1sum},
    {"sha256sum", "s", sha256sum},
    {"normalize", "s", normalize},
};

}  // namespace

std::span<const Function> text_functions() { return functions; }

}  // namespace gateproof::config::tmpl
