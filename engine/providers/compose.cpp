#include "engine/providers/compose.h"

#include <set>

#include "engine/base/text.h"
#include "engine/config/schema.h"
#include "engine/providers/interpolate.h"

namespace gateproof::providers {

using config::Value;

namespace {

std::string plain_text(const Value& v) {
  config::Findings ignored;
  config::DecodeContext c{ignored, ""};
  return config::scalar_text(v, c).value_or(v.kind == Value::scalar ? v.text : "");
}

std::string text_at(const Value* v, std::string_view key) {
  const Value* found = v ? v->find(key) : nullptr;
  return found ? plain_text(*found) : std::string();
}

// Compose's own normalisation: lower case, and nothing but letters, digits, '-' and '_', of which the first is none.
std::string project_name(std::string_view s) {
  std::string out;
  for (char c : text::to_lower(s)) {
    if (text::is_alnum(c) || ((c == '-' || c == '_') && !out.empty())) out += c;
  }
  return out;
}

std::string project_of(const config::Document& d, const Environment& environment) {
  std::string name = text_at(&d.root, "name");
  if (name.empty()) name = environment.get("COMPOSE_PROJECT_NAME").value_or("");
  if (name.empty()) {
    const size_t slash = d.file.rfind('/');
    const std::string_view folder =
        slash == std::string::npos ? std::string_view() : std::string_view(d.file).substr(0, slash);
    name = folder.substr(folder.rfind('/') + 1);
  }
  name = project_name(name);
  return name.empty() ? "default" : name;
}

uint16_t port_number(std::string_view s) {
  const auto n = text::parse_int(s);
  return n && *n > 0 && *n <= UINT16_MAX ? uint16_t(*n) : 0;
}

// One file's services.
class Reader {
 public:
  Reader(const config::Document& d, bool swarm, const Environment& environment,
         config::Findings& findings)
      : document_(d),
        swarm_(swarm),
        environment_(environment),
        findings_(findings),
        project_(project_of(d, environment)) {}

  std::vector<Container> run() {
    const Value* services = document_.root.find("services");
    if (services) {
      for (const Value::Member& m : services->members) service(m);
    }
    return std::move(out_);
  }

 private:
  void finding(std::string_view code, const SourceSpan& at, std::string message,
               std::string remedy) {
    findings_.add(code, at, object_, std::move(message), std::move(remedy));
  }

  // A value with its variables.
  std::string with_variables(std::string_view text, const SourceSpan& at) {
    if (text.find('$') == text.npos) return std::string(text);
    Interpolated done = interpolate(text, environment_);
    for (const std::string& name : done.missing) {
      finding("GP0008", at,
              "the variable " + text::quote(name) + " is not given: compose takes an empty text",
              "give it as compose's environment has it; a dollar sign of the value's own is $$");
    }
    if (done.malformed) {
      finding("GP1209", at, "compose takes no single $ here: invalid interpolation format",
              "write $$ for a dollar sign");
    }
    return std::move(done.text);
  }

  void service(const Value::Member& m) {
    object_ = "service " + m.key;
    const Value& v = m.value;
    const Value* deploy = v.find("deploy");
    Container c;
    c.span = m.key_span;
    c.object = object_;
    c.labels = labels_of(swarm_ ? (deploy ? deploy->find("labels") : nullptr) : v.find("labels"));
    read_ports(v, c);
    const std::string host = m.key;
    int64_t replicas = 1;
    for (const std::string& written :
         {text_at(deploy, "replicas"), std::string(text_at(&v, "scale"))}) {
      if (written.empty()) continue;
      const std::string given = with_variables(written, v.span);
      replicas = text::parse_int(given).value_or(1);
    }
    if (replicas > compose_replicas_max) {
      finding("GP0003", m.key_span,
              std::to_string(replicas) + " replicas: the first " +
                  std::to_string(compose_replicas_max) + " are looked at (compose_replicas_max)",
              "write fewer");
      replicas = compose_replicas_max;
    }
    const std::string container_name = with_variables(text_at(&v, "container_name"), m.key_span);
    for (int64_t n = 1; n <= replicas; ++n) {
      Container one = c;
      const std::string number = std::to_string(n);
      one.id = std::string(4 - std::min<size_t>(4, number.size()), '0') + number;
      one.name = project_ + (swarm_ ? "_" : "-") + m.key + (swarm_ ? "." : "-") + number;
      if (!swarm_ && !container_name.empty()) one.name = container_name;
      one.service_name = swarm_ ? project_ + "_" + m.key : one.name;
      add_own_labels(one, m.key, number);
      add_networks(v, one, replicas > 1 ? host + "-" + number : host);
      out_.push_back(std::move(one));
    }
  }

