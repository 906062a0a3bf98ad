#include "tests/simulation/sim_store.hpp"

#include <map>
#include <stdexcept>

namespace waihu::simulation {

bool store_link::reachable() const {
  return !line_->cut && cut_off_until_ <= world_.now() && (!outage_until_ || *outage_until_ <= world_.now());
}

void store_link::cut() {
  line_->cut = true;
  on_commit = nullptr;
}

std::shared_ptr<change_report> store_link::all_failed(const change_pack& pack, errc code) {
  auto report = std::make_shared<change_report>();
  report->answers.assign(pack.changes.size(), fail(code, "the store's line failed"));
  return report;
}

void store_link::apply(const std::shared_ptr<change_pack>& pack, change_report& report) {
  std::vector<store_change> changes;
  for (const auto& change : pack->changes) changes.push_back(*change);
  const bool stale = !world_.rows->owns(ownership_of(changes.front()));
  if (stale) world_.count(fault::stale_write);
  auto done = session_->commit(changes);
  for (std::size_t i = 0; i < changes.size(); ++i)
    world_.note("commit", changes[i].index() * 2 + (done.receipts[i] ? 1 : 0));
  report.answers = std::move(done.receipts);
  report.events = std::move(done.events);
  world_.judging.committed(changes, report.answers);
}

void store_link::apply_later(milliseconds delay, const std::shared_ptr<change_pack>& pack,
                             std::function<void(std::shared_ptr<change_report>)> then) {
  // Whether a commit on the wire survives its node is settled when it is sent.
  const bool survives = world_.random.one_in(2);
  world_.after(delay, [this, pack, survives, line = line_, then = std::move(then)] {
    if (line->cut && !survives) return;
    if (line->cut) world_.count(fault::commit_outlived_node);
    auto report = std::make_shared<change_report>();
    apply(pack, *report);
    if (line->cut) return;
    if (on_commit) on_commit();
    then(report);
  });
}

namespace {

/// What the keeper asks: at once, for its session blocks; nothing while the store is away, and now and then the answer
/// is lost although it was carried out.
class keeper_session final : public store {
 public:
  keeper_session(world& w, std::shared_ptr<store_link> line)
      : world_(w), line_(std::move(line)), session_(make_memory_store(w.rows)) {}

  commit_report commit(std::span<const store_change> changes) override { return session_->commit(changes); }

#define WAIHU_ASK(name) \
  result<query::name::answer_type> run(const query::name& q) override { return ask(q); }
  WAIHU_STORE_QUERIES(WAIHU_ASK)
#undef WAIHU_ASK

 private:
  template <class Query>
  result<typename Query::answer_type> ask(const Query& q) {
    if (!line_->reachable()) return fail(errc::unavailable, "the store's line failed");
    auto answer = session_->run(q);
    if (!world_.bad(world_.circumstances().keeper)) return answer;
    world_.count(fault::keeper_answer_lost);
    return fail(errc::lost, "the store's line failed");
  }

