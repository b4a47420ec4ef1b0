#include "engine/kubernetes/cluster/store.h"

namespace gateproof::kubernetes::cluster {

namespace {

using config::Value;

// But for the member that has the value `without`.
void convert(const Json& from, Value& to, const SourceSpan& span, const Json* without) {
  to.span = span;
  switch (from.kind()) {
    case Json::Kind::null: to.kind = Value::null; break;
    case Json::Kind::string:
      to.kind = Value::scalar;
      to.quoted = true;
      to.text = from.str();
      break;
    case Json::Kind::array:
      to.kind = Value::sequence;
      to.items.resize(from.size());
      for (size_t i = 0; i < from.size(); ++i) convert(from.items()[i], to.items[i], span, without);
      break;
    case Json::Kind::object:
      to.kind = Value::mapping;
      to.members.reserve(from.size());
      for (const Json::Member& m : from.members()) {
        if (&m.value == without) continue;
        Value::Member& member = to.members.emplace_back();
        member.key = m.key;
        member.key_quoted = true;
        member.key_span = span;
        convert(m.value, member.value, span, without);
      }
      break;
    default: to.kind = Value::scalar; to.text = to_text(from);
  }
}

}  // namespace

const std::string& StoredObject::text() const {
  std::call_once(text_once_, [this] { text_ = to_text(body); });
  return text_;
}

Json StoredObject::in_version(std::string_view version) const {
  std::string wanted = type->api_version(version);
  if (body["apiVersion"].str() == wanted) return body;
  Json out = body;
  out.set("apiVersion", Json(wanted));
  return out;
}

std::shared_ptr<const config::Document> StoredObject::document() const {
  std::call_once(document_once_, [this] {
    auto d = std::make_shared<config::Document>();
    d->file = type->kind + " " + (ns.empty() ? name : ns + "/" + name);
    SourceSpan span;
    span.file = std::make_shared<const std::string>(d->file);
    convert(body, d->root, span, body["metadata"].find("managedFields"));
    document_ = std::move(d);
  });
  return document_;
}

}  // namespace gateproof::kubernetes::cluster
