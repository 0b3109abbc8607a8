// SHA-256 (OpenSSL EVP). Digests are 64 lower-case hex digits everywhere in the program.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/error.h"

namespace bpfmatrix::base {

// Streaming SHA-256. Not thread-safe; one object, one stream.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  // One that has been given the same bytes.
  Sha256(const Sha256& other);
  Sha256& operator=(const Sha256&) = delete;
  void update(std::string_view bytes);
  // Hex digest of all that was given; the object must not be used afterwards.
  [[nodiscard]] std::string finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

[[nodiscard]] std::string sha256_hex(std::string_view bytes);
// Digest of a file's content, read in pieces.
Result<std::string> sha256_file(const std::filesystem::path& path);
// 64 lower-case hex digits?
[[nodiscard]] bool is_sha256_hex(std::string_view text);

}  // namespace bpfmatrix::base
