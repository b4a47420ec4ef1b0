#include "bindings/cpp/plugin_host.h"

#include "engine/config/plain_scalar.h"

#include "bindings/cpp/plugin_exchange.h"

namespace gateproof::bindings {
namespace {

using middleware::Flow;

std::shared_ptr<py::object> held(py::object o) {
  return {new py::object(std::move(o)), [](py::object* p) {
            const py::gil_scoped_acquire lock;
            delete p;
          }};
}

// A scalar as YAML reads it: quoted ones are texts.
py::object scalar_of(const config::Value& v) {
  using config::PlainScalar;
  if (v.quoted) return py::str(v.text);
  const PlainScalar plain = config::resolve_plain(v.text);
  switch (plain.kind) {
    case PlainScalar::null: return py::none();
    case PlainScalar::boolean: return py::bool_(plain.spelled == "true");
    case PlainScalar::integer:
      return py::reinterpret_steal<py::object>(
          PyLong_FromString(plain.spelled.c_str(), nullptr, 10));
    case PlainScalar::real: return py::float_(py::str(plain.spelled));
    default: return py::str(v.text);
  }
}

py::object python_of(const config::Value& v) {
  switch (v.kind) {
    case config::Value::null: return py::none();
    case config::Value::scalar: return scalar_of(v);
    case config::Value::sequence: {
      py::list out;
      for (const config::Value& item : v.items) out.append(python_of(item));
      return out;
    }
    default: {
      py::dict out;
      for (const auto& m : v.members) out[py::str(m.key)] = python_of(m.value);
      return out;
    }
  }
}

std::string words_of(const py::error_already_set& e, bool with_type) {
  std::string type = py::str(e.type().attr("__name__"));
  const std::string text = py::str(e.value());
  if (text.empty()) return type;
  return with_type ? type + ": " + text : text;
}

class PythonCall final : public middleware::PluginCall {
 public:
  PythonCall(std::shared_ptr<py::object> plugin, std::shared_ptr<PythonErrors> errors,
             const middleware::Plugin& limits, std::string stage, bool responds)
      : plugin_(std::move(plugin)),
        errors_(std::move(errors)),
        view_(std::make_shared<PluginExchange>(limits.request_body_bytes_max.has_value(),
                                               limits.response_body_bytes_max.has_value())),
        stage_(std::move(stage)),
        responds_(responds) {}
  ~PythonCall() override {
    if (!call_) return;
    const py::gil_scoped_acquire lock;
    call_ = py::object();
    view_.reset();
  }

  Result<Flow> on_request(http::Exchange& x) override {
    const Result<bool> answered = call("on_request", x);
    if (!answered) return answered.error();
    return *answered ? Flow::answer : Flow::next;
  }

  Result<void> on_response(http::Exchange& x) override {
    if (!responds_) return {};
    const Result<bool> done = call("on_response", x);
    if (!done) return done.error();
    return {};
  }

 private:
  // Whether the method gave an answer. No exception may pass into the engine.
  Result<bool> call(const char* method, http::Exchange& x) {
    if (!Py_IsInitialized()) return Error(Code::canceled, "Python has ended");
    const py::gil_scoped_acquire lock;
    try {
      if (!call_) call_ = plugin_->attr("begin")(view_);
      view_->enter(x, stage_);
      const py::object given = call_.attr(method)();
      if (!given.is_none()) view_->answer(given.cast<const sim::HostAnswer&>());
      view_->leave();
      return !given.is_none();
    } catch (py::error_already_set& e) {
      if (!e.matches(PyExc_Exception) && !errors_->first) errors_->first = std::current_exception();
      const Error why(Code::invalid, words_of(e, true));
      view_->leave();
      return why;
    } catch (const std::exception& e) {
      view_->leave();
      return Error(Code::invalid, e.what());
    }
  }

