// headers: custom fields, CORS and security fields (catalogue 3.3). Custom fields and CORS are the outer layer: a preflight is
// answered before the host is looked at, and custom response fields win over security fields.
#include "engine/middleware/answers.h"
#include "engine/middleware/headers_cors.h"
#include "engine/middleware/headers_secure.h"

namespace gateproof::middleware {
namespace {

struct Edit {
  std::string name;
  std::string value;
  uint32_t hash;
  bool remove = false;  // the configured value was empty; blanks are a value
  bool sound = false;   // as of a field

  // Blanks around the value are its own until it is written: what reads it before then sees them (3.3).
  Edit(const std::string& n, std::string v)
      : name(http::canonical_name(n)),
        value(std::move(v)),
        hash(http::HeaderName::hash_of(name)),
        remove(value.empty()) {
    look_at();
  }
  void look_at() { sound = http::Headers::checked(name, value).sound; }
  bool sendable() const { return http::is_token(name) && http::is_field_value(value); }
  // The length of an answer is the server's affair, whatever is configured.
  bool framing() const { return name == "Content-Length" || name == "Transfer-Encoding"; }
  // The exchange keeps the snapshot, and so this text, alive.
  void apply(http::Headers& h) const {
    if (remove) {
      h.remove(http::HeaderName(name, hash));
    } else {
      h.set_field({name, value, hash, sound});
    }
  }
};

class HeadersMiddleware final : public SyncFilter {
 public:
  HeadersMiddleware(const HeadersOptions& o, Cors cors) : cors_(std::move(cors)), secure_(o) {
    has_cors_ = o.has_cors();
    for (const auto& [name, value] : o.custom_request_headers) read_request_header(name, value);
    for (const auto& [name, value] : o.custom_response_headers) {
      // Go writes a line break as a blank and leaves out a field whose name is no name.
      Edit edit(name, text::replace_all(text::replace_all(value, "\r", " "), "\n", " "));
      if (edit.sendable() && !edit.framing()) response_edits_.push_back(std::move(edit));
    }
  }

  Flow on_request(Exchange& x) override {
    if (has_cors_ && Cors::is_preflight(x.request)) {
      cors_.answer_preflight(x);
      return Flow::answer;
    }
    for (const Edit& e : request_edits_) e.apply(x.request.headers);
    if (!host_.empty()) x.request.host = host_;
    if (suppress_forwarded_for_) x.suppress_forwarded_for = true;
    if (!secure_.host_allowed(x.request)) return refuse(x, 500, "Bad Host");
    return Flow::next;
  }

  void on_response(Exchange& x) override {
    if (x.response.status == 101) return;  // Traefik writes it past every layer
    if (x.late_status) return;
    secure_.edit_response(x);
    edit_outer(x);
  }

 private:
  void read_request_header(const std::string& name, const std::string& value) {
    if (text::iequals(name, "Host")) {
      host_ = value;
      return;
    }
    Edit edit(name, value);
    if (edit.remove && edit.name == "X-Forwarded-For") suppress_forwarded_for_ = true;
    // What no request can carry is found out where one is sent (http::unsendable_field), by its value.
    if (!edit.remove && !http::is_token(edit.name)) edit.value = "\n";
    edit.look_at();
    request_edits_.push_back(std::move(edit));
  }

  // The outer layer edits what the inner one refuses, too.
  Flow refuse(Exchange& x, int status, std::string_view text) const {
    answer_error(x, status, text);
    edit_outer(x);
    return Flow::answer;
  }

  void edit_outer(Exchange& x) const {
    for (const Edit& e : response_edits_) {
      e.apply(x.response.headers);
      // Whatever takes the field away lets Traefik's server put its own guess in the place.
      if (e.remove && e.name == "Content-Type") x.detect_content_type = true;
    }
    if (has_cors_) cors_.edit_response(x);
  }

  std::vector<Edit> request_edits_, response_edits_;
  std::string host_;
  bool suppress_forwarded_for_ = false;
  bool has_cors_ = false;  // else preflights are requests like any other
  Cors cors_;
  SecureHeaders secure_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const HeadersOptions*>(options);
  if (!o.has_custom() && !o.has_cors() && !o.has_security()) {
    return Error(Code::invalid, "headers configuration not valid");
  }
  auto cors = Cors::compile(o);
  if (!cors) return cors.error();
  return std::unique_ptr<Middleware>(std::make_unique<HeadersMiddleware>(o, std::move(*cors)));
}

}  // namespace

MiddlewareSpec headers() {
  return {{"headers", &headers_schema(), make_options<HeadersOptions>}, build};
}

}  // namespace gateproof::middleware
