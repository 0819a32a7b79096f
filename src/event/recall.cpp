#include "src/event/recall.h"

#include <sys/stat.h>

#include <utility>

namespace holdfast::event {
namespace {

constexpr std::uint32_t kExeFlags = HF_EVENT_EXE_TRUNCATED | HF_EVENT_UPPER_LAYER;

}  // namespace

Recall::Key Recall::key_of(const Event& event) {
  return {event.slot,
          event.generation,
          event.class_id,
          event.operation,
          event.outcome,
          event.object_dev,
          event.object_ino,
          event.parent_ino,
          event.exe_dev,
          event.exe_ino,
          event.path.substr(event.path.rfind('/') + 1)};
}

void Recall::moved(const Event& sent) {
  if (sent.operation != HF_OP_RENAME || !S_ISDIR(sent.object_mode)) {
    return;
  }
  for (auto& [key, texts] : texts_) {
    if (std::get<0>(key) == sent.slot) {
      texts.path.clear();
    }
  }
}

void Recall::note(const Event& sent) {
  const bool too_long = sent.path.size() + sent.exe.size() > kMostTextBytes;
  if (too_long || sent.path.empty() || (sent.flags & HF_EVENT_TRUNCATED) != 0) {
    if (const auto known = texts_.find(key_of(sent)); known != texts_.end()) {
      known->second.path.clear();
    }
    return;
  }
  Key key = key_of(sent);
  const auto at = texts_.lower_bound(key);
  if (at != texts_.end() && at->first == key) {
    if (at->second.path != sent.path) {
      at->second.path.clear();
    }
    return;
  }
  order_.push_back(key);
  texts_.emplace_hint(at, std::move(key), Texts{sent.path, sent.exe, sent.flags & kExeFlags});
  if (order_.size() > kMostRecalled) {
    texts_.erase(order_.front());
    order_.pop_front();
  }
}

void Recall::complete(Event& repeat) const {
  const auto found = texts_.find(key_of(repeat));
  if (found == texts_.end()) {
    return;
  }
  const Texts& texts = found->second;
  if (!texts.path.empty() && (repeat.flags & HF_EVENT_TRUNCATED) != 0) {
    repeat.path = texts.path;
    repeat.flags &= ~static_cast<std::uint32_t>(HF_EVENT_TRUNCATED);
  }
  repeat.exe = texts.exe;
  repeat.flags |= texts.exe_flags;
}

}  // namespace holdfast::event
