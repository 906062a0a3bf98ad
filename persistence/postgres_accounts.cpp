// Accounts, organisations and scenes on PostgreSQL.
#include <optional>
#include <string_view>

#include "messages/model/text.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

#define WAIHU_ORGANIZATION_COLUMNS \
  "id, name, organization_id, organization_type, waihu_ms(create_time), waihu_ms(end_time)"
#define WAIHU_SCENE_COLUMNS                                                                                \
  "id, organization_id, script_id, scene_name, scene_detail, scene_type, scene_status, bot_name, bot_sex," \
  " bot_age, bot_post, bot_style, dialogue_target, dialogue_bg, dialogue_skill, dialogue_flow,"            \
  " dialogue_constraint, dialogue_opening_prompt, waihu_ms(create_time)"

constexpr statement select_user_by_name{"select_user_by_name",
                                        "select " WAIHU_USER_COLUMNS " from users where username = $1"};
constexpr statement select_user_by_id{"select_user_by_id", "select " WAIHU_USER_COLUMNS " from users where id = $1"};
#define WAIHU_USERS_HOLDING                                      \
  " from users where $1 = '' or strpos(lower(username), $1) > 0" \
  " or strpos(coalesce(phone, ''), $1) > 0"                      \
  " or strpos(lower(organization_id), $1) > 0"                   \
  " or strpos(lower(dcc_user_org_id), $1) > 0"
constexpr statement count_users{"count_users", "select count(*)" WAIHU_USERS_HOLDING};
constexpr statement select_users{"select_users",
                                 "select " WAIHU_USER_COLUMNS WAIHU_USERS_HOLDING " order by id limit $2 offset $3"};
#undef WAIHU_USERS_HOLDING
// Two who take the role from one another wait here for each other, and the second sees what the first has left.
constexpr statement lock_administrators{"lock_administrators",
                                        "select id from users where user_role = 1 order by id for update"};
constexpr statement update_role{
    "update_role", "update users set user_role = $2, update_time = now() where id = $1 returning " WAIHU_USER_COLUMNS};
constexpr statement count_organizations{"count_organizations", "select count(*) from organizations"};
constexpr statement select_organizations{
    "select_organizations", "select " WAIHU_ORGANIZATION_COLUMNS " from organizations order by id limit $1 offset $2"};
constexpr statement update_password{
    "update_password", "update users set password = $3, update_time = now() where id = $1 and password = $2"};
constexpr statement find_taken_account{"find_taken_account",
                                       "select username = $1 from users where username = $1 or phone = nullif($2, '') "
                                       "order by username = $1 desc limit 1"};
constexpr statement insert_user{
    "insert_user",
    "insert into users (username, password, phone, organization_id, dcc_user, dcc_user_org_id, user_role)"
    " values ($1, $2, nullif($3, ''), $4, $5, $6, $7) on conflict do nothing returning " WAIHU_USER_COLUMNS};
constexpr statement find_taken_organization{
    "find_taken_organization",
    "select name = $1 from organizations where name = $1 or organization_id = $2 order by name = $1 desc limit 1"};
constexpr statement insert_organization{"insert_organization",
                                        "insert into organizations (name, organization_id, organization_type, end_time)"
                                        " values ($1, $2, $3, now() + $4::integer * interval '1 day')"
                                        " on conflict do nothing returning " WAIHU_ORGANIZATION_COLUMNS};
constexpr statement select_organization{
    "select_organization", "select " WAIHU_ORGANIZATION_COLUMNS " from organizations where organization_id = $1"};
constexpr statement insert_scene{
    "insert_scene",
    "insert into auto_call_scene (organization_id, script_id, scene_name, scene_detail, scene_type, scene_status,"
    " bot_name, bot_sex, bot_age, bot_post, bot_style, dialogue_target, dialogue_bg, dialogue_skill, dialogue_flow,"
    " dialogue_constraint, dialogue_opening_prompt)"
    " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
    " on conflict do nothing returning " WAIHU_SCENE_COLUMNS};
constexpr statement insert_scene_tags{"insert_scene_tags",
                                      "insert into scene_tags (scene_id, tag_name, tag_detail, tags)"
                                      " select $1, name, detail, tags from unnest($2::text[], $3::text[], $4::text[])"
                                      " with ordinality as i(name, detail, tags, n) order by n"};
