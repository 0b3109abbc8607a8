#include "result/call_blob.h"

#include <gtest/gtest.h>

namespace bpfmatrix::result {
namespace {

TEST(CallBlob, calls_come_back_and_what_is_no_list_of_calls_is_refused) {
  const std::vector<Call> calls = {{5, 1, 4096, 144, 13, false, true},
                                   {18, UINT32_MAX, 0, 28, 524, true, false}};
  const std::string blob = encode_calls(calls);
  EXPECT_EQ(blob.size(), 56u);
  EXPECT_EQ(*decode_calls(blob), calls);
  EXPECT_TRUE(decode_calls("")->empty());
  EXPECT_FALSE(decode_calls(blob.substr(1)));
  std::string flagged = blob;
  flagged[20] = 4;
  EXPECT_FALSE(decode_calls(flagged));
}

}  // namespace
}  // namespace bpfmatrix::result
