// How much work a test made of hostile input is: CPU time, for the machine may be busy.
#pragma once

#include <time.h>

namespace holdfast {

class CpuTime {
 public:
  [[nodiscard]] double seconds() const { return now() - begin_; }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  double begin_ = now();
};

}  // namespace holdfast