constexpr statement select_scenes{
    "select_scenes",
    "select " WAIHU_SCENE_COLUMNS
    " from auto_call_scene"
    " where scene_status = 1 and (organization_id = $1 or scene_type = 1) and ($2 = '' or script_id = $2) order by id"};
constexpr statement select_scene_tags{
    "select_scene_tags",
    "select scene_id, tag_name, tag_detail, tags from scene_tags where scene_id = any($1::bigint[]) order by id"};

organization_record read_organization(const pqxx::row& row) {
  row_reader r{row};
  organization_record o;
  o.id = r.number();
  o.name = r.text();
  o.organization_id = r.text();
  o.organization_type = r.small();
  o.create_time = r.instant();
  o.end_time = r.maybe_instant();
  return o;
}

scene_record read_scene(const pqxx::row& row) {
  row_reader r{row};
  scene_record s;
  s.id = scene_id{r.number()};
  s.organization_id = r.text();
  s.script_id = r.text();
  s.scene_name = r.text();
  s.scene_detail = r.text();
  s.scene_type = r.small();
  s.scene_status = r.small();
  for (auto* field :
       {&s.bot_name, &s.bot_sex, &s.bot_age, &s.bot_post, &s.bot_style, &s.dialogue_target, &s.dialogue_bg,
        &s.dialogue_skill, &s.dialogue_flow, &s.dialogue_constraint, &s.dialogue_opening_prompt})
    *field = r.text();
  s.create_time = r.instant();
  return s;
}

}  // namespace

result<user_record> postgres_store::run(const query::user_by_name& q) {
  return session_.transact<user_record>(postgres_session::mode::read, [&](postgres_work& work) -> result<user_record> {
    const auto rows = work.run(select_user_by_name, storable_text(q.username));
    if (rows.empty()) return fail(errc::not_found, "no such user");
    return user_of(rows[0]);
  });
}

result<user_record> postgres_store::run(const query::user_by_id& q) {
  return session_.transact<user_record>(postgres_session::mode::read, [&](postgres_work& work) -> result<user_record> {
    const auto rows = work.run(select_user_by_id, value(q.id));
    if (rows.empty()) return fail(errc::not_found, "no such user");
    return user_of(rows[0]);
  });
}

result<bool> postgres_store::run(const query::replace_password& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    return work.run(update_password, value(q.id), q.old_hash, q.new_hash).affected_rows() == 1;
  });
}

result<user_record> postgres_store::run(const query::create_user& q) {
  return session_.transact<user_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<user_record> {
    work.learn_transaction_id();
    const auto name = storable_text(q.username);
    const auto phone = storable_text(q.phone);
    if (name.empty()) return fail(errc::invalid_argument, "a user needs a name");
    const auto rows = work.run(insert_user, name, q.password_hash, phone, storable_text(q.organization_id),
                               storable_text(q.dcc_user), storable_text(q.dcc_user_org_id), static_cast<int>(q.role));
    if (!rows.empty()) return user_of(rows[0]);
    const auto taken = work.run(find_taken_account, name, phone);
    const bool by_name = taken.empty() || taken[0][0].as<bool>();
    return fail(errc::conflict, by_name ? "the user name is taken" : "the phone number is taken",
                by_name ? "username" : "phone");
  });
}

result<query::page_of<user_record>> postgres_store::run(const query::list_users& q) {
  using page_type = query::page_of<user_record>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    const auto holding = lower_ascii(storable_text(q.holding));
    auto page = page_for<user_record>(q.page, work.run(count_users, holding)[0][0].as<std::int64_t>());
    for (const auto& row : work.run(select_users, holding, page.page_size, offset_of(page)))
      page.items.push_back(user_of(row));
    return page;
  });
}

result<user_record> postgres_store::run(const query::set_user_role& q) {
  return session_.transact<user_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<user_record> {
    work.learn_transaction_id();
    const auto administrators = work.run(lock_administrators);
    const bool is_last = administrators.size() == 1 && administrators[0][0].as<std::int64_t>() == value(q.id);
    if (is_last && q.role != user_role::admin) return fail(errc::rejected, "this is the last administrator");
    const auto rows = work.run(update_role, value(q.id), static_cast<int>(q.role));
    if (rows.empty()) return fail(errc::not_found, "no such user");
    return user_of(rows[0]);
  });
}

