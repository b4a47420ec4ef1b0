// Failover: another service when the main one is down, or when its answer has one of the codes that count as failures
// (catalogue 4.5).
#pragma once
#include "engine/config/dynamic.h"
#include "engine/http/handler.h"
#include "engine/upstream/status_board.h"

namespace gateproof::upstream {

// "500-599", "404": codes that count.
class CodeRanges {
 public:
  // Errors are Go's: `strconv.Atoi: parsing "abc": invalid syntax`.
  static Result<CodeRanges> parse(const std::vector<config::Text>& texts);
  bool contains(int code) const;
  bool empty() const { return ranges_.empty(); }

 private:
  std::vector<std::pair<int64_t, int64_t>> ranges_;
};

class Failover final : public http::Handler, public StatusSource {
 public:
  struct Parts {
    std::string name;  // qualified
    std::string main_name, fallback_name;
    std::shared_ptr<http::Handler> main, fallback;
    CodeRanges codes;
    int64_t body_bytes_max = -1;  // negative: no limit
    bool checked = false;         // has a healthCheck of its own
  };
  explicit Failover(Parts parts);
  Task<void> handle(http::Exchange& x) override;
  Result<void> on_status(std::function<void(bool up)> listener) override;
  void set_main(bool up) { set(main_up_, up); }
  void set_fallback(bool up) { set(fallback_up_, up); }

 private:
  void set(std::atomic<bool>& which, bool up);
  Task<void> ask_main(http::Exchange& x);
  Task<void> fall_back(http::Exchange& x, std::string why);

  Parts parts_;
  std::string stage_;
  std::mutex mutex_;
  std::atomic<bool> main_up_{true}, fallback_up_{true};
  std::vector<std::function<void(bool)>> listeners_;
};

}  // namespace gateproof::upstream
