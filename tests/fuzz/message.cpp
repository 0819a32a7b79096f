// What anybody may send to the monitor's socket, and what hook and shim read as its answer.
#include <string>
#include <string_view>

#include "src/monitor/protocol.h"
#include "tests/fuzz/target.h"

namespace holdfast::fuzz {
namespace {

// What was understood is sent on as it was understood.
template <typename Message, typename Decode>
void check_stable(const Message& message, Decode decode) {
  const std::string sent = monitor::encode(message);
  const Result<Message> arrived = decode(sent);
  require(arrived.ok(), "what was decoded and encoded again can be decoded");
  require(monitor::encode(arrived.value()) == sent, "and is the same");
}

}  // namespace

Status judge(std::string_view bytes) {
  const std::string packet(bytes);
  const Result<monitor::Reply> reply = monitor::decode_reply(packet);
  if (reply.ok()) {
    check_stable(reply.value(), monitor::decode_reply);
  }
  const Result<monitor::Request> request = monitor::decode_request(packet);
  if (!request.ok()) {
    return request.error();
  }
  check_stable(request.value(), monitor::decode_request);
  return Ok{};
}

}  // namespace holdfast::fuzz