  // What compose writes on every container, and `docker stack` on every service.
  void add_own_labels(Container& c, const std::string& service, const std::string& number) {
    const auto add = [&c](const char* key, const std::string& value) {
      if (!c.label(key)) c.labels.push_back({key, c.span, value, c.span});
    };
    if (swarm_) {
      add("com.docker.stack.namespace", project_);
      return;
    }
    add("com.docker.compose.project", project_);
    add("com.docker.compose.service", service);
    add("com.docker.compose.container-number", number);
  }

  std::vector<config::Label> labels_of(const Value* v) {
    std::vector<config::Label> out;
    std::map<std::string, size_t> index;
    if (!v) return out;
    for (const Value::Member& m : v->members) {
      const std::string value = plain_text(m.value);
      keep(out, index,
           {m.key, m.key_span, with_variables(value, m.value.span),
            m.value.kind == Value::null ? m.key_span : m.value.span});
    }
    for (const Value& item : v->items) {
      if (item.kind != Value::scalar) continue;
      config::Label label = config::label_from_text(item.text, item.span);
      label.key = with_variables(label.key, label.key_span);
      label.value = with_variables(label.value, label.value_span);
      keep(out, index, std::move(label));
    }
    return out;
  }

  void keep(std::vector<config::Label>& labels, std::map<std::string, size_t>& index,
            config::Label label) {
    const auto [at, fresh] = index.emplace(label.key, labels.size());
    if (fresh) {
      labels.push_back(std::move(label));
      return;
    }
    config::Label& before = labels[at->second];
    finding("GP1208", label.key_span,
            "the label " + label.key + " stands at " + before.key_span.to_string() +
                " too: the last one counts",
            "keep one of the two");
    before = std::move(label);
  }

  // ---- ports ----

  void read_ports(const Value& v, Container& c) {
    if (swarm_) return;  // tasks show no ports: the label has to name one
    const Value* expose = v.find("expose");
    const Value* ports = v.find("ports");
    c.image_ports_unknown = !expose && !ports;
    if (expose) {
      for (const Value& item : expose->items) {
        const std::string text = with_variables(plain_text(item), item.span);
        add_range(text.substr(0, text.find('/')), "", "", c);
      }
    }
    if (!ports) return;
    for (const Value& item : ports->items) {
      if (item.kind == Value::mapping) {
        add_range(with_variables(text_at(&item, "target"), item.span),
                  with_variables(text_at(&item, "host_ip"), item.span),
                  with_variables(text_at(&item, "published"), item.span), c);
      } else {
        short_port(with_variables(plain_text(item), item.span), c);
      }
    }
  }

  // "80", "8080:80", "127.0.0.1:8080:80/udp", "3000-3005".
  void short_port(std::string text, Container& c) {
    text = text.substr(0, text.find('/'));
    const size_t last = text.rfind(':');
    if (last == text.npos) return add_range(text, "", "", c);
    const std::string container = text.substr(last + 1);
    const std::string left = text.substr(0, last);
    const size_t colon = left.rfind(':');
    if (colon == left.npos) return add_range(container, "", left, c);
    std::string ip = left.substr(0, colon);
    if (ip.starts_with('[') && ip.ends_with(']')) ip = ip.substr(1, ip.size() - 2);
    add_range(container, ip, left.substr(colon + 1), c);
  }

  void add_range(const std::string& range, const std::string& ip, const std::string& published,
                 Container& c) {
    const size_t dash = range.find('-');
    const uint16_t from = port_number(range.substr(0, dash));
    const uint16_t to = dash == range.npos ? from : port_number(range.substr(dash + 1));
    // Of a published range the host's ports count with the container's.
    const uint16_t host = port_number(published.substr(0, published.find('-')));
    for (uint32_t p = from; from != 0 && p <= to; ++p) {
      const std::string host_port = host ? std::to_string(host + (p - from)) : std::string();
      c.ports.push_back({uint16_t(p), ip, host_port});
    }
  }

