// What the bind files share. One bind file per area; module.cpp calls them in order.
#pragma once
#include <pybind11/functional.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include "engine/check/config_set.h"
#include "engine/sim/world.h"

namespace gateproof::bindings {

namespace py = pybind11;

void bind_config(py::module_& m);
void bind_hosts(py::module_& m);
void bind_redis(py::module_& m);
void bind_outcome(py::module_& m);
void bind_world(py::module_& m);
void bind_server(py::module_& m);
void bind_cluster(py::module_& m);
void bind_rules(py::module_& m);
void bind_catalogue(py::module_& m);
void bind_plugins(py::module_& m);

// Files of the machine, with texts in memory laid over them (path -> text).
class OverlayFiles;

// A script that asks a Python callable; the first exception it raises is kept and raised again after the run.
struct PythonErrors {
  std::exception_ptr first;
  void rethrow() {
    if (!first) return;
    std::exception_ptr e = std::exchange(first, nullptr);
    std::rethrow_exception(e);
  }
};
// Raised in Python as DeadlockError or BudgetExceeded, StartError (gateproof.errors).
struct StuckRun {
  std::string tasks;
  bool budget = false;
};
struct StartFailure {
  std::string message;
};
void bind_errors(py::module_& m);

sim::Host python_host(std::string name, py::object script, std::shared_ptr<PythonErrors> errors);

// A callable (connection, piece, ended) -> [(what, bytes, nanoseconds to wait first)], `what` being send, half_close or close.
decltype(sim::TcpHost::react) python_reactions(py::object script,
                                               std::shared_ptr<PythonErrors> errors);

// What became of one object, as a dict {name, status, errors, ...}.
py::dict object_info(const pipeline::ObjectInfo& info);
py::list routers_of(const pipeline::Snapshot& snapshot);
// With `servers` of load balancers: URL to UP or DOWN.
py::list services_of(const pipeline::Snapshot& snapshot);
py::list objects_of(const std::map<std::string, pipeline::ObjectInfo>& objects);
py::list objects_of(const SharedMap<pipeline::ObjectInfo>& objects);

// Latin-1, so that every byte a peer may send has a text.
py::str text_of(std::string_view bytes);
std::string bytes_of(const py::handle& text);

}  // namespace gateproof::bindings
