// Scripted upstreams: requests as hosts see them, answers as scripts give them.
#include "bindings/cpp/bindings.h"

namespace gateproof::bindings {
namespace {

// Owned through a pointer whose deleter takes the interpreter's lock: worlds may die anywhere.
std::shared_ptr<py::object> shared_callable(py::object script) {
  return {new py::object(std::move(script)), [](py::object* o) {
            const py::gil_scoped_acquire lock;
            delete o;
          }};
}

sim::TcpAct act_of(const py::handle& told) {
  const auto [what, bytes, after_ns] = told.cast<std::tuple<std::string, py::bytes, int64_t>>();
  sim::TcpAct act;
  if (what == "close") act.kind = sim::TcpAct::Kind::close;
  if (what == "half_close") act.kind = sim::TcpAct::Kind::half_close;
  act.bytes = bytes;
  act.after = Duration(after_ns);
  return act;
}

}  // namespace

decltype(sim::TcpHost::react) python_reactions(py::object script,
                                               std::shared_ptr<PythonErrors> errors) {
  return [callable = shared_callable(std::move(script)), errors](
             size_t connection, std::string_view piece, bool ended) {
    const py::gil_scoped_acquire lock;
    std::vector<sim::TcpAct> acts;
    try {
      const py::object told = (*callable)(connection, py::bytes(piece.data(), piece.size()), ended);
      for (const py::handle& one : told) acts.push_back(act_of(one));
    } catch (...) {
      // As in python_host: raised again where the run was started.
      if (!errors->first) errors->first = std::current_exception();
      acts.push_back({sim::TcpAct::Kind::close, {}, {}});
    }
    return acts;
  };
}

sim::Host python_host(std::string name, py::object script, std::shared_ptr<PythonErrors> errors) {
  sim::Host host;
  host.name = std::move(name);
  if (py::isinstance<sim::HostAnswer>(script)) {
    const auto answer = script.cast<sim::HostAnswer>();
    host.refuse = answer.action == sim::HostAnswer::Action::refuse;
    host.script = [answer](const sim::HostRequest&) { return answer; };
    return host;
  }
  const auto callable = shared_callable(std::move(script));
  host.script = [callable, errors](const sim::HostRequest& r) {
    const py::gil_scoped_acquire lock;
    try {
      return (*callable)(r).cast<sim::HostAnswer>();
    } catch (...) {
      // No exception may pass through a coroutine of the engine: it is raised again where the run was started.
      if (!errors->first) errors->first = std::current_exception();
      sim::HostAnswer closed;
      closed.action = sim::HostAnswer::Action::close;
      return closed;
    }
  };
  return host;
}

void bind_hosts(py::module_& m) {
  using sim::HostAnswer;
  using sim::HostRequest;
  py::class_<HostRequest>(m, "HostRequest", "What a scripted upstream received.")
      .def_readonly("host", &HostRequest::host)
      .def_property_readonly("method", [](const HostRequest& r) { return text_of(r.method); })
      .def_property_readonly("target", [](const HostRequest& r) { return text_of(r.target); })
      .def_property_readonly("headers",
                             [](const HostRequest& r) {
                               py::list out;
                               for (const auto& [n, v] : r.headers)
                                 out.append(py::make_tuple(text_of(n), text_of(v)));
                               return out;
                             })
      .def_property_readonly("body", [](const HostRequest& r) { return py::bytes(r.body); });

  py::class_<HostAnswer>(m, "HostAnswer", "What a scripted upstream answers.")
      .def(py::init([](int status, const std::string& reason, sim::FieldList headers,
                       const py::bytes& body, bool chunked, sim::FieldList trailers,
                       int64_t delay_ns, const std::string& action) {
             HostAnswer a;
             a.status = status;
             a.reason = reason;
             a.headers = std::move(headers);
             a.body = body;
             a.chunked = chunked;
             a.trailers = std::move(trailers);
             a.delay = Duration(delay_ns);
             if (action == "refuse") a.action = HostAnswer::Action::refuse;
             if (action == "close") a.action = HostAnswer::Action::close;
             if (action == "silent") a.action = HostAnswer::Action::silent;
             return a;
           }),
           py::kw_only(), py::arg("status") = 200, py::arg("reason") = "",
           py::arg("headers") = sim::FieldList{}, py::arg("body") = py::bytes(),
           py::arg("chunked") = false, py::arg("trailers") = sim::FieldList{},
           py::arg("delay_ns") = 0, py::arg("action") = "answer");
}

}  // namespace gateproof::bindings
