// DCC accounts on PostgreSQL: the accounts, who has verified which, and who is bound to which.
#include "messages/model/text.hpp"
#include "persistence/page_rule.hpp"
#include "persistence/postgres_rows.hpp"
#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

#define WAIHU_DCC_COLUMNS "d.id, d.user_name, d.user_password, d.user_org_id, d.user_status, waihu_ms(d.create_time)"

constexpr statement select_dcc_by_name{"select_dcc_by_name",
                                       "select " WAIHU_DCC_COLUMNS " from dcc_user d where d.user_name = $1"};
constexpr statement update_dcc_password{
    "update_dcc_password",
    "update dcc_user set user_password = $3, update_time = now() where id = $1 and user_password = $2"};
constexpr statement forget_verifications{
    "forget_verifications", "delete from dcc_verifications where user_id = $1 and verified_at < waihu_at($2)"};
constexpr statement upsert_verification{
    "upsert_verification",
    "insert into dcc_verifications (user_id, dcc_user_id, verified_at) values ($1, $2, waihu_at($3))"
    " on conflict (user_id, dcc_user_id) do update set verified_at = excluded.verified_at"};
constexpr statement bind_user{
    "bind_user",
    "update users set dcc_user = $2, dcc_user_org_id = $3, update_time = now() where id = $1 and exists ("
    " select from dcc_user d join dcc_verifications v on v.dcc_user_id = d.id and v.user_id = $1"
    " where d.user_name = $2 and d.user_org_id = $3 and d.user_status = 1 and v.verified_at >= waihu_at($4))"
    " returning " WAIHU_USER_COLUMNS};
constexpr statement unbind_user{
    "unbind_user",
    "update users set dcc_user = '', dcc_user_org_id = '', update_time = now() where id = $1"
    " returning " WAIHU_USER_COLUMNS};
constexpr statement is_user{"is_user", "select from users where id = $1"};
constexpr statement insert_dcc_user{
    "insert_dcc_user",
    "insert into dcc_user as d (user_name, user_password, user_org_id) values ($1, $2, $3)"
    " on conflict do nothing returning " WAIHU_DCC_COLUMNS};
constexpr statement find_taken_dcc{"find_taken_dcc",
                                   "select user_name = $1 from dcc_user where user_name = $1 or user_org_id = $2"
                                   " order by user_name = $1 desc limit 1"};
constexpr statement update_dcc_status{
    "update_dcc_status",
    "update dcc_user d set user_status = $2, update_time = now() where id = $1 returning " WAIHU_DCC_COLUMNS};
constexpr statement count_dcc_users{"count_dcc_users", "select count(*) from dcc_user"};
constexpr statement select_dcc_users{"select_dcc_users",
                                     "select " WAIHU_DCC_COLUMNS " from dcc_user d order by d.id limit $1 offset $2"};

dcc_user_record dcc_user_of(const pqxx::row& row) {
  row_reader r{row};
  dcc_user_record d;
  d.id = r.number();
  d.user_name = r.text();
  d.password_hash = r.text();
  d.user_org_id = r.text();
  d.user_status = r.small();
  d.create_time = r.instant();
  return d;
}

}  // namespace

result<dcc_user_record> postgres_store::run(const query::dcc_user_by_name& q) {
  using answer = dcc_user_record;
  return session_.transact<answer>(postgres_session::mode::read, [&](postgres_work& work) -> result<answer> {
    const auto rows = work.run(select_dcc_by_name, storable_text(q.user_name));
    if (rows.empty()) return fail(errc::not_found, "no such DCC account");
    return dcc_user_of(rows[0]);
  });
}

result<bool> postgres_store::run(const query::replace_dcc_password& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    return work.run(update_dcc_password, q.id, q.old_hash, q.new_hash).affected_rows() == 1;
  });
}

result<bool> postgres_store::run(const query::note_dcc_verified& q) {
  return session_.transact<bool>(postgres_session::mode::write, [&](postgres_work& work) -> result<bool> {
    work.learn_transaction_id();
    const auto oldest = to_epoch_ms(q.at - query::dcc_verification_life);
    work.run(forget_verifications, value(q.user), oldest);
    work.run(upsert_verification, value(q.user), q.dcc_id, to_epoch_ms(q.at));
    return true;
  });
}

result<user_record> postgres_store::run(const query::associate_dcc& q) {
  return session_.transact<user_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<user_record> {
    work.learn_transaction_id();
    const auto rows = work.run(bind_user, value(q.user), storable_text(q.dcc_user), storable_text(q.dcc_user_org_id),
                               to_epoch_ms(q.at - query::dcc_verification_life));
    if (!rows.empty()) return user_of(rows[0]);
    if (work.run(is_user, value(q.user)).empty()) return fail(errc::not_found, "no such user");
    return fail(errc::rejected, "the DCC account was not verified by this user a short time ago");
  });
}

result<user_record> postgres_store::run(const query::disassociate_dcc& q) {
  return session_.transact<user_record>(postgres_session::mode::write, [&](postgres_work& work) -> result<user_record> {
    work.learn_transaction_id();
    const auto rows = work.run(unbind_user, value(q.user));
    if (rows.empty()) return fail(errc::not_found, "no such user");
    return user_of(rows[0]);
  });
}

result<dcc_user_record> create_in(postgres_work& work, const query::create_dcc_user& q) {
  const auto name = storable_text(q.user_name);
  const auto organization = storable_text(q.user_org_id);
  if (name.empty() || organization.empty())
    return fail(errc::invalid_argument, "a DCC account needs a name and an organisation");
  const auto rows = work.run(insert_dcc_user, name, q.password_hash, organization);
  if (!rows.empty()) return dcc_user_of(rows[0]);
  const auto taken = work.run(find_taken_dcc, name, organization);
  const bool by_name = taken.empty() || taken[0][0].as<bool>();
  return fail(errc::conflict, by_name ? "the account's name is taken" : "the organisation has an account already",
              by_name ? "user_name" : "user_org_id");
}

result<dcc_user_record> postgres_store::run(const query::create_dcc_user& q) {
  using answer = dcc_user_record;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    return create_in(work, q);
  });
}

result<dcc_user_record> postgres_store::run(const query::set_dcc_status& q) {
  using answer = dcc_user_record;
  return session_.transact<answer>(postgres_session::mode::write, [&](postgres_work& work) -> result<answer> {
    work.learn_transaction_id();
    if (q.user_status != 0 && q.user_status != 1) return fail(errc::invalid_argument, "a status is 0 or 1");
    const auto rows = work.run(update_dcc_status, q.id, q.user_status);
    if (rows.empty()) return fail(errc::not_found, "no such DCC account");
    return dcc_user_of(rows[0]);
  });
}

result<query::page_of<dcc_user_record>> postgres_store::run(const query::list_dcc_users& q) {
  using page_type = query::page_of<dcc_user_record>;
  return session_.transact<page_type>(postgres_session::mode::read, [&](postgres_work& work) -> result<page_type> {
    auto page = page_for<dcc_user_record>(q.page, work.run(count_dcc_users)[0][0].as<std::int64_t>());
    for (const auto& row : work.run(select_dcc_users, page.page_size, offset_of(page)))
      page.items.push_back(dcc_user_of(row));
    return page;
  });
}

}  // namespace waihu
