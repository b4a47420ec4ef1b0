// Builder: one pass from the merged configuration to a snapshot. Objects are built when a router first needs them; each failure
// stays with its object and with those that need it (catalogue 3.0, 6.11).
#pragma once
#include <deque>
#include <set>
#include <unordered_map>

#include "engine/middleware/chain.h"
#include "engine/pipeline/ahead.h"
#include "engine/pipeline/snapshot.h"
#include "engine/pipeline/tls_builder.h"
#include "engine/pipeline/tls_conflicts.h"
#include "engine/upstream/service_group.h"

namespace gateproof::pipeline {

using HandlerPtr = std::shared_ptr<http::Handler>;

class Builder {
 public:
  Builder(const BuildInputs& inputs, Snapshot& out);
  void run();
  // After run(): what is needed for patching the snapshot, and for nothing else.
  void keep_parts();
  // Makes `out`, which has taken over everything of `before`, what `patch` wants. False: it reaches too far.
  bool patch(const Snapshot& before, const config::ConfigPatch& patch);

 private:
  // A router on one set of entry points: itself, or the copy that an entry point with a model gets (catalogue 2.4).
  struct Placement {
    std::string name;
    std::vector<std::string> entry_points;
    const config::EntryPointConfig* model = nullptr;
    TlsClaim::Verdict tls = TlsClaim::Verdict::applies;  // of its TLS options (catalogue 5.3)
  };
  // What is known so far of a unit (parts.h) that is being built.
  struct Draft {
    std::vector<std::string> asked;
    std::vector<std::string> names;
    config::Findings findings;
  };
  // A root router and where it stands, before conflicts of TLS options split it.
  struct Root {
    const config::RouterConfig* config = nullptr;
    std::string original;
    std::vector<std::string> warnings;
    Placement where;
    Draft* draft = nullptr;
  };
  // A router in the tree of parents and children (catalogue 1.7); a split router has a node for each copy.
  struct Node {
    const config::RouterConfig* config = nullptr;
    std::string original;  // name as configured
    Placement where;       // name, entry points and model; of a child the name alone
    std::vector<std::string> children;
    bool reached = false;
    bool built = false;          // `route` and `handler` are final
    bool user = false;           // its service knows of it
    RouterInfo* info = nullptr;  // of the snapshot
    Draft* draft = nullptr;
    HandlerPtr handler;                   // null: the router is not served
    std::shared_ptr<rules::Route> route;  // null: the rule cannot be read
  };
  // Routes of an entry point to come and, of a snapshot that is patched, to go.
  struct Pending {
    std::vector<rules::RoutePtr> plain, secure, https;
  };
  // Findings and lookups are the unit's while it lasts.
  class Building {
   public:
    Building(Builder& builder, Draft& draft)
        : at_(builder.at_), before_(std::exchange(at_, &draft)) {}
    Building(Builder& builder, std::string key)
        : Building(builder, builder.draft(std::move(key))) {}
    ~Building() { at_ = before_; }
    Building(const Building&) = delete;

   private:
    Draft*& at_;
    Draft* before_;
  };

  // builder.cpp
  void add_entry_points();
  void add_listeners(EntryPoint& port);
  void add_root(const std::string& name, const config::RouterConfig& router);
  void reach_all();
  void place_router(Node& node);
  void fail_closed(RouterInfo& info, Node& node);
  bool check_entry_points(const std::string& object, const config::RouterConfig& router);
  // `several`: the router names more than one entry point, so that its copies have names of their own.
  // Whether an entry point has options that are put into its routers (a model, in Traefik's words).
  bool has_model(const config::EntryPointConfig& e) const;
  std::vector<Placement> placements(const std::string& name,
                                    const std::vector<std::string>& entry_points,
                                    bool several) const;
  // Routes are in place before unused objects are looked at, so that these have a status too.
  void build_unused();
  void finish();
  void serve(RouterInfo& info, Node& node);
  // Made when it is not there. Units mostly come in the order of their keys.
  Draft& draft(std::string key) {
    return drafts_.try_emplace(drafts_.end(), std::move(key))->second;
  }
  // The unit that is being built looked for an object of that key.
  void asked(std::string key) {
    if (at_) at_->asked.push_back(std::move(key));
  }
  // What becomes of the middleware depends on an object of that key, whoever uses it.
  void depends(const std::string& middleware, std::string key) {
    drafts_[options_key(middleware)].asked.push_back(std::move(key));
  }
  void tell_parts();
  void gather_findings();

