#include "vm/kept_text.h"

#include <gtest/gtest.h>

namespace bpfmatrix::vm {
namespace {

TEST(KeptText, a_short_text_is_kept_whole_however_it_comes) {
  for (size_t step = 1; step <= 10; ++step) {
    KeptText kept(4, 6);
    const std::string text = "0123456789";
    for (size_t at = 0; at < text.size(); at += step) kept.append(text.substr(at, step));
    EXPECT_EQ(kept.text(), text) << step;
    EXPECT_EQ(kept.size(), 10u);
  }
}

TEST(KeptText, a_long_text_loses_its_middle_and_says_how_much) {
  for (size_t step : {1, 3, 7, 1000}) {
    KeptText kept(4, 6);
    std::string text;
    for (int i = 0; i < 100; ++i) text += static_cast<char>('a' + i % 26);
    for (size_t at = 0; at < text.size(); at += step) kept.append(text.substr(at, step));
    EXPECT_EQ(kept.text(), text.substr(0, 4) + "\n[90 bytes cut]\n" + text.substr(94)) << step;
    EXPECT_EQ(kept.size(), 100u);
  }
}

TEST(KeptText, without_a_head_the_end_is_kept) {
  KeptText kept(0, 3);
  kept.append("abc");
  EXPECT_EQ(kept.text(), "abc");
  kept.append("d");
  EXPECT_EQ(kept.text(), "[1 bytes cut]\nbcd");
}

}  // namespace
}  // namespace bpfmatrix::vm
