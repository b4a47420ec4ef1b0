// addPrefix: puts a prefix before the path (catalogue 3.2).
#include "engine/middleware/path_rewrite.h"

namespace gateproof::middleware {
namespace {

struct Options {
  std::string prefix;
};

const config::Schema<Options>& schema() {
  static const auto s = config::Schema<Options>().field("prefix", &Options::prefix, "string");
  return s;
}

class AddPrefix final : public SyncFilter {
 public:
  explicit AddPrefix(const Options& o) : prefix_(o.prefix) {}
  Flow on_request(Exchange& x) override {
    http::UrlPath& url = x.request.url;
    put_before(url.path);
    if (!url.raw.empty()) put_before(url.raw);
    return Flow::next;
  }

 private:
  void put_before(std::string& path) const {
    path.insert(0, prefix_);
    lead_with_slash(path);
  }

  std::string prefix_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  if (o.prefix.empty()) return Error(Code::invalid, "prefix cannot be empty");
  return std::unique_ptr<Middleware>(std::make_unique<AddPrefix>(o));
}

}  // namespace

MiddlewareSpec add_prefix() { return {{"addPrefix", &schema(), make_options<Options>}, build}; }

}  // namespace gateproof::middleware
