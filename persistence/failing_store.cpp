#include "persistence/failing_store.hpp"

#include <utility>

namespace waihu {

namespace {

class failing_store final : public store {
 public:
  failing_store(std::unique_ptr<store> inner, std::shared_ptr<failure_plan> plan)
      : inner_{std::move(inner)}, plan_{std::move(plan)} {}

  commit_report commit(std::span<const store_change> changes) override {
    const bool fails = counted();
    if (fails && plan_->when == failure_plan::moment::before) return failed(changes.size());
    auto report = inner_->commit(changes);
    return fails ? failed(changes.size()) : report;
  }

  result<query::user_by_name::answer_type> run(const query::user_by_name& q) override { return ask(q); }
  result<query::user_by_id::answer_type> run(const query::user_by_id& q) override { return ask(q); }
  result<query::replace_password::answer_type> run(const query::replace_password& q) override { return ask(q); }
  result<query::create_user::answer_type> run(const query::create_user& q) override { return ask(q); }
  result<query::create_organization::answer_type> run(const query::create_organization& q) override { return ask(q); }
  result<query::organization_by_id::answer_type> run(const query::organization_by_id& q) override { return ask(q); }
  result<query::import_leads::answer_type> run(const query::import_leads& q) override { return ask(q); }
  result<query::lead_statistics::answer_type> run(const query::lead_statistics& q) override { return ask(q); }
  result<query::create_scene::answer_type> run(const query::create_scene& q) override { return ask(q); }
  result<query::list_scenes::answer_type> run(const query::list_scenes& q) override { return ask(q); }
  result<query::create_task::answer_type> run(const query::create_task& q) override { return ask(q); }
  result<query::list_tasks::answer_type> run(const query::list_tasks& q) override { return ask(q); }
  result<query::find_task::answer_type> run(const query::find_task& q) override { return ask(q); }
  result<query::set_script::answer_type> run(const query::set_script& q) override { return ask(q); }
  result<query::list_jobs::answer_type> run(const query::list_jobs& q) override { return ask(q); }
  result<query::jobs_by_row::answer_type> run(const query::jobs_by_row& q) override { return ask(q); }
  result<query::job_by_call_job_id::answer_type> run(const query::job_by_call_job_id& q) override { return ask(q); }
  result<query::count_task::answer_type> run(const query::count_task& q) override { return ask(q); }
  result<query::events_after::answer_type> run(const query::events_after& q) override { return ask(q); }
  result<query::last_event::answer_type> run(const query::last_event& q) override { return ask(q); }
  result<query::load_task::answer_type> run(const query::load_task& q) override { return ask(q); }
  result<query::unfinished_tasks::answer_type> run(const query::unfinished_tasks& q) override { return ask(q); }
  result<query::claim_shards::answer_type> run(const query::claim_shards& q) override { return ask(q); }
  result<query::renew_claim::answer_type> run(const query::renew_claim& q) override { return ask(q); }
  result<query::release_claim::answer_type> run(const query::release_claim& q) override { return ask(q); }

 private:
  bool counted() {
    const int n = ++plan_->count;
    const int at = plan_->fail_at;
    return at > 0 && n >= at && n < at + plan_->repeat;
  }

  failure planned() const { return failure{plan_->code, "failed on purpose", {}, 0}; }

  commit_report failed(std::size_t changes) const {
    commit_report report;
    report.receipts.assign(changes, tl::unexpected<failure>(planned()));
    return report;
  }

  template <class Query>
  result<typename Query::answer_type> ask(const Query& q) {
    const bool fails = counted();
    if (fails && plan_->when == failure_plan::moment::before) return tl::unexpected<failure>(planned());
    auto answer = inner_->run(q);
    if (fails) return tl::unexpected<failure>(planned());
    return answer;
  }

  std::unique_ptr<store> inner_;
  std::shared_ptr<failure_plan> plan_;
};

}  // namespace

std::unique_ptr<store> make_failing_store(std::unique_ptr<store> inner, std::shared_ptr<failure_plan> plan) {
  return std::make_unique<failing_store>(std::move(inner), std::move(plan));
}

store_factory make_failing_store_factory(store_factory inner, std::shared_ptr<failure_plan> plan) {
  return [inner = std::move(inner), plan = std::move(plan)] { return make_failing_store(inner(), plan); };
}

}  // namespace waihu
