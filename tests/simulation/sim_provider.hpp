// The provider's side of the simulated world: groups, jobs, dials, conversations and lists, with a memory of its own.
// Every function is what happens at the moment a request arrives; networks and nodes are not known here.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "tests/simulation/world.hpp"

namespace waihu::simulation {

class sim_provider {
 public:
  explicit sim_provider(world& w) : world_(w) {}

  result<std::string> create_job_group(const job_group_request& request);
  result<provider_page<job_group>> list_job_groups(const std::string& search_text, std::int64_t since_ms, int page,
                                                   int page_size);
  result<bool> delete_job_group(const std::string& job_group_id);
  result<assigned_jobs> assign_jobs(const std::string& job_group_id, const std::vector<job_order>& orders,
                                    const std::string& mark);
  /// Whether the mark was not seen before.
  bool take_mark(const std::string& mark) { return used_marks_.insert(mark).second; }
  result<std::vector<job_snapshot>> list_jobs(const std::vector<std::string>& call_job_ids);
  result<provider_page<job_snapshot>> list_jobs_by_group(const std::string& job_group_id, int page, int page_size);
  result<job_snapshot> describe_job(const std::string& call_job_id);
  result<bool> switch_group(const std::string& job_group_id, bool suspend);

  /// Whether a job that the provider holds has not ended.
  [[nodiscard]] bool calls_go_on() const;

 private:
  struct group {
    job_group shown;
    sim_time listed_at{};
    bool suspended{};
    bool deleted{};
    std::vector<std::size_t> jobs;     ///< Positions in `jobs_`, oldest first.
    std::vector<std::size_t> waiting;  ///< Jobs whose dial waits for the group to be resumed.
  };
  struct job {
    job_snapshot shown;
    std::vector<job_snapshot> history;
    std::string conversation;
    sim_time listed_at{};
    sim_time odd_until{};  ///< Listed without reference id until then.
    bool masked{};
    int redials{};
    bool ended{};
  };

  /// Whether this request is refused for a business reason (Success:false).
  bool refuses();
  void dial(std::size_t index);
  void hang_up(std::size_t index);
  void end(std::size_t index, call_status status, const std::string& attempt_status);
  void show(job& j, call_status status, const std::string& attempt_status);
  void accept(group& g, const job_order& order, assigned_jobs& answer);
  job_snapshot look_at(const job& j);
  job_snapshot listed(const job& j) const;

  world& world_;
  std::map<std::string, group> groups_;
  std::vector<job> jobs_;
  std::map<std::string, std::size_t> job_of_id_;
  std::set<std::string> used_marks_;
};

}  // namespace waihu::simulation