  world& world_;
  std::shared_ptr<store_link> line_;
  std::unique_ptr<store> session_;
};

}  // namespace

std::unique_ptr<store> make_keeper_session(world& w, std::shared_ptr<store_link> line) {
  return std::make_unique<keeper_session>(w, std::move(line));
}

void store_link::commit(const std::shared_ptr<change_pack>& pack, const commit_answer& done) {
  const auto answer_after = [this, done](milliseconds delay, std::shared_ptr<change_report> report) {
    world_.after(delay, [line = line_, done, report = std::move(report)] {
      if (!line->cut) done(report);
    });
  };
  const auto way = world_.span(0, 20);
  if (!reachable()) return answer_after(world_.span(1, 2'000), all_failed(*pack, errc::unavailable));
  const auto reply = [answer_after, back = world_.span(0, 20)](std::shared_ptr<change_report> report) {
    answer_after(back, std::move(report));
  };
  if (!world_.bad(world_.circumstances().commit)) return apply_later(way, pack, reply);
  const auto lost = all_failed(*pack, errc::lost);
  const auto deaf = [](const std::shared_ptr<change_report>&) {};
  switch (world_.random.below(6)) {
    case 0: world_.count(fault::commit_refused); return answer_after(way, all_failed(*pack, errc::unavailable));
    case 1: world_.count(fault::commit_lost_vanished); return answer_after(way, lost);
    case 2:
      world_.count(fault::commit_lost_applied);
      apply_later(way, pack, deaf);
      return answer_after(way + milliseconds{1}, lost);
    case 3:
      world_.count(fault::commit_applied_later);
      answer_after(way, lost);
      return apply_later(way + world_.span(1, 4'000), pack, deaf);
    case 4: world_.count(fault::commit_slow); return apply_later(world_.span(500, 20'000), pack, reply);
    default:
      world_.count(fault::worker_died);
      if (world_.random.one_in(2)) apply_later(way, pack, deaf);
      throw std::runtime_error("the store's session is gone");
  }
}

void store_link::read(const query_ptr& query, read_answer done) {
  const auto way = world_.span(0, 15);
  if (!reachable() || world_.bad(world_.circumstances().read)) {
    world_.count(fault::read_failed);
    world_.after(way, [line = line_, done = std::move(done)] {
      if (!line->cut) done(fail(errc::unavailable, "the store's line failed"));
    });
    return;
  }
  world_.after(way, [this, line = line_, query, done = std::move(done)] {
    if (line->cut) return;
    done(std::visit(
        [this](const auto& q) -> query_answer {
          auto answer = session_->run(q);
          if (!answer) return tl::unexpected<failure>(std::move(answer.error()));
          return std::any(std::move(*answer));
        },
        *query));
  });
}

namespace {

using sim_worker = store_worker::extend<caf::reacts_to<done_atom, std::uint64_t>>;

struct worker_state {
  worker_state() = default;  // not an aggregate: CAF would try to build it from `self`
  struct waiting {
    std::optional<caf::typed_response_promise<std::shared_ptr<change_report>>> commit;
    std::optional<caf::typed_response_promise<query_answer>> read;
    std::shared_ptr<change_report> report;
    std::optional<query_answer> answer;
    answer_to<std::any> outside;
  };
  std::shared_ptr<store_link> link;
  std::map<std::uint64_t, std::shared_ptr<waiting>> open;
  std::uint64_t next{1};
  static inline const char* name = "store_worker";
};

sim_worker::behavior_type worker_behavior(sim_worker::stateful_pointer<worker_state> self,
                                          std::shared_ptr<store_link> link) {
  self->state.link = std::move(link);
  self->set_exception_handler([](std::exception_ptr&) -> caf::error { return caf::sec::runtime_error; });
  return {
      [self](commit_atom, const std::shared_ptr<change_pack>& pack) -> caf::result<std::shared_ptr<change_report>> {
        auto& state = self->state;
        const auto id = state.next++;
        auto entry = std::make_shared<worker_state::waiting>();
        // The world's events hold no handle of this actor that could outlive its node.
        const caf::actor_addr me{self->address()};
        const auto hear = [me, id,
                           weak = std::weak_ptr<worker_state::waiting>(entry)](std::shared_ptr<change_report> r) {
          const auto waiting = weak.lock();
          if (!waiting) return;
          waiting->report = std::move(r);
          if (const auto worker = caf::actor_cast<caf::actor>(me)) caf::anon_send(worker, done_atom::value, id);
        };
        // May throw: then no promise was made yet, and the asker hears of this actor's end.
        state.link->commit(pack, hear);
        entry->commit = self->make_response_promise<std::shared_ptr<change_report>>();
        state.open.emplace(id, entry);
        return *entry->commit;
      },
      [self](query_atom, const query_ptr& query, const answer_to<std::any>& outside) -> caf::result<query_answer> {
        auto& state = self->state;
        const auto id = state.next++;
        auto entry = std::make_shared<worker_state::waiting>();
        entry->read = self->make_response_promise<query_answer>();
        entry->outside = outside;
        const auto promise = *entry->read;
        state.open.emplace(id, entry);
        const caf::actor_addr me{self->address()};
        state.link->read(query, [me, id, weak = std::weak_ptr<worker_state::waiting>(entry)](query_answer answer) {
          const auto waiting = weak.lock();
          if (!waiting) return;
          waiting->answer = std::move(answer);
          if (const auto worker = caf::actor_cast<caf::actor>(me)) caf::anon_send(worker, done_atom::value, id);
        });
        return promise;
      },
      [self](done_atom, std::uint64_t id) {
        auto entry = self->state.open.extract(id);
        if (entry.empty()) return;
        auto& waiting = *entry.mapped();
        if (waiting.commit) {
          waiting.commit->deliver(waiting.report);
          return;
        }
        if (waiting.outside) (*waiting.outside)(*waiting.answer);
        waiting.read->deliver(std::move(*waiting.answer));
      },
  };
}

}  // namespace

store_worker spawn_sim_worker(caf::actor_system& system, std::shared_ptr<store_link> link) {
  return system.spawn(worker_behavior, std::move(link));
}

}  // namespace waihu::simulation