result<query::page_of<organization_record>> postgres_store::run(const query::list_organizations& q) {
  using page_type = query::page_of<organization_record>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    auto page = page_for<organization_record>(q.page, work.run(count_organizations)[0][0].as<std::int64_t>());
    for (const auto& row : work.run(select_organizations, page.page_size, offset_of(page)))
      page.items.push_back(read_organization(row));
    return page;
  });
}

result<organization_record> create_in(postgres_work& work, const query::create_organization& q) {
  const auto name = storable_text(q.name);
  const auto id = storable_text(q.organization_id);
  if (name.empty() || id.empty()) return fail(errc::invalid_argument, "an organisation needs a name and an id");
  const auto rows = work.run(insert_organization, name, id, q.organization_type, q.end_time_days);
  if (!rows.empty()) return read_organization(rows[0]);
  const auto taken = work.run(find_taken_organization, name, id);
  const bool by_name = taken.empty() || taken[0][0].as<bool>();
  return fail(errc::conflict, by_name ? "the organisation's name is taken" : "the organisation's id is taken",
              by_name ? "name" : "organization_id");
}

result<organization_record> postgres_store::run(const query::create_organization& q) {
  using answer = organization_record;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    return create_in(work, q);
  });
}

result<organization_record> postgres_store::run(const query::organization_by_id& q) {
  return session_.transact<organization_record>(
      postgres_session::mode::read, [&](postgres_work& work) -> result<organization_record> {
        const auto rows = work.run(select_organization, storable_text(q.organization_id));
        if (rows.empty()) return fail(errc::not_found, "no such organisation");
        return read_organization(rows[0]);
      });
}

result<scene_record> create_in(postgres_work& work, const query::create_scene& q) {
  const auto& s = q.scene;
  if (s.script_id.empty()) return fail(errc::invalid_argument, "a scene needs a script id");
  const auto rows = work.run(
      insert_scene, storable_text(s.organization_id), storable_text(s.script_id), storable_text(s.scene_name),
      storable_text(s.scene_detail), s.scene_type, s.scene_status, storable_text(s.bot_name), storable_text(s.bot_sex),
      storable_text(s.bot_age), storable_text(s.bot_post), storable_text(s.bot_style), storable_text(s.dialogue_target),
      storable_text(s.dialogue_bg), storable_text(s.dialogue_skill), storable_text(s.dialogue_flow),
      storable_text(s.dialogue_constraint), storable_text(s.dialogue_opening_prompt));
  if (rows.empty()) return fail(errc::conflict, "the script has a scene already", "script_id");
  auto made = read_scene(rows[0]);
  array_literal names, details, tags;
  for (const auto& t : s.scene_tags) {
    names.add(t.tag_name);
    details.add(t.tag_detail);
    tags.add(t.tags);
    made.scene_tags.push_back({storable_text(t.tag_name), storable_text(t.tag_detail), storable_text(t.tags)});
  }
  if (!s.scene_tags.empty()) work.run(insert_scene_tags, value(made.id), names.text(), details.text(), tags.text());
  return made;
}

result<scene_record> postgres_store::run(const query::create_scene& q) {
  using answer = scene_record;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    return create_in(work, q);
  });
}

result<std::vector<scene_record>> postgres_store::run(const query::list_scenes& q) {
  return session_.transact<std::vector<scene_record>>(
      postgres_session::mode::read, [&](postgres_work& work) -> result<std::vector<scene_record>> {
        std::vector<scene_record> out;
        if (q.script_id && q.script_id->empty()) return out;
        std::unordered_map<std::int64_t, std::size_t> position;
        std::vector<std::int64_t> ids;
        for (const auto& row :
             work.run(select_scenes, storable_text(q.organization_id), storable_text(q.script_id.value_or("")))) {
          out.push_back(read_scene(row));
          ids.push_back(value(out.back().id));
          position[ids.back()] = out.size() - 1;
        }
        if (out.empty()) return out;
        for (const auto& row : work.run(select_scene_tags, array_of(ids))) {
          row_reader r{row};
          auto& scene = out[position.at(r.number())];
          scene_tag tag;
          tag.tag_name = r.text();
          tag.tag_detail = r.text();
          tag.tags = r.text();
          scene.scene_tags.push_back(std::move(tag));
        }
        return out;
      });
}

}  // namespace waihu
