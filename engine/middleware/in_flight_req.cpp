// inFlightReq: so many requests of one source at a time (catalogue 3.2). A request counts until its answer has been read to
// the end or dropped.
#include "engine/http/held_body.h"
#include "engine/middleware/chain.h"
#include "engine/middleware/in_flight_counts.h"
#include "engine/middleware/source_criterion.h"

namespace gateproof::middleware {
namespace {

struct Options {
  int64_t amount = 0;
  std::optional<SourceCriterionOptions> source_criterion;
};

const config::Schema<Options>& schema() {
  static const auto s =
      config::Schema<Options>()
          .field("amount", &Options::amount, "int", "0")
          .at_least(0)
          .object("sourceCriterion", &Options::source_criterion, source_criterion_schema());
  return s;
}

// One request's place; given back when this goes away, be it by an answer, an error or a cancelled exchange.
class Place {
 public:
  Place(std::shared_ptr<InFlightCounts> counts, InFlightCounts::Source& source)
      : counts_(std::move(counts)), source_(source) {}
  Place(Place&& o) noexcept = default;  // the one that was moved from has no counts left
  ~Place() { leave(); }
  void leave() {
    if (const auto counts = std::move(counts_)) counts->leave(source_);
  }

 private:
  std::shared_ptr<InFlightCounts> counts_;
  InFlightCounts::Source& source_;
};

class InFlightReq final : public WaitingMiddleware {
 public:
  InFlightReq(int64_t amount, SourceCriterion source)
      : amount_(amount), source_(std::move(source)), counts_(std::make_shared<InFlightCounts>()) {}

  Task<void> handle(Exchange& x, Next next) override {
    InFlightCounts::Source* const entered = enter(x);
    if (!entered) {
      x.response = http::Response::make(429, "max connections reached: " + std::to_string(amount_));
      if (x.trace) x.note(stage, "answer", "429");
      if (!x.look_beyond) co_return;
      look_beyond(x, *this);
      co_await next(x);
      co_return;
    }
    Place place(counts_, *entered);
    co_await next(x);
    http::hold(x.response.body, std::move(place));
  }

 private:
  InFlightCounts::Source* enter(Exchange& x) const {
    std::string room;
    InFlightCounts::Source* const entered = counts_->enter(source_.token(x, room), amount_);
    if (x.trace) {
      x.note(stage, "count",
             source_.key(x) +
                 (entered ? ": one more under way, at most " : ": as many under way as may be, ") +
                 std::to_string(amount_));
    }
    return entered;
  }

  const int64_t amount_;
  SourceCriterion source_;
  std::shared_ptr<InFlightCounts> counts_;
};

Result<std::unique_ptr<Middleware>> build(const void* options, const BuildContext&) {
  const auto& o = *static_cast<const Options*>(options);
  auto source = SourceCriterion::compile(o.source_criterion, SourceCriterion::By::host);
  if (!source) {
    return Error(Code::invalid, "error creating requests limiter: " + source.error().message,
                 SourceSpan(), source.error().remedy);
  }
  return std::unique_ptr<Middleware>(std::make_unique<InFlightReq>(o.amount, std::move(*source)));
}

}  // namespace

MiddlewareSpec in_flight_req() {
  return {{"inFlightReq", &schema(), make_options<Options>}, build};
}

}  // namespace gateproof::middleware
