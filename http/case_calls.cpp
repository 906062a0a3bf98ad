// Having people of cases called: call-v2, call, batch-call, retry (http-api.md section 6).
#include <map>

#include "http/case_fields.hpp"
#include "http/case_placement.hpp"
#include "http/handlers.hpp"

namespace waihu::http {

namespace {

constexpr int code_handled = 201;
constexpr std::string_view handled = "外呼请求处理完成";

/// Waits for what was placed and answers it, as a list or as the only entry.
async<response> answer_entries(call& c, std::vector<case_call_entry> entries, bool is_list) {
  co_await settle_entries(c, entries);
  envelope e(code_handled, handled);
  auto& w = e.data();
  if (is_list) w.StartArray();
  for (const auto& entry : entries) write_entry(w, c, entry);
  if (is_list) w.EndArray();
  co_return e.done(201);
}

/// Calls one person of a case.
async<response> call_one(call& c, const case_record& of, mediation_stage stage, wished_call wish) {
  std::vector<wished_call> wished{std::move(wish)};
  std::vector<case_call_entry> entries;
  const auto placed = co_await place_calls(c, of, stage, std::move(wished), entries);
  if (!placed) co_return placement_refused(c.req, placed.error());
  co_return co_await answer_entries(c, std::move(entries), false);
}

}  // namespace

async<response> call_parties(call& c) {
  body_fields body(c.req.body);
  const auto case_id = required_case_id(body, "caseId");
  const auto mediation_id = body.required_integer("mediationId");
  const bool is_manual = body.required_integer("callAuto", 0, 1) == 1;
  const auto person_id = is_manual ? required_case_id(body, "callPersonId") : std::string{};
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto of = co_await find_case(c, case_id);
  if (!of) co_return missing_answer(c.req, of.error(), no_such_case);
  if (of->mediation_id != mediation_id) co_return error_answer(c.req, 404, 4004, no_such_case);
  std::vector<wished_call> wished;
  for (const auto& party : of->parties)
    if (is_manual ? party.person_id == person_id : c.s.cases.scripts.calls(of->stage, party.side))
      wished.push_back({party, {}});
  if (is_manual && wished.empty()) co_return error_answer(c.req, 404, 4004, no_such_person);
  std::vector<case_call_entry> entries;
  const auto placed = co_await place_calls(c, *of, of->stage, std::move(wished), entries);
  if (!placed) co_return placement_refused(c.req, placed.error());
  co_return co_await answer_entries(c, std::move(entries), true);
}

namespace {

/// What POST call asks for.
struct call_wish {
  std::string case_id, person_id, phone;
  mediation_stage stage{};
  std::optional<party_side> side;
  bool must_use_phone{};
};

call_wish read_call_wish(body_fields& body) {
  call_wish wish;
  wish.case_id = required_case_id(body, "caseRef");
  wish.person_id = required_case_id(body, "personId");
  wish.stage = required_stage(body, "mediationStage");
  wish.phone = read_phone(body, "phoneNumber");
  // The stage says what kind of call it is; old clients name a kind that does not follow it.
  body.text("type", 50);
  const auto side = body.text("partyType", 50).value_or("");
  wish.side = parse_party_side(side);
  if (!side.empty() && !wish.side) body.add_error("partyType", "只能是 applicant 或 respondent");
  wish.must_use_phone = body.boolean("forceUseInput").value_or(false);
  return wish;
}

/// The wish for a party of its case: the number on file wins unless it is to be the one that was sent.
wished_call wished(const call_wish& wish, const case_party& party) {
  return {party, wish.must_use_phone || party.phone.empty() ? wish.phone : std::string{}};
}

}  // namespace

async<response> call_person(call& c) {
  body_fields body(c.req.body);
  const auto wish = read_call_wish(body);
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  const auto of = co_await find_case(c, wish.case_id);
  if (!of) co_return missing_answer(c.req, of.error(), no_such_case);
  const auto* party = party_of(*of, wish.person_id);
  if (party == nullptr) co_return error_answer(c.req, 404, 4004, no_such_person);
  co_return co_await call_one(c, *of, wish.stage, wished(wish, *party));
}

async<response> retry_case_call(call& c) {
  const auto last = co_await case_call_of_path(c);
  if (!last) co_return missing_answer(c.req, last.error(), no_such_case_call);
  const auto of = co_await find_case(c, last->record.case_id);
  if (!of) co_return missing_answer(c.req, of.error(), no_such_case);
  const auto* party = party_of(*of, last->record.person_id);
  if (party == nullptr) co_return error_answer(c.req, 404, 4004, no_such_person);
  wished_call wish{*party, party->phone.empty() ? last->job.job.leads_phone : std::string{}};
  co_return co_await call_one(c, *of, last->record.stage, std::move(wish));
}

namespace {

constexpr std::size_t batch_limit = 50;

/// An entry for somebody who was not called.
case_call_entry not_called(const call_wish& wish, std::string_view why) {
  case_call_entry entry;
  entry.code = entry_code::not_called;
  entry.message = why;
  entry.person_id = wish.person_id;
  entry.stage = wish.stage;
  entry.side = wish.side;
  return entry;
}

/// Wishes of one request and what became of each.
struct call_batch {
  std::map<std::string, result<case_record>> cases;
  std::vector<case_call_entry> entries;
  /// Why the first that nothing was done for was refused.
  std::optional<failure> refusal;
  std::string_view refused{no_such_case};  ///< The message where that is missing.
  std::size_t refusals{};

