#include "http/recording_links.hpp"

#include "messages/model/voice.hpp"

namespace waihu::http {

bool wants_new_link(const call_job_view& row, wall_time now) {
  if (row.job.status != call_status::succeeded) return false;
  const auto ends = recording_expiry(row.recording_url);
  return row.recording_url.empty() || (ends && *ends <= now);
}

async<std::vector<std::optional<std::string>>> fetch_links(call& c, std::vector<wanted_link> wanted) {
  std::vector<pending<std::string>::initiator> asks;
  asks.reserve(wanted.size());
  for (const auto& [task, row] : wanted)
    asks.emplace_back([b = c.s.inside, m = fetch_recording{c.organization, task, row}](completion<std::string> done) {
      b->recording(m, std::move(done));
    });
  pending_all<std::string> all(c.where, c.s.http.refresh_budget, recordings_at_once, std::move(asks));
  auto answers = co_await all;
  std::vector<std::optional<std::string>> links(answers.size());
  for (std::size_t i = 0; i < answers.size(); ++i)
    if (answers[i]) links[i] = std::move(*answers[i]);
  co_return links;
}

}  // namespace waihu::http
