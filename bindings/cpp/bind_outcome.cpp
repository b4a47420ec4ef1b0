// Results of exchanges. Everything is converted when it is asked for: most callers want the status.
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

py::list fields(const sim::FieldList& list) {
  py::list out;
  for (const auto& [n, v] : list) out.append(py::make_tuple(text_of(n), text_of(v)));
  return out;
}

py::list trace_of(const sim::Outcome& o) {
  py::list out;
  for (const http::TraceStep& s : o.trace) {
    out.append(py::make_tuple(text_of(s.stage), text_of(s.action), text_of(s.detail), s.at_ns));
  }
  return out;
}

py::list candidates_of(const sim::Outcome& o) {
  using Kind = pipeline::Candidate::Kind;
  py::list out;
  for (const pipeline::Candidate& c : o.routing ? o.routing->candidates() : o.candidates) {
    py::dict d;
    d["router"] = c.router;
    d["kind"] = c.kind == Kind::no_match ? "no match" : c.kind == Kind::beaten ? "beaten" : "aside";
    d["why"] = text_of(c.why);
    d["file"] = std::string(c.span.file_name());
    d["line"] = c.span.line;
    d["column"] = c.span.column;
    d["priority"] = c.priority;
    d["matches"] = c.matches;
    d["would_win"] = c.would_win;
    out.append(d);
  }
  return out;
}

// What the wire arm's client has seen of TLS; None without a handshake.
py::object tls_of(const sim::Outcome& o) {
  if (!o.tls) return py::none();
  py::dict d;
  d["version"] = o.tls->version;
  d["cipher"] = o.tls->cipher;
  d["alpn"] = o.tls->alpn;
  const auto& chain = o.tls->client_certificates;
  d["certificate"] = py::bytes(chain ? chain->front() : std::string());
  return d;
}

}  // namespace

void bind_outcome(py::module_& m) {
  using sim::Outcome;
  const auto text = [](std::string Outcome::*member) {
    return [member](const Outcome& o) { return text_of(o.*member); };
  };
  py::class_<Outcome>(m, "Outcome", "What became of one request.")
      .def_readonly("status", &Outcome::status)
      .def_property_readonly("reason", text(&Outcome::reason))
      .def_property_readonly("headers", [](const Outcome& o) { return fields(o.headers); })
      .def_property_readonly("body", [](const Outcome& o) { return py::bytes(o.body); })
      .def_property_readonly("trailers", [](const Outcome& o) { return fields(o.trailers); })
      .def_readonly("entry_point", &Outcome::entry_point)
      .def_property_readonly("router", text(&Outcome::router))
      .def_property_readonly("service", text(&Outcome::service))
      .def_property_readonly("server", text(&Outcome::server))
      .def_property_readonly("user", text(&Outcome::user))
      .def_readonly("priority", &Outcome::priority)
      .def_property_readonly("rule", text(&Outcome::rule))
      .def_property_readonly("rule_span",
                             [](const Outcome& o) {
                               return py::make_tuple(std::string(o.rule_span.file_name()),
                                                     o.rule_span.line, o.rule_span.column);
                             })
      .def_readonly("attempts", &Outcome::attempts)
      .def_property_readonly("failure", text(&Outcome::failure))
      .def_property_readonly("stopped_by", text(&Outcome::stopped_by))
      .def_readonly("upstream", &Outcome::upstream)
      .def_property_readonly("trace", trace_of)
      .def_property_readonly("candidates", candidates_of)
      .def_readonly("stuck", &Outcome::stuck)
      .def_readonly("budget_exceeded", &Outcome::budget_exceeded)
      .def_readonly("started_ns", &Outcome::started_ns)
      .def_readonly("finished_ns", &Outcome::finished_ns)
      .def_readonly("connection_kept", &Outcome::connection_kept)
      .def_property_readonly("tls", tls_of);
}

}  // namespace gateproof::bindings
