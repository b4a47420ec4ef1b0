// Configuration: load, check, render.
#include "engine/check/conditions.h"
#include "engine/config/render.h"

#include "bindings/cpp/bindings.h"
#include "bindings/cpp/overlay_files.h"

namespace gateproof::bindings {
namespace {

std::shared_ptr<check::ConfigSet> load(const std::vector<std::string>& paths,
                                       std::map<std::string, std::string> texts,
                                       const std::string& standard_input,
                                       const std::map<std::string, std::string>& environment) {
  auto files = std::make_shared<OverlayFiles>(std::move(texts));
  auto variables = std::make_shared<MapEnvironment>(
      std::map<std::string, std::string, std::less<>>(environment.begin(), environment.end()));
  auto set = std::make_shared<check::ConfigSet>(
      check::load_config_set(paths, *files, standard_input, std::move(variables)));
  set->source = std::move(files);
  return set;
}

config::Findings findings_of(const std::vector<config::Finding>& list) {
  config::Findings all;
  for (const config::Finding& f : list) all.add(f);
  return all;
}

std::string kind_of(check::FileKind kind) {
  switch (kind) {
    case check::FileKind::statics: return "static";
    case check::FileKind::dynamics: return "dynamic";
    case check::FileKind::manifests: return "manifests";
    case check::FileKind::helm_values: return "helm values";
    case check::FileKind::compose: return "compose";
    case check::FileKind::pairs: return "pairs";
    case check::FileKind::unknown: return "unknown";
  }
  return "unknown";
}

check::Dialect dialect_of(const std::string& name) {
  const auto dialect = check::dialect_of(name);
  if (!dialect) throw py::value_error("no dialect `" + name + "`: write traefik or standard");
  return *dialect;
}

void bind_conditions(py::module_& m) {
  using kubernetes::gateway::Condition;
  using kubernetes::gateway::StatusPart;
  py::class_<Condition>(m, "Condition", "A condition of a Kubernetes object's status.")
      .def_readonly("type", &Condition::type)
      .def_readonly("status", &Condition::status)
      .def_readonly("reason", &Condition::reason)
      .def_property_readonly("message", [](const Condition& c) { return text_of(c.message); });
  py::class_<StatusPart>(m, "StatusPart",
                         "What an object, a listener, a parent or an ancestor is told.")
      .def_readonly("object", &StatusPart::object)
      .def_readonly("part", &StatusPart::part)
      .def_readonly("conditions", &StatusPart::conditions)
      .def_readonly("facts", &StatusPart::facts);
  m.def(
      "gateway_conditions",
      [](const check::ConfigSet& s, const std::string& dialect) {
        return check::gateway_conditions(s, dialect_of(dialect)).parts;
      },
      py::arg("config"), py::arg("dialect") = "standard",
      "What a Gateway API controller would write into the status of the manifests' objects.");
}

}  // namespace

void bind_config(py::module_& m) {
  using check::ConfigSet;
  using config::Finding;
  py::class_<Finding>(m, "Finding", "Something wrong in a configuration.")
      .def_readonly("code", &Finding::code)
      .def_property_readonly(
          "severity", [](const Finding& f) { return std::string(config::to_string(f.severity)); })
      .def_property_readonly("file",
                             [](const Finding& f) { return std::string(f.span.file_name()); })
      .def_property_readonly("line", [](const Finding& f) { return f.span.line; })
      .def_property_readonly("column", [](const Finding& f) { return f.span.column; })
      .def_property_readonly("object", [](const Finding& f) { return text_of(f.object); })
      .def_property_readonly("message", [](const Finding& f) { return text_of(f.message); })
      .def_property_readonly("remedy", [](const Finding& f) { return text_of(f.remedy); });

  py::class_<ConfigSet, std::shared_ptr<ConfigSet>>(m, "ConfigSet",
                                                    "Files read as one configuration.")
      .def_property_readonly("findings", [](const ConfigSet& s) { return s.findings.list(); })
      .def_property_readonly("files",
                             [](const ConfigSet& s) {
                               py::list out;
                               for (const auto& f : s.files)
                                 out.append(py::make_tuple(f.path, kind_of(f.kind)));
                               return out;
                             })
      .def_property_readonly("statics", [](const ConfigSet& s) {
        py::list out;
        for (const auto& a : s.assemblies)
          out.append(a.synthetic ? std::string() : a.statics->file_name);
        return out;
      });

  m.def("load", &load, py::arg("paths"), py::arg("texts") = std::map<std::string, std::string>{},
        py::arg("standard_input") = "",
        py::arg("environment") = std::map<std::string, std::string>{});
  m.def(
      "check",
      [](const ConfigSet& s, const std::string& dialect) {
        return check::check_config_set(s, dialect_of(dialect)).list();
      },
      py::arg("config"), py::arg("dialect") = "traefik");
  bind_conditions(m);
  // `source_line(file, line)` gives a line's text or None.
  m.def(
      "render_text",
      [](const std::vector<Finding>& list,
         const std::function<std::optional<std::string>(const std::string&, uint32_t)>&
             source_line) {
        return text_of(
            config::render_text(findings_of(list), [&](std::string_view file, uint32_t line) {
              return source_line(std::string(file), line);
            }));
      },
      py::arg("findings"), py::arg("source_line"));
  m.def("render_json", [](const std::vector<Finding>& list) {
    return text_of(config::render_json(findings_of(list)));
  });
  m.def("render_sarif", [](const std::vector<Finding>& list, const std::string& version) {
    return text_of(config::render_sarif(findings_of(list), version));
  });
  m.def("finding_codes", [] {
    py::list out;
    for (const auto& c : config::finding_codes()) {
      out.append(py::make_tuple(std::string(c.code), std::string(config::to_string(c.severity)),
                                std::string(c.title)));
    }
    return out;
  });
}

}  // namespace gateproof::bindings
