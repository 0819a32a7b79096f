// The one way a function says that it failed.
//
// Result<T> holds a T or an Error. An Error is a sentence for a person: it names the object and,
// where there is one, the remedy. TRY(expression) yields the value or returns the error to the
// caller. No exception crosses a folder.
#pragma once

#include <string>
#include <utility>
#include <variant>

namespace holdfast {

struct Error {
  std::string message;
};

// Failure with `message`; converts to every Result<T>.
inline Error fail(std::string message) { return Error{std::move(message)}; }

// "WHAT: strerror(errno)". `error_number` is an errno value.
Error fail_errno(const std::string& what, int error_number);

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(const T& value) : state_(std::in_place_index<0>, value) {}          // NOLINT: implicit
  Result(T&& value) : state_(std::in_place_index<0>, std::move(value)) {}    // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  [[nodiscard]] bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  // Precondition: ok().
  [[nodiscard]] T& value() & { return std::get<0>(state_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(state_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(state_)); }

  // Precondition: !ok().
  [[nodiscard]] const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

// A Result without a value: success, or an Error.
struct Ok {};
using Status = Result<Ok>;

}  // namespace holdfast

// NOLINTBEGIN: a statement expression is the only way to return from the middle of one.
#define TRY(expression)                                                \
  __extension__({                                                      \
    auto holdfast_try_result = (expression);                           \
    if (!holdfast_try_result.ok()) return holdfast_try_result.error(); \
    std::move(holdfast_try_result).value();                            \
  })
// NOLINTEND
