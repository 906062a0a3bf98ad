#include "http/idempotency.hpp"

#include "http/body_fields.hpp"
#include "http/json_writer.hpp"

namespace waihu::http {

async<response> once_per_key(call& c, async<response> (*create)(call&)) {
  const auto* given = c.req.header("idempotency-key");
  if (given == nullptr) co_return co_await create(c);
  constexpr std::size_t longest = 255;
  if (given->empty() || given->size() > longest) {
    const std::vector<field_error> wrong{field_error{"Idempotency-Key", "长度必须在 1 到 255 之间"}};
    co_return invalid_answer(c.req, wrong);
  }
  const auto key = c.organization + '\n' + c.req.path + '\n' + *given;
  response earlier;
  switch (c.s.replays.begin(key, c.req.body, std::chrono::steady_clock::now(), earlier)) {
    case replay_cache::finding::replay: co_return earlier;
    case replay_cache::finding::mismatch:
      co_return error_answer(c.req, 409, 1001, "Idempotency-Key 已用于不同的请求内容");
    case replay_cache::finding::busy: co_return error_answer(c.req, 409, 1001, "相同的请求正在处理中");
    case replay_cache::finding::fresh: break;
  }
  auto answer = co_await create(c);
  // A time-out leaves open whether it was done; only a success is worth repeating.
  if (answer.status == 200) c.s.replays.finish(key, answer);
  else c.s.replays.forget(key);
  co_return answer;
}

}  // namespace waihu::http