  // builder_patch.cpp
  using Keys = std::set<std::string>;
  bool reaches_too_far(const Snapshot& before) const;
  // What is to be built anew: all that is named, and what asked for it, directly or not. Null: too much.
  std::optional<Keys> affected(const Snapshot& before, const config::ConfigPatch& patch) const;
  void take_out(const Snapshot& before, const Keys& keys);
  void take_out_router(const Snapshot& before, const std::string& copy);
  void forget_user(const Unit& unit, const std::string& user);
  void forget_unit(const std::string& key, const Unit& unit);
  void register_anew(const Keys& keys);
  void build_again(const Keys& keys);
  void patch_tables();
  void forget_internal();

  // builder_tls.cpp
  static const config::RouterTls* tls_of(const config::RouterConfig& router,
                                         const Placement& where);
  // "default" or a qualified name.
  static std::string tls_options_name(const config::RouterTls& tls, const std::string& original);
  void check_tls_objects();
  void add_ocsp();
  void check_transport(const std::string& object, const config::TransportTlsConfig& tls,
                       const SourceSpan& span);
  void place_roots();
  // False: the router's TLS options cannot be used, and it is told.
  bool check_tls(RouterInfo& info, const Node& node);
  // What TLS adds to a router's errors once it is built.
  void check_tls_names(RouterInfo& info, const Node& node);

  // builder_tree.cpp
  void add_nodes();
  // The router without parents that do not exist, where these are left out; null: there are none such.
  const config::RouterConfig* without_lost_parents(const std::string& name,
                                                   const config::RouterConfig& router);
  void add_orphan(const std::string& name, const config::RouterConfig& router);
  Node& add_node(Placement where, const config::RouterConfig& router, const std::string& original,
                 Draft& draft);
  void add_child(const std::string& name, const config::RouterConfig& router);
  void link_children();
  void walk(const std::string& name, std::vector<std::string>& path);
  void cut_cycle(const std::string& victim, const std::vector<std::string>& path);
  bool refuse_both(const Node& node);
  void check_tree();
  void note_user(const std::string& name, const Node& node);
  // The routing of a parent's children; null: none of them can be served, and why is said.
  HandlerPtr child_routes(RouterInfo& parent, const Node& node);
  void build_child(Node& node);

  // builder_rule.cpp
  int provider_rank(const std::string& router) const;
  bool priority_allowed(RouterInfo& info, const config::RouterConfig& router);
  Ahead::ParsedRule parse_rule(const config::RouterConfig& router) const;
  std::shared_ptr<rules::Route> make_route(RouterInfo& info, const config::RouterConfig& router);

  // builder_chain.cpp
  HandlerPtr router_handler(RouterInfo& info, Node& node);
  HandlerPtr router_end(RouterInfo& info, Node& node, const std::string& provider);
  using Steps = std::vector<std::unique_ptr<middleware::Middleware>>;
  // Appends the steps of one middleware (a chain expands in place). False: the router cannot use it; why is told to `user`.
  bool append_steps(Steps& steps, const std::string& name, const SourceSpan& at, ObjectInfo& user,
                    HandlerPtr& instead, std::vector<std::string>& path);
  // The filters of a Gateway API rule or backendRef; `owner` is qualified.
  void append_filters(Steps& steps, const config::RouteFilters& filters, const std::string& owner,
                      ObjectInfo& user);
  bool append_built(Steps& steps, const std::string& name, const config::MiddlewareConfig& m,
                    const middleware::MiddlewareSpec& spec, ObjectInfo& user, HandlerPtr& instead);
  // The service that a middleware's options name; the error disables the middleware.
  Result<HandlerPtr> named_service(const std::string& written, const std::string& middleware);
  bool refuse_middleware(const std::string& name, const config::MiddlewareConfig& m,
                         ObjectInfo& user, const std::string& error, std::string_view code,
                         const std::string& remedy, const SourceSpan& at = {});
  void check_middleware(const std::string& name);

