// The link of a call's recording: the stored one while it is valid, else a fresh one from the provider.
#pragma once

#include <utility>

#include "actors/engine.hpp"
#include "provider/voice_provider.hpp"

namespace waihu {

/// Fetches the link on behalf of an actor and stores a fresh one with its fetch time; `done` takes result<std::string>.
/// not_found when the call has no recording yet.
template <class Self, class Done>
void fetch_recording_link(Self* self, const engine& eng, const fetch_recording& wanted, Done done) {
  query::jobs_by_row query{wanted.organization_id, {wanted.row}};
  read_store(self, eng, std::move(query), [self, &eng, wanted, done](result<std::vector<call_job_view>> rows) {
    if (!rows) return done(result<std::string>(tl::unexpected<failure>(std::move(rows.error()))));
    if (rows->empty() || rows->front().call_task_id.empty())
      return done(result<std::string>(fail(errc::not_found, "no recording yet")));
    const auto& job = rows->front();
    const auto margin = minutes{1};
    // A link that does not say when it ends is always fetched again.
    const auto ends = recording_expiry(job.recording_url);
    if (ends && *ends > eng.now() + margin) return done(result<std::string>(job.recording_url));
    call_provider<recording_link>(
        self, eng, "DownloadRecording", reading,
        [id = job.call_task_id](voice_provider& provider, milliseconds deadline, completion<recording_link> answer) {
          provider.download_recording(id, deadline, std::move(answer));
        },
        [self, &eng, wanted, done](result<recording_link> link) {
          if (!link) return done(result<std::string>(tl::unexpected<failure>(std::move(link.error()))));
          commit(self, eng, change::store_recording{eng.own(wanted.task), wanted.row, link->url, eng.now()},
                 [done, url = link->url](const result<change_receipt>&) { done(result<std::string>(url)); });
        });
  });
}

}  // namespace waihu