  std::shared_ptr<py::object> plugin_;
  std::shared_ptr<PythonErrors> errors_;
  std::shared_ptr<PluginExchange> view_;
  const std::string stage_;
  const bool responds_;
  py::object call_;
};

class PythonPlugin final : public middleware::Plugin {
 public:
  PythonPlugin(const py::object& adapted, std::shared_ptr<PythonErrors> errors, std::string stage)
      : plugin_(held(adapted)),
        errors_(std::move(errors)),
        stage_(std::move(stage)),
        responds_(adapted.attr("responds").cast<bool>()) {
    request_body_bytes_max = adapted.attr("request_body_max").cast<std::optional<size_t>>();
    response_body_bytes_max = adapted.attr("response_body_max").cast<std::optional<size_t>>();
  }
  std::unique_ptr<middleware::PluginCall> begin() const override {
    return std::make_unique<PythonCall>(plugin_, errors_, *this, stage_, responds_);
  }

 private:
  std::shared_ptr<py::object> plugin_;
  std::shared_ptr<PythonErrors> errors_;
  std::string stage_;
  bool responds_;
};

}  // namespace

PythonPlugins::PythonPlugins(const py::dict& factories, std::shared_ptr<PythonErrors> errors)
    : errors_(std::move(errors)) {
  for (const auto& [name, factory] : factories)
    factories_[py::str(name)] = held(py::reinterpret_borrow<py::object>(factory));
}

bool PythonPlugins::knows(std::string_view plugin) const { return factories_.contains(plugin); }

Result<std::unique_ptr<middleware::Plugin>> PythonPlugins::build(
    std::string_view plugin, const config::Value& options, std::string_view middleware) const {
  const py::gil_scoped_acquire lock;
  try {
    // Traefik takes anything that is no mapping for a plugin without options.
    const py::object given =
        options.kind == config::Value::mapping ? python_of(options) : py::dict();
    const py::object adapted = (*factories_.find(plugin)->second)(given, std::string(middleware));
    return std::unique_ptr<middleware::Plugin>(
        std::make_unique<PythonPlugin>(adapted, errors_, "middleware " + std::string(middleware)));
  } catch (py::error_already_set& e) {
    if (!e.matches(PyExc_Exception) && !errors_->first) errors_->first = std::current_exception();
    return Error(Code::invalid, words_of(e, false), SourceSpan(),
                 "the plugin's factory refuses these options");
  } catch (const std::exception& e) {
    return Error(Code::invalid, e.what());
  }
}

void bind_plugins(py::module_& m) {
  using Side = PluginExchange;
  py::class_<Side, std::shared_ptr<Side>>(m, "PluginExchange",
                                          "An exchange, for gateproof.plugins.")
      .def_property(
          "method", [](Side& v) { return text_of(v.method()); }, &Side::set_method)
      .def_property(
          "target", [](Side& v) { return text_of(v.target()); }, &Side::set_target)
      .def_property(
          "host", [](Side& v) { return text_of(v.host()); }, &Side::set_host)
      .def_property("status", &Side::status, &Side::set_status)
      .def_property_readonly("scheme", &Side::scheme)
      .def_property_readonly("client_ip", &Side::client_ip)
      .def_property_readonly("entry_point", &Side::entry_point)
      .def_property_readonly("router", &Side::router)
      .def_property_readonly("now_ns", &Side::now_ns)
      .def(
          "header_lines",
          [](Side& v, bool response) {
            py::list out;
            for (const auto& [name, value] : v.header_lines(response))
              out.append(py::make_tuple(text_of(name), text_of(value)));
            return out;
          },
          py::arg("response"))
      .def(
          "header_values",
          [](Side& v, bool response, const py::bytes& name) {
            py::list out;
            for (const std::string& value : v.header_values(response, name))
              out.append(text_of(value));
            return out;
          },
          py::arg("response"), py::arg("name"))
      .def("set_header", &Side::set_header, py::arg("response"), py::arg("name"), py::arg("value"))
      .def("add_header", &Side::add_header, py::arg("response"), py::arg("name"), py::arg("value"))
      .def("remove_header", &Side::remove_header, py::arg("response"), py::arg("name"))
      .def(
          "body",
          [](Side& v, bool response) -> py::object {
            const auto bytes = v.body(response);
            if (!bytes) return py::none();
            return py::bytes(*bytes);
          },
          py::arg("response"))
      .def("set_body", &Side::set_body, py::arg("response"), py::arg("body"))
      .def("note", &Side::note, py::arg("text"));
}

}  // namespace gateproof::bindings
