#include "src/detect/response.h"

#include <gtest/gtest.h>

namespace holdfast::detect {
namespace {

const Container kWeb = {"0123456789abcdef", "web", "nginx:1", "strict", "podman", "/b", {}};

Alert told(const Response& response) {
  Context context;
  context.container = std::make_shared<const Container>(kWeb);
  return response_alert(response, 1, context);
}

Response by_profile(const std::string& name) {
  Response response;
  response.name = name;
  response.by.profile = "strict";
  response.by.class_name = "escape.mount";
  response.by.severity = Severity::kCritical;
  return response;
}

TEST(Response, SaysWhatWasDoneAndWhoAsked) {
  Response response;
  response.name = "freeze";
  response.by.pid = 12;
  response.incident = "/incidents/1";
  const Alert alert = told(response);
  EXPECT_EQ(alert.class_name, "respond.freeze");
  EXPECT_EQ(alert.action, "done");
  EXPECT_EQ(alert.message,
            "container web was frozen, as pid 12 (uid 0) asked; what it was doing is kept in "
            "/incidents/1.");
}

TEST(Response, SaysWhyItFailed) {
  Response response = by_profile("kill-process");
  response.target_pid = 7;
  response.result = Response::Result::kFailed;
  response.failure = "process 7 has ended";
  const Alert alert = told(response);
  EXPECT_EQ(alert.action, "failed");
  EXPECT_EQ(alert.severity, Severity::kError);
  EXPECT_EQ(alert.message,
            "process 7 of container web should have been killed, as profile strict asks at an "
            "alert that is critical (escape.mount), but: process 7 has ended.");
}

TEST(Response, SaysWhatWouldHaveBeenDone) {
  Response response = by_profile("isolate");
  response.result = Response::Result::kWithheld;
  const Alert alert = told(response);
  EXPECT_EQ(alert.action, "withheld");
  EXPECT_EQ(alert.message,
            "container web would have been taken off the network, as profile strict asks at an "
            "alert that is critical (escape.mount); its mode is detect.");
}

}  // namespace
}  // namespace holdfast::detect
