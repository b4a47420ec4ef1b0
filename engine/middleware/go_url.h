// An absolute or relative URL as Go's net/url reads and prints it: what a redirection's Location becomes.
#pragma once
#include <string>
#include <string_view>

#include "engine/http/url.h"

namespace gateproof::middleware {

// url.URL: the parts decoded as Go keeps them.
struct GoUrl {
  std::string scheme, opaque, host, query, fragment;
  std::string userinfo;  // encoded
  http::UrlPath path;
  bool has_userinfo = false;
  bool force_query = false;  // a bare '?'
  bool omit_host = false;    // "scheme:/path"

  std::string to_string() const;
  // url.ResolveReference with this one as the base.
  GoUrl resolve(const GoUrl& reference) const;
};
// url.Parse. Code::invalid where Go's parser refuses the text.
Result<GoUrl> parse_go_url(std::string_view text);

// url.Parse(text) then String(): scheme in lower case, path and fragment re-encoded, query left alone.
// Code::invalid where Go's parser refuses the text.
Result<std::string> go_url_normal_form(std::string_view text);

}  // namespace gateproof::middleware
