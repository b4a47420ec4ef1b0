#include "engine/base/crypto.h"
#include "engine/kubernetes/cluster/api_resources.h"
#include "engine/kubernetes/cluster/request_body.h"

namespace gateproof::kubernetes::cluster {

namespace {

Json user_info(const Caller& caller) {
  Json groups = Json::array();
  for (const std::string& g : caller.groups) groups.push(Json(g));
  return json_object({{"username", Json(caller.name)}, {"groups", std::move(groups)}});
}

// Everybody may do everything: there is no RBAC in this cluster.
Json everything_rules() {
  const Json all = json_array({Json("*")});
  return json_object(
      {{"incomplete", Json(false)},
       {"resourceRules",
        json_array({json_object({{"verbs", all}, {"apiGroups", all}, {"resources", all}})})},
       {"nonResourceRules",
        json_array({json_object({{"verbs", all}, {"nonResourceURLs", all}})})}});
}

Json token_status(std::string_view asked, const Caller& caller, std::string_view token) {
  if (token.empty() || !crypto::equal_constant_time(asked, token)) {
    return json_object({{"authenticated", Json(false)}, {"error", Json("unknown token")}});
  }
  return json_object({{"authenticated", Json(true)}, {"user", user_info(caller)}});
}

}  // namespace

bool answer_review(const ApiCall& call, const Caller& caller, std::string_view token,
                   http::Response& response) {
  const ResourcePath& p = call.path;
  if (call.method != "POST" || p.version != "v1" || !p.ns.empty() || !p.name.empty()) return false;
  std::string_view kind;
  if (p.group == "authorization.k8s.io") {
    if (p.plural == "selfsubjectaccessreviews") kind = "SelfSubjectAccessReview";
    if (p.plural == "subjectaccessreviews") kind = "SubjectAccessReview";
    if (p.plural == "selfsubjectrulesreviews") kind = "SelfSubjectRulesReview";
  } else if (p.group == "authentication.k8s.io") {
    if (p.plural == "selfsubjectreviews") kind = "SelfSubjectReview";
    if (p.plural == "tokenreviews") kind = "TokenReview";
  }
  if (kind.empty()) return false;
  Reply<Json> body = decode_body(call.content_type, call.body);
  if (!body) {
    set_status(response, body.error());
    return true;
  }
  Json review = std::move(*body);
  review.set("apiVersion", Json(p.group + "/" + p.version));
  review.set("kind", Json(kind));
  review.make("metadata.creationTimestamp") = Json();
  if (kind == "SelfSubjectRulesReview") {
    review.set("status", everything_rules());
  } else if (kind == "SelfSubjectReview") {
    review.set("status", json_object({{"userInfo", user_info(caller)}}));
  } else if (kind == "TokenReview") {
    review.set("status", token_status(review.at("spec.token").str(), caller, token));
  } else {
    review.set("status", json_object({{"allowed", Json(true)}}));
  }
  set_json(response, 201, to_text(review));
  return true;
}

}  // namespace gateproof::kubernetes::cluster
