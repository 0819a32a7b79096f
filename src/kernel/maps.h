// Typed access to BPF maps by descriptor.
#pragma once

#include <bpf/bpf.h>

#include <cerrno>
#include <optional>
#include <vector>

#include <fmt/core.h>

#include "src/base/result.h"

namespace holdfast::kernel {

template <typename Key, typename Value>
Status map_set(int fd, const Key& key, const Value& value, const char* map) {
  if (bpf_map_update_elem(fd, &key, &value, BPF_ANY) != 0) {
    return fail_errno(fmt::format("cannot write BPF map {}", map), errno);
  }
  return Ok{};
}

template <typename Value, typename Key>
std::optional<Value> map_get(int fd, const Key& key) {
  Value value{};
  return bpf_map_lookup_elem(fd, &key, &value) == 0 ? std::optional<Value>(value) : std::nullopt;
}

// Removing what is not there is fine.
template <typename Key>
void map_remove(int fd, const Key& key) {
  bpf_map_delete_elem(fd, &key);
}

// All keys at one time or another; others may come and go meanwhile.
template <typename Key>
std::vector<Key> map_keys(int fd) {
  std::vector<Key> keys;
  Key next{};
  const Key* previous = nullptr;
  Key current{};
  while (bpf_map_get_next_key(fd, previous, &next) == 0) {
    keys.push_back(next);
    current = next;
    previous = &current;
  }
  return keys;
}

}  // namespace holdfast::kernel
