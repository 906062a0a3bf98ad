// What one provider call and one analysis cost on our side: signing a batch of 25 leads, understanding a conversation.
#include <benchmark/benchmark.h>

#include "messages/model/analysis.hpp"
#include "provider/rules_analyst.hpp"
#include "provider/signing.hpp"

namespace {

using namespace waihu;

void sign_assign_jobs(benchmark::State& state) {
  signing::api_call call;
  call.host = "127.0.0.1:18080";
  call.action = "AssignJobs";
  call.epoch_seconds = 1'767'225'600;
  call.nonce = "9c7a6f0e4b1d4e0f8a2b3c4d5e6f7081";
  call.query.emplace_back("InstanceId", "af81a389-91f0-4157-8d82-720edd02b66a");
  for (int i = 1; i <= 25; ++i)
    call.query.emplace_back(
        "JobsJson." + std::to_string(i),
        R"({"contacts":[{"phoneNumber":"13800000001","referenceId":"12DEMO0001L00001","name":"张三"}]})");
  const signing::credentials who{"key", "secret", {}};
  for (auto _ : state) benchmark::DoNotOptimize(state.range(0) == 3 ? sign_v3(call, who) : sign_v1(call, who));
}
BENCHMARK(sign_assign_jobs)->Arg(3)->Arg(1);

void analyse_by_rules(benchmark::State& state) {
  analysis_request request;
  request.conversation_json =
      R"([{"Timestamp":1767225600000,"Speaker":"Robot","Script":"您好，请问您最近有购车的打算吗？"},)"
      R"({"Timestamp":1767225605000,"Speaker":"Contact","Script":"有的，我想了解一下价格"},)"
      R"({"Timestamp":1767225610000,"Speaker":"Robot","Script":"那您看什么时候方便到店？"},)"
      R"({"Timestamp":1767225615000,"Speaker":"Contact","Script":"明天下午三点吧"}])";
  request.call_time = from_epoch_ms(1'767'225'600'000);
  for (auto _ : state) benchmark::DoNotOptimize(analyze_by_rules(request));
}
BENCHMARK(analyse_by_rules);

}  // namespace
