// Error and Result: expected failures are values. One code per distinct reaction; details go into the message.
#pragma once
#include <boost/system/result.hpp>

#include "engine/base/span.h"

namespace gateproof {

// What a caller would do differently. Mapping to an HTTP status is one function (upstream/status_of.h).
enum class Code : uint8_t {
  invalid,      // bad input: configuration, rule, header, address
  not_found,    // a named thing is absent
  limit,        // a named limit was passed
  refused,      // the peer refused the connection
  reset,        // the peer closed or reset before the message was complete
  timeout,      // a deadline passed
  protocol,     // the peer broke the protocol
  canceled,     // our side gave up (client went away, shutdown)
  unavailable,  // nothing to choose from
  unsupported,  // understood, but not built here
  io,           // the operating system said no
};

enum class Source : uint8_t { downstream, upstream, config, internal };

// Whether the same attempt may be made again: never, always, or only when the connection had been used before.
enum class Retry : uint8_t { no, yes, if_reused };

struct Error {
  Code code = Code::invalid;
  Source source = Source::internal;
  Retry retry = Retry::no;
  std::string message;
  SourceSpan span;
  std::string remedy;

  Error() = default;
  Error(Code c, std::string text) : code(c), message(std::move(text)) {}
  Error(Code c, Source s, std::string text) : code(c), source(s), message(std::move(text)) {}
  Error(Code c, std::string text, SourceSpan at, std::string mend = {})
      : code(c),
        source(Source::config),
        message(std::move(text)),
        span(std::move(at)),
        remedy(std::move(mend)) {}
};

std::string_view to_string(Code code);

// boost::system::result needs to know what to throw from value() on an error; the engine never calls value() unchecked.
[[noreturn]] void throw_error(const Error& error);
[[noreturn]] inline void throw_exception_from_error(const Error& error,
                                                    const boost::source_location&) {
  throw_error(error);
}

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace gateproof