  // ---- networks ----

  std::string network_name(const std::string& key) const {
    const Value* networks = document_.root.find("networks");
    const Value* options = networks ? networks->find(key) : nullptr;
    const Value* external = options ? options->find("external") : nullptr;
    std::string name = text_at(options, "name");
    if (name.empty()) name = text_at(external, "name");  // the old spelling
    if (!name.empty()) return interpolate(name, environment_).text;
    return external && external->str() != "false" ? key : project_ + "_" + key;
  }

  void add_networks(const Value& v, Container& c, const std::string& host) {
    const std::string mode = with_variables(text_at(&v, "network_mode"), v.span);
    if (mode == "none") return;
    c.host_network = mode == "host";
    if (c.host_network) {
      c.networks["host"] = "127.0.0.1";
      return;
    }
    if (mode.starts_with("service:")) {
      c.networks[network_name("default")] = mode.substr(mode.find(':') + 1);
      return;
    }
    if (!mode.empty()) {
      c.networks[mode] = host;
      return;
    }
    const Value* networks = v.find("networks");
    if (!networks || (networks->items.empty() && networks->members.empty())) {
      c.networks[network_name("default")] = host;
      return;
    }
    for (const Value& item : networks->items) c.networks[network_name(plain_text(item))] = host;
    for (const Value::Member& m : networks->members) {
      const std::string fixed = text_at(&m.value, "ipv4_address");
      c.networks[network_name(m.key)] = fixed.empty() ? host : with_variables(fixed, m.value.span);
    }
  }

  const config::Document& document_;
  bool swarm_;
  const Environment& environment_;
  config::Findings& findings_;
  std::string project_;
  std::string object_;
  std::vector<Container> out_;
};

const Value* labels_under(const Value& service, bool deploy) {
  const Value* at = deploy ? service.find("deploy") : &service;
  return at ? at->find("labels") : nullptr;
}

// The place of the first label of Traefik's.
SourceSpan first_traefik_label(const Value* labels) {
  if (!labels) return {};
  for (const Value::Member& m : labels->members) {
    if (text::istarts_with(m.key, "traefik.")) return m.key_span;
  }
  for (const Value& item : labels->items) {
    if (text::istarts_with(item.str(), "traefik.")) return item.span;
  }
  return {};
}

}  // namespace

const config::Label* Container::label(std::string_view key) const {
  for (const config::Label& l : labels) {
    if (l.key == key) return &l;
  }
  return nullptr;
}

std::map<std::string, std::string> Container::label_map() const {
  std::map<std::string, std::string> out;
  for (const config::Label& l : labels) out[l.key] = l.value;
  return out;
}

bool is_compose(const config::Document& d) {
  const Value* services = d.root.kind == Value::mapping ? d.root.find("services") : nullptr;
  if (!services || services->kind != Value::mapping) return false;
  constexpr std::string_view of_services[] = {"image",    "build",      "labels",  "deploy",
                                              "ports",    "expose",     "extends", "command",
                                              "networks", "environment"};
  for (const Value::Member& m : services->members) {
    for (const std::string_view key : of_services) {
      if (m.value.find(key)) return true;
    }
  }
  return false;
}

std::vector<Container> containers_of(const config::Document& document, bool swarm,
                                     const Environment& environment, config::Findings& findings) {
  return Reader(document, swarm, environment, findings).run();
}

LabelPlaces label_places(const config::Document& document) {
  LabelPlaces out;
  const Value* services = document.root.find("services");
  if (!services) return out;
  for (const Value::Member& m : services->members) {
    for (const bool deploy : {false, true}) {
      const SourceSpan at = first_traefik_label(labels_under(m.value, deploy));
      if (!at.known()) continue;
      bool& seen = deploy ? out.deploy : out.labels;
      if (!seen) (deploy ? out.first_deploy : out.first_label) = at;
      seen = true;
    }
  }
  return out;
}

}  // namespace gateproof::providers