  // builder_service.cpp
  HandlerPtr service(const std::string& name);
  // While a snapshot is patched: the service as it was before, where nothing of it changed.
  bool take_over(const std::string& name);
  // Why service() gave none, in Traefik's words.
  std::string service_problem(const std::string& name) const;
  HandlerPtr build_service(const std::string& name, const config::ServiceConfig& s,
                           ObjectInfo& info);
  HandlerPtr build_load_balancer(const std::string& name, const config::ServiceConfig& s,
                                 ObjectInfo& info);
  std::shared_ptr<TlsConnector> connector(const std::string& service,
                                          const config::ServersTransportConfig& transport);
  // One that depends on nothing but its service.
  Ahead::MadeBalancer plain_balancer(const std::string& name, const config::ServiceConfig& s) const;
  void check_health_options(const std::string& name, const config::LoadBalancerConfig& lb);
  HandlerPtr with_middlewares(const std::string& name, const config::ServiceConfig& s,
                              HandlerPtr end, ObjectInfo& info);

  // builder_composite.cpp
  using GroupKind = upstream::ServiceGroup::Kind;
  HandlerPtr build_group(GroupKind kind, const std::string& name,
                         const std::vector<config::WeightedChild>& children,
                         const std::optional<config::CookieConfig>& sticky, bool checked,
                         ObjectInfo& info);
  HandlerPtr build_mirroring(const std::string& name, const config::MirroringConfig& m,
                             ObjectInfo& info);
  HandlerPtr build_failover(const std::string& name, const config::FailoverConfig& f,
                            ObjectInfo& info);
  // A service by the name that a parent wrote; null: the parent is disabled, and why is said.
  // `wrap` goes in front of what is wrong with the child.
  HandlerPtr child_service(const std::string& parent, const config::Text& written, ObjectInfo& info,
                           const std::string& wrap = {});
  // Lets a parent learn a child's status; false: the parent is disabled, and why is said.
  bool follow_status(const std::string& parent, const config::Text& child,
                     std::function<void(bool)> listener, ObjectInfo& info);
  upstream::StatusSource* source_of(const std::string& parent, const config::Text& child) const;
  void refuse_service(const std::string& name, ObjectInfo& info, const std::string& error,
                      const SourceSpan& at, const std::string& remedy);

  // internal.cpp
  HandlerPtr internal_service(const std::string& name, ObjectInfo& info);
  void note_later_service(const std::string& name, const SourceSpan& at, const RouterInfo& router);
  void add_ping();
  void add_redirections();
  void add_internal_router(const std::string& name, const std::string& entry_point,
                           const std::string& rule, int64_t priority, HandlerPtr handler,
                           bool secure, const SourceSpan& span);

  bool strict() const { return in_.statics->gateproof.strict; }
  void finding(std::string_view code, const SourceSpan& at, const std::string& object,
               const std::string& message, const std::string& remedy);

  const BuildInputs& in_;
  Snapshot& out_;
  const Objects& objects_;
  TlsBuilder tls_;
  std::vector<std::string> defaults_;  // entry points of routers that name none
  std::map<std::string, Pending> pending_, leaving_;
  std::map<std::string, Draft> drafts_;  // of units, by key
  Draft* at_ = nullptr;                  // the one that is being built; null: none
  bool patching_ = false;
  bool too_far_ = false;           // there is something that only a whole build gets right
  std::set<std::string> touched_;  // keys of objects whose users may have changed
  std::unordered_map<std::string, HandlerPtr> services_;              // built; null: disabled
  std::unordered_map<std::string, upstream::StatusSource*> sources_;  // of built services
  bool used_ = true;  // what is built now is for a router, so that its servers are probed
  std::vector<std::string> building_;           // services under construction, the outermost first
  std::map<std::string, std::string> bad_tls_;  // TLS options that cannot be used: Traefik's error
  std::vector<Root> roots_;
  std::deque<config::RouterConfig> reread_;  // routers that are not as they were written
  std::map<std::string, Node> nodes_;        // by the name in the snapshot
  std::optional<Ahead> ahead_;               // none while a snapshot is patched
  std::unordered_map<std::string, std::vector<std::string>>
      copies_;  // names in the snapshot of each root, by its configured name
};

// A handler that always gives the same answer.
HandlerPtr fixed_answer(int status, std::string body);
// An object as nobody has looked at it yet.
void add_info(SharedMap<ObjectInfo>& to, std::string_view kind, const std::string& name,
              const SourceSpan& span);
void sort_users(SharedMap<ObjectInfo>& objects, const std::string& name);

}  // namespace gateproof::pipeline
