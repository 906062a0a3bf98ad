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

#define WAIHU_ASK(name) \
  result<query::name::answer_type> run(const query::name& q) override { return ask(q); }
  WAIHU_STORE_QUERIES(WAIHU_ASK)
#undef WAIHU_ASK

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
