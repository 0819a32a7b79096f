#include "src/respond/responder.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "tests/unit/respond/fake_cgroup.h"

namespace holdfast::respond {
namespace {

using profile::Response;
using test::FakeCgroup;

class Respond : public testing::Test {
 protected:
  Respond() { fake_.process(100, 1, 5000); }

  Responder make(Responder::Keep keep = {}) {
    Responder::Settings settings;
    settings.cgroup_mount = fake_.mount();
    settings.pin_dir = fake_.dir().path("pins");
    settings.proc_root = fake_.proc();
    settings.freeze_timeout = std::chrono::milliseconds(30);
    settings.keep = std::move(keep);
    return Responder::make(std::move(settings)).value();
  }
  [[nodiscard]] Order order(Response response) const {
    Order made;
    made.response = response;
    made.target.container.id = "web";
    made.target.cgroup = "/pod/web";
    made.target.cgroup_id = fake_.id();
    made.target.init_start_ticks = 5000;
    return made;
  }
  static Outcome wait(Responder& responder) {
    pollfd ready = {responder.fd(), POLLIN, 0};
    poll(&ready, 1, 5000);
    std::vector<Outcome> outcomes = responder.finished();
    EXPECT_EQ(outcomes.size(), 1U);
    return outcomes.empty() ? Outcome{} : outcomes.front();
  }

  FakeCgroup fake_;
};

TEST_F(Respond, AFreezeIsOverWhenAllHasStoppedAndIsKept) {
  fake_.is_frozen();
  Responder responder = make([](const Order& of, const Cgroup&) {
    return Result<std::string>("/incidents/" + of.target.container.id);
  });
  const std::uint64_t number = responder.begin(order(Response::kFreeze));
  const Outcome outcome = wait(responder);
  EXPECT_EQ(outcome.number, number);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.incident, "/incidents/web");
  EXPECT_EQ(fake_.file("cgroup.freeze"), "1");
  EXPECT_TRUE(responder.finished().empty());
}

TEST_F(Respond, AFreezeThatDoesNotComeToAnEndHasFailed) {
  Responder responder = make([](const Order&, const Cgroup&) -> Result<std::string> {
    ADD_FAILURE() << "a container that runs is not read";
    return fail("");
  });
  responder.begin(order(Response::kFreeze));
  EXPECT_NE(wait(responder).failure.find("not all of it came to a stop within 30 ms"),
            std::string::npos);
}

TEST_F(Respond, AFreezeWhoseEvidenceCannotBeKeptIsStillDone) {
  fake_.is_frozen();
  Responder responder =
      make([](const Order&, const Cgroup&) { return Result<std::string>(fail("disk full")); });
  responder.begin(order(Response::kFreeze));
  const Outcome outcome = wait(responder);
  EXPECT_EQ(outcome.failure, "");
  EXPECT_EQ(outcome.incident_failure, "disk full");
}

TEST_F(Respond, WhatIsUnderWayIsToldWhenTheMonitorLeaves) {
  fake_.is_frozen();
  Responder responder = make();
  responder.begin(order(Response::kFreeze));
  responder.begin(order(Response::kFreeze));
  responder.stop();
  EXPECT_EQ(responder.finished().size(), 2U);
}

TEST_F(Respond, KillAndThawAreDoneAtOnce) {
  Responder responder = make();
  responder.begin(order(Response::kKillContainer));
  EXPECT_EQ(wait(responder).failure, "");
  EXPECT_EQ(fake_.file("cgroup.kill"), "1");
  responder.begin(order(Response::kThaw));
  EXPECT_EQ(wait(responder).failure, "");
}

TEST_F(Respond, NothingIsDoneWhenItIsOnlyToBeTold) {
  Responder responder = make();
  Order withheld = order(Response::kKillContainer);
  withheld.withheld = true;
  responder.begin(withheld);
  EXPECT_EQ(wait(responder).failure, "");
  EXPECT_EQ(fake_.file("cgroup.kill"), "");
}

TEST_F(Respond, NothingIsDoneToACgroupThatIsSharedOrAnothers) {
  Responder responder = make();
  fake_.process(100, 1, 4000);
  responder.begin(order(Response::kKillContainer));
  EXPECT_NE(wait(responder).failure.find("older than the container"), std::string::npos);
  Order other = order(Response::kKillContainer);
  other.target.cgroup_id += 1;
  responder.begin(other);
  EXPECT_NE(wait(responder).failure.find("is not the one"), std::string::npos);
  EXPECT_EQ(fake_.file("cgroup.kill"), "");
}

}  // namespace
}  // namespace holdfast::respond
