// What lies between one node and the provider and the language model: requests and answers that are lost, late, doubled
// or overtaken. One link a node; when the node dies, nobody hears its answers any more, but its requests still arrive.
#pragma once

#include <map>
#include <memory>

#include "provider/language_model.hpp"
#include "provider/voice_provider.hpp"
#include "tests/simulation/sim_provider.hpp"

namespace waihu::simulation {

/// Answers on their way to one node. They are forgotten when the node dies.
class mailbag {
 public:
  explicit mailbag(world& w) : world_(w) {}
  /// Remembers whom to answer.
  std::uint64_t keep(std::function<void(const void*)> deliver);
  /// Hands an answer over, if the node still lives; the same letter may be delivered twice.
  void deliver(std::uint64_t letter, const void* answer);
  void burn();
  [[nodiscard]] bool burnt() const noexcept { return burnt_; }
  world& here() { return world_; }

 private:
  world& world_;
  std::map<std::uint64_t, std::function<void(const void*)>> letters_;
  std::map<std::uint64_t, int> delivered_;
  std::uint64_t next_{1};
  std::uint64_t newest_delivered_{};
  bool burnt_{};
};

class provider_link final : public voice_provider {
 public:
  provider_link(world& w, sim_provider& provider, std::shared_ptr<mailbag> answers)
      : world_(w), provider_(provider), answers_(std::move(answers)) {}

  std::string sender;              ///< Name of the node, for the judge.
  std::function<void()> on_batch;  ///< An AssignJobs has just been handed to the network.

  void create_job_group(job_group_request request, milliseconds deadline, completion<std::string> done) override;
  void list_job_groups(std::string search_text, std::int64_t created_since_ms, int page_number, int page_size,
                       milliseconds deadline, completion<provider_page<job_group>> done) override;
  void delete_job_group(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void assign_jobs(std::string job_group_id, std::vector<job_order> orders, departure leaving, milliseconds deadline,
                   completion<assigned_jobs> done) override;
  void spend_mark(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override;
  void list_jobs(std::vector<std::string> call_job_ids, milliseconds deadline,
                 completion<std::vector<job_snapshot>> done) override;
  void list_jobs_by_group(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                          completion<provider_page<job_snapshot>> done) override;
  void query_jobs_with_result(std::string job_group_id, int page_number, int page_size, milliseconds deadline,
                              completion<provider_page<job_snapshot>> done) override;
  void describe_job(std::string call_job_id, milliseconds deadline, completion<job_snapshot> done) override;
  void describe_job_group(std::string job_group_id, milliseconds deadline,
                          completion<job_group_progress> done) override;
  void suspend_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void resume_jobs(std::string job_group_id, std::string mark, milliseconds deadline, completion<bool> done) override;
  void cancel_jobs(std::string job_group_id, milliseconds deadline, completion<bool> done) override;
  void cancel_job(std::string call_job_id, milliseconds deadline, completion<bool> done) override;
  void download_recording(std::string call_task_id, milliseconds deadline, completion<recording_link> done) override;

  /// Until that instant nothing is received from anybody.
  void set_outage(std::shared_ptr<sim_time> until) { outage_until_ = std::move(until); }

 private:
  /// `call`, or now and then a request that the system of a sender who stands still holds back, and lets go when
  /// everybody believes it lost.
  template <class T>
  void call_or_hold_back(const char* operation, milliseconds deadline, std::function<result<T>()> carry_out,
                         completion<T> done);
  template <class T>
  void call(const char* operation, milliseconds deadline, std::function<result<T>()> carry_out, completion<T> done);
  void heard(errc code);

  world& world_;
  sim_provider& provider_;
  std::shared_ptr<mailbag> answers_;
  std::shared_ptr<sim_time> outage_until_;
  int failures_in_a_row_{};
};

/// The language model behind the same kind of line.
class model_link final : public language_model {
 public:
  model_link(world& w, std::shared_ptr<mailbag> answers) : world_(w), answers_(std::move(answers)) {}
  void analyze(analysis_request request, milliseconds deadline, completion<analysis> done) override;

 private:
  world& world_;
  std::shared_ptr<mailbag> answers_;
  int calls_{};
};

}  // namespace waihu::simulation