  void refuse(const call_wish& wish, const failure& why, std::string_view missing) {
    const auto text = why.code == errc::not_found ? std::string(missing) : placement_refused_text(why);
    entries.push_back(not_called(wish, text));
    if (++refusals > 1) return;
    refusal = why;
    refused = missing;
  }
};

/// Places one wish of a batch; false when nothing more can be placed now.
async<bool> place_one(call& c, const call_wish& wish, call_batch& batch) {
  auto known = batch.cases.find(wish.case_id);
  if (known == batch.cases.end()) {
    auto found = co_await find_case(c, wish.case_id);
    known = batch.cases.emplace(wish.case_id, std::move(found)).first;
  }
  const auto& of = known->second;
  if (!of) {
    batch.refuse(wish, of.error(), no_such_case);
    co_return !is_transient(of.error().code);
  }
  const auto* party = party_of(*of, wish.person_id);
  if (party == nullptr) {
    const failure missing{errc::not_found, {}, {}, 0};
    batch.refuse(wish, missing, no_such_person);
    co_return true;
  }
  std::vector<wished_call> one{wished(wish, *party)};
  const auto placed = co_await place_calls(c, *of, wish.stage, std::move(one), batch.entries);
  if (!placed) batch.refuse(wish, placed.error(), no_such_case);
  co_return placed || !is_transient(placed.error().code);
}

}  // namespace

async<response> call_persons(call& c) {
  body_fields body(c.req.body);
  std::vector<call_wish> wishes;
  for (auto& item : body.objects("tasks", batch_limit)) wishes.push_back(read_call_wish(item));
  if (body.ok() && wishes.empty()) body.add_error("tasks", body.has("tasks") ? "不能为空" : "缺少必填字段");
  if (!body.ok()) co_return invalid_answer(c.req, body.errors());
  call_batch batch;
  bool goes_on = true;
  for (const auto& wish : wishes) {
    if (goes_on) goes_on = co_await place_one(c, wish, batch);
    else batch.refuse(wish, failure{errc::unavailable, {}, {}, 0}, no_such_case);
  }
  // Where nothing was done for anybody the answer is that of a single call.
  if (batch.refusals == wishes.size() && batch.refusal->code == errc::not_found)
    co_return error_answer(c.req, 404, 4004, batch.refused);
  if (batch.refusals == wishes.size()) co_return placement_refused(c.req, *batch.refusal);
  co_return co_await answer_entries(c, std::move(batch.entries), true);
}

}  // namespace waihu::http
