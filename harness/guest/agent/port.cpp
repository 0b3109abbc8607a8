#include "agent/port.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <cerrno>
#include <cstdio>

namespace bpfmatrix::guest {
namespace {

constexpr char kPortName[] = "bpfmatrix\n";
constexpr int kTries = 500;  // of 10 ms

// Path of the port's device node, found by the name that QEMU gave it; empty when not there.
std::string find_port() {
  DIR* folder = ::opendir("/sys/class/virtio-ports");
  if (folder == nullptr) return {};
  std::string found;
  while (const dirent* entry = ::readdir(folder)) {
    const std::string name = entry->d_name;
    FILE* file = std::fopen(("/sys/class/virtio-ports/" + name + "/name").c_str(), "re");
    if (file == nullptr) continue;
    char text[64] = "";
    if (std::fgets(text, sizeof text, file) != nullptr && std::string(text) == kPortName)
      found = "/dev/" + name;
    std::fclose(file);
  }
  ::closedir(folder);
  return found;
}

uint32_t checksum(const std::string& bytes) {
  return static_cast<uint32_t>(
      ::crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}

}  // namespace

bool Port::open() {
  for (int i = 0; i < kTries && port_ < 0; ++i) {
    const std::string path = find_port();
    if (!path.empty()) port_ = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
    if (port_ < 0) ::usleep(10'000);
  }
  shared_fd_ = ::memfd_create("shared", MFD_CLOEXEC);
  if (port_ < 0 || shared_fd_ < 0 || ::ftruncate(shared_fd_, sizeof(bpfm_shared)) != 0)
    return false;
  void* map =
      ::mmap(nullptr, sizeof(bpfm_shared), PROT_READ | PROT_WRITE, MAP_SHARED, shared_fd_, 0);
  if (map == MAP_FAILED) return false;
  shared_ = static_cast<bpfm_shared*>(map);
  shared_->cell = BPFM_NO_CELL;
  return true;
}

bool Port::read(std::vector<Frame>* frames) {
  char piece[65536];
  const ssize_t n = ::read(port_, piece, sizeof piece);
  if (n < 0 && (errno == EINTR || errno == EAGAIN)) return true;
  if (n <= 0) return false;
  buffer_.append(piece, static_cast<size_t>(n));
  size_t at = 0;
  while (buffer_.size() - at >= BPFM_HEADER_SIZE) {
    const auto* header = reinterpret_cast<const uint8_t*>(buffer_.data() + at);
    const uint32_t length = bpfm_get32(header + 12);
    if (bpfm_get32(header) != BPFM_MAGIC || header[4] != BPFM_VERSION ||
        bpfm_get16(header + 6) != 0 || bpfm_get32(header + 8) != expected_ ||
        length > BPFM_MAX_PAYLOAD)
      return false;
    if (buffer_.size() - at < BPFM_HEADER_SIZE + length) break;
    Frame frame{header[5], buffer_.substr(at + BPFM_HEADER_SIZE, length)};
    if (checksum(frame.payload) != bpfm_get32(header + 16)) return false;
    frames->push_back(std::move(frame));
    at += BPFM_HEADER_SIZE + length;
    ++expected_;
  }
  buffer_.erase(0, at);
  return true;
}

void Port::send(uint8_t type, const std::string& payload) {
  std::string bytes(BPFM_HEADER_SIZE, '\0');
  bpfm_put_header(reinterpret_cast<uint8_t*>(bytes.data()), type, shared_->next_seq++,
                  static_cast<uint32_t>(payload.size()), checksum(payload));
  bytes += payload;
  write(bytes.data(), bytes.size());
}

void Port::write(const void* bytes, size_t size) const {
  const auto* at = static_cast<const char*>(bytes);
  while (size > 0) {
    const ssize_t n = ::write(port_, at, size);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    at += n;
    size -= static_cast<size_t>(n);
  }
}

bool Port::send_held() {
  const uint32_t size = shared_->out_size;
  uint8_t type = 0;
  for (uint32_t at = 0; at + BPFM_HEADER_SIZE <= size;
       at += BPFM_HEADER_SIZE + bpfm_get32(shared_->out + at + 12)) {
    uint8_t* header = shared_->out + at;
    bpfm_put16(header + 6, BPFM_FRAME_AGAIN);
    type = header[5];
    shared_->next_seq = bpfm_get32(header + 8) + 1;
    shared_->cell =
        type == BPFM_BEGIN ? bpfm_get32(header + BPFM_HEADER_SIZE + 4) : BPFM_NO_CELL;
  }
  write(shared_->out, size);
  shared_->out_size = 0;
  return type == BPFM_RUN_DONE;
}

void append32(std::string* out, uint32_t value) {
  uint8_t raw[4];
  bpfm_put32(raw, value);
  out->append(reinterpret_cast<char*>(raw), sizeof raw);
}
void append64(std::string* out, uint64_t value) {
  uint8_t raw[8];
  bpfm_put64(raw, value);
  out->append(reinterpret_cast<char*>(raw), sizeof raw);
}
void append_text(std::string* out, const std::string& text) {
  uint8_t raw[2];
  bpfm_put16(raw, static_cast<uint16_t>(text.size()));
  out->append(reinterpret_cast<char*>(raw), sizeof raw);
  out->append(text);
}

}  // namespace bpfmatrix::guest
