// Errors as values.
//
// `Error` means that *we* failed: a file that cannot be read, a mirror that does not answer. What a
// kernel or a library answered is an observation and never an Error. Each hop adds lower-case
// context in front ("boot debian-6.1: start qemu: ..."); the message is printed once, where it is
// handled. Thread-safe: values only.
#pragma once

#include <fmt/core.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace bpfmatrix::base {

enum class ErrorKind {
  internal,       // our own fault: exit code 1
  invalid_input,  // what the user gave is wrong: exit code 2
  unavailable,    // a kernel, source or tool that cannot be had
  io,             // a system call on the host failed
  no_space,       // the disk is full
  process,        // a child process failed or could not be started
  protocol,       // the other end broke the wire format
  timeout,        // a deadline passed
};

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;

  // Returns the same error with "`context`: " in front of its message.
  [[nodiscard]] Error in(std::string_view context) const {
    return Error{kind, fmt::format("{}: {}", context, message)};
  }
};

// A value or an Error. Read it with `if (!r) return r.error()...` or BPFM_TRY.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(Error error) : tl::expected<T, Error>(tl::unexpect, std::move(error)) {}  // NOLINT
  // The same result, an error gaining "`context`: " in front.
  [[nodiscard]] Result in(std::string_view context) && {
    if (this->has_value()) return std::move(*this);
    return this->error().in(context);
  }
};

using Status = Result<void>;

// Makes an Error with a formatted message.
template <typename... Args>
[[nodiscard]] Error fail(ErrorKind kind, fmt::format_string<Args...> text, Args&&... args) {
  return Error{kind, fmt::format(text, std::forward<Args>(args)...)};
}

// Makes an Error of kind io (no_space for ENOSPC and EDQUOT) that ends in the text of
// `saved_errno`.
[[nodiscard]] Error io_error(int saved_errno, std::string_view what);

}  // namespace bpfmatrix::base

#define BPFM_JOIN_(a, b) a##b
#define BPFM_JOIN(a, b) BPFM_JOIN_(a, b)
// `BPFM_TRY(auto x, call());` binds the value or returns the error from the enclosing function.
#define BPFM_TRY(declaration, ...)                               \
  auto BPFM_JOIN(bpfm_result_, __LINE__) = (__VA_ARGS__);        \
  if (!BPFM_JOIN(bpfm_result_, __LINE__))                        \
    return std::move(BPFM_JOIN(bpfm_result_, __LINE__)).error(); \
  declaration = std::move(*BPFM_JOIN(bpfm_result_, __LINE__))
// `BPFM_CHECK(call());` returns the error, if any, of a Status.
#define BPFM_CHECK(...)                                                                           \
  do {                                                                                            \
    if (auto bpfm_status_ = (__VA_ARGS__); !bpfm_status_) return std::move(bpfm_status_).error(); \
  } while (false)
