#include "persistence/postgres_store.hpp"

#include <utility>

#include "persistence/postgres_store_impl.hpp"

namespace waihu {

namespace {

// A fault of one change rather than of the store.
bool blames_a_change(errc code) noexcept {
  return code == errc::conflict || code == errc::invalid_argument || code == errc::illegal_transition ||
         code == errc::internal || code == errc::not_found;
}

}  // namespace

result<commit_report> postgres_store::commit_together(std::span<const store_change> changes) {
  return session_.transact<commit_report>(postgres_session::mode::write,
                                          [&](postgres_work& work) -> result<commit_report> {
                                            return postgres_commit{work, changes, organizations_}.carry_out();
                                          });
}

commit_report postgres_store::commit(std::span<const store_change> changes) {
  if (changes.empty()) return {};
  auto together = commit_together(changes);
  if (together) return std::move(*together);
  commit_report report;
  if (changes.size() == 1 || !blames_a_change(together.error().code)) {
    report.receipts.assign(changes.size(), tl::unexpected<failure>(std::move(together.error())));
    return report;
  }
  // One of them is to blame: halve until it stands alone. Nothing of the failed transaction remains.
  const auto half = changes.size() / 2;
  report = commit(changes.first(half));
  auto rest = commit(changes.subspan(half));
  for (auto& r : rest.receipts) report.receipts.push_back(std::move(r));
  for (auto& e : rest.events) report.events.push_back(std::move(e));
  return report;
}

store_factory make_postgres_store_factory(config::store_options options, std::chrono::milliseconds lease_time) {
  return [options = std::move(options), lease_time]() -> std::unique_ptr<store> {
    return std::make_unique<postgres_store>(options, lease_time);
  };
}

}  // namespace waihu
