// What another node sends over a link: questions, and answers to each kind of question. An input's first byte says
// which; the rest is the message.
#include "cluster/wire.hpp"
#include "tests/fuzz/promise.hpp"

namespace {

using namespace waihu;
using waihu::fuzz::promise;

template <std::size_t... Kinds>
remote_question question_of(std::size_t kind, std::index_sequence<Kinds...>) {
  remote_question question;
  ((kind == Kinds ? static_cast<void>(question.emplace<Kinds>()) : static_cast<void>(0)), ...);
  return question;
}

void read_as_question(std::string_view bytes) {
  const auto question = cluster::decode_question(bytes);
  if (!question) return promise(question.error().code == errc::malformed, "what is no question is malformed");
  const auto again = cluster::encode_question(*question);
  promise(again.has_value(), "a question that was read can be sent on");
  promise(*again == bytes, "a question has one form");
}

void read_as_answer(const remote_question& question, std::string_view bytes) {
  const auto answer = cluster::decode_answer(question, bytes);
  if (!answer && answer.error().code == errc::malformed) return;
  promise(cluster::encode_answer(question, answer) == bytes, "an answer has one form");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr auto kinds = std::variant_size_v<remote_question>;
  auto bytes = waihu::fuzz::as_text(data, size);
  const auto what = waihu::fuzz::take_byte(bytes);
  if (what % (kinds + 1) == 0) read_as_question(bytes);
  else read_as_answer(question_of(what % (kinds + 1) - 1, std::make_index_sequence<kinds>{}), bytes);
  return 0;
}
