#include "src/base/worker.h"

#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <string>

namespace holdfast::base {
namespace {

using std::chrono::milliseconds;

TEST(Worker, DoesWhatIsLeftBeforeItEnds) {
  std::string done;
  {
    Worker worker(8);
    for (const char* name : {"a", "b", "c"}) {
      EXPECT_TRUE(worker.add([&done, name](const std::atomic<bool>&) { done += name; }));
    }
  }
  EXPECT_EQ(done, "abc");
}

TEST(Worker, TakesNoMoreThanItMay) {
  std::promise<void> go;
  std::promise<void> begun;
  Worker worker(1);
  EXPECT_TRUE(worker.add([&](const std::atomic<bool>&) {
    begun.set_value();
    go.get_future().wait();
  }));
  begun.get_future().wait();
  EXPECT_TRUE(worker.add([](const std::atomic<bool>&) {}));
  EXPECT_FALSE(worker.add([](const std::atomic<bool>&) {}));
  go.set_value();
}

TEST(Worker, TellsAJobThatItLeaves) {
  std::promise<void> begun;
  auto worker = std::make_unique<Worker>(1);
  worker->add([&begun](const std::atomic<bool>& leaving) {
    begun.set_value();
    while (!leaving) {
    }
  });
  begun.get_future().wait();
  worker.reset();  // returns
}

TEST(Worker, DoesNotWaitForEverForAJobThatDoes) {
  const auto go = std::make_shared<std::promise<void>>();
  const auto done = std::make_shared<std::promise<void>>();
  std::future<void> ended = done->get_future();
  {
    Worker worker(1, milliseconds(50));
    worker.add([go, done](const std::atomic<bool>&) {
      go->get_future().wait();
      done->set_value();
    });
  }
  go->set_value();
  ended.wait();
}

}  // namespace
}  // namespace holdfast::base
