#include "src/kernel/maps.h"

#include <bpf/libbpf.h>

#include <numeric>

namespace holdfast::kernel {

std::uint64_t map_sum_per_cpu(int fd, std::uint32_t index) {
  const int cpus = libbpf_num_possible_cpus();
  if (cpus <= 0) {
    return 0;
  }
  std::vector<std::uint64_t> values(static_cast<std::size_t>(cpus));
  if (bpf_map_lookup_elem(fd, &index, values.data()) != 0) {
    return 0;
  }
  return std::accumulate(values.begin(), values.end(), std::uint64_t{0});
}

}  // namespace holdfast::kernel
