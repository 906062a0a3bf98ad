// Call scripts: http-api.md section 4.
#include <sodium.h>

#include "http/body_fields.hpp"
#include "http/handlers.hpp"
#include "http/idempotency.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

namespace {

void write_scene(json_writer& w, const zone_clock& zone, const scene_record& s) {
  w.StartObject();
  field(w, "id", value(s.id));
  field(w, "organization_id", s.organization_id);
  field(w, "script_id", s.script_id);
  field(w, "scene_name", s.scene_name);
  field(w, "scene_detail", s.scene_detail);
  field(w, "scene_type", s.scene_type);
  field(w, "scene_status", s.scene_status);
  field(w, "bot_name", s.bot_name);
  field(w, "bot_sex", s.bot_sex);
  field(w, "bot_age", s.bot_age);
  field(w, "bot_post", s.bot_post);
  field(w, "bot_style", s.bot_style);
  field(w, "dialogue_target", s.dialogue_target);
  field(w, "dialogue_bg", s.dialogue_bg);
  field(w, "dialogue_skill", s.dialogue_skill);
  field(w, "dialogue_flow", s.dialogue_flow);
  field(w, "dialogue_constraint", s.dialogue_constraint);
  field(w, "dialogue_opening_prompt", s.dialogue_opening_prompt);
  field(w, "create_time", zone.format(s.create_time));
  key(w, "scene_tags");
  w.StartArray();
  for (const auto& tag : s.scene_tags) {
    w.StartObject();
    field(w, "tag_name", tag.tag_name);
    field(w, "tag_detail", tag.tag_detail);
    field(w, "tags", tag.tags);
    w.EndObject();
  }
  w.EndArray();
  w.EndObject();
}

/// `script_` and eight hex digits.
std::string fresh_script_id() {
  unsigned char bytes[4];
  randombytes_buf(bytes, sizeof bytes);
  char hex[9];
  sodium_bin2hex(hex, sizeof hex, bytes, sizeof bytes);
  return std::string("script_") + hex;
}

/// Reads the body; what the contract gives codes of its own is left to the caller.
scene_record read_scene(body_fields& body) {
  constexpr std::size_t long_text = 20'000;
  scene_record s;
  s.scene_name = body.text("scene_name", 100).value_or("");
  s.scene_detail = body.text("scene_detail", long_text).value_or("");
  s.scene_type = static_cast<int>(body.integer("scene_type", -1000, 1000).value_or(0));
  s.bot_name = body.text("bot_name", 100).value_or("");
  s.bot_sex = body.text("bot_sex", 20).value_or("");
  // The old clients send the age as a number or as text.
  if (const auto age = body.has("bot_age") ? body.text_or_number("bot_age", 20) : std::nullopt) s.bot_age = *age;
  s.bot_post = body.text("bot_post", 200).value_or("");
  s.bot_style = body.text("bot_style", 1000).value_or("");
  s.dialogue_target = body.text("dialogue_target", long_text).value_or("");
  s.dialogue_bg = body.text("dialogue_bg", long_text).value_or("");
  s.dialogue_skill = body.text("dialogue_skill", long_text).value_or("");
  s.dialogue_flow = body.text("dialogue_flow", long_text).value_or("");
  s.dialogue_constraint = body.text("dialogue_constraint", long_text).value_or("");
  s.dialogue_opening_prompt = body.text("dialogue_opening_prompt", long_text).value_or("");
  for (auto& tag : body.objects("scene_tags", 200)) {
    scene_tag t;
    t.tag_name = tag.text("tag_name", 100).value_or("");
    t.tag_detail = tag.text("tag_detail", 2000).value_or("");
    if (tag.has("tags")) t.tags = tag.text_or_list("tags", 2000).value_or("");
    s.scene_tags.push_back(std::move(t));
  }
  return s;
}

std::string created_scene(const scene_record& made) {
  envelope e(200, "场景创建成功");
  auto& w = e.data();
  w.StartObject();
  field(w, "script_id", made.script_id);
  field(w, "scene_name", made.scene_name);
  field(w, "scene_type", made.scene_type);
  w.EndObject();
  return e.done().body;
}

}  // namespace

async<response> create_scene(call& c) {
  body_fields body(c.req.body);
  auto scene = read_scene(body);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  if (trimmed(scene.scene_name).empty()) co_return error_answer(c.req, 400, 4001, "场景名称不能为空");
  if (scene.scene_type != 1 && scene.scene_type != 2)
    co_return error_answer(c.req, 400, 4003, "场景类型无效，只能是 1（官方）或 2（自定义）");
  if (trimmed(scene.bot_name).empty()) co_return error_answer(c.req, 400, 4004, "机器人名称不能为空");
  // Official scenes are shown to every organisation: only administrators make them.
  if (scene.scene_type == 1 && c.user().role != user_role::admin)
    co_return error_answer(c.req, 403, code_unauthorized, "没有权限创建官方场景");
  scene.organization_id = c.organization;
  constexpr int tries = 5;
  for (int i = 0; i < tries; ++i) {
    scene.script_id = fresh_script_id();
    query::create_scene q;
    q.scene = scene;
    std::function<std::string(const scene_record&)> text = created_scene;
    const auto made = co_await create_with_key(c, std::move(q), std::move(text));
    if (made) co_return ready_answer(*made);
    if (auto refused = key_refusal(c.req, made.error())) co_return std::move(*refused);
    if (made.error().code != errc::conflict) co_return failure_answer(c.req, made.error());
  }
  co_return error_answer(c.req, 500, code_operation_failed, "服务内部错误");
}

async<response> list_scenes(call& c) {
  query::list_scenes q;
  q.organization_id = c.organization;
  const auto scenes = co_await c.ask(std::move(q));
  if (!scenes) co_return failure_answer(c.req, scenes.error());
  envelope e(200, "查询成功");
  auto& w = e.data();
  w.StartArray();
  for (const auto& s : *scenes) write_scene(w, c.s.zone, s);
  w.EndArray();
  co_return e.done();
}

async<response> show_scene(call& c) {
  query::list_scenes q;
  q.organization_id = c.organization;
  q.script_id = std::string(c.path_part("script_id"));
  const auto scenes = co_await c.ask(std::move(q));
  if (!scenes && scenes.error().code != errc::not_found) co_return failure_answer(c.req, scenes.error());
  if (!scenes || scenes->empty()) co_return error_answer(c.req, 404, 4004, "场景不存在");
  envelope e(200, "查询成功");
  write_scene(e.data(), c.s.zone, scenes->front());
  co_return e.done();
}

}  // namespace waihu::http
